import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openScene, type Scene } from '../support/scene.ts';
import { conditionOf } from '../support/xml.ts';

const J = 'juliet@example.test';
const R = 'romeo@example.test';
const push = (item: string) => `<iq type='set'><query xmlns='jabber:iq:roster'>${item}</query></iq>`;

async function both(scene: Scene) {
  const romeo = await scene.comes(`${R}/orchard`);
  const juliet = await scene.comes(`${J}/balcony`);
  return { romeo, juliet };
}

test('RFC 6121 §3.1: Romeo asks to see Juliet, she lets him', async (t) => {
  const scene = await openScene(t);
  const { romeo, juliet } = await both(scene);
  scene.db.lag = 5; // as disks have it

  await romeo.sends(`<presence to='${J}/balcony' type='subscribe' id='s1'><status>Please</status></presence>`);
  await romeo.receives(push(`<item jid='${J}' subscription='none' ask='subscribe'/>`));
  // From his account, to hers (§3.1.2); she has no item to be pushed (§3.1.3).
  await juliet.receives(`<presence from='${R}' to='${J}' type='subscribe' id='s1'><status>Please</status></presence>`);
  await juliet.receivesNothing();
  assert.equal(
    (await juliet.gets("<iq type='get'><query xmlns='jabber:iq:roster'/></iq>")).getChild('query')?.children.length,
    0,
  );

  await juliet.sends(`<presence to='${R}' type='subscribed'/>`);
  await juliet.receives(push(`<item jid='${R}' subscription='from'/>`));
  const got = await romeo.receivesInAnyOrder(
    `<presence from='${J}' to='${R}' type='subscribed'/>`,
    push(`<item jid='${J}' subscription='to'/>`),
    `<presence from='${J}/balcony' to='${R}'/>`,
  );
  // §3.1.5, §3.1.6: her presence is of use only once his client knows that he may see it.
  assert.equal(got[2]?.attrs.type, undefined, 'her presence comes last');
  await romeo.receivesNothing();
  await juliet.receivesNothing();
});

test('RFC 6121 §3.2, §3.3: she ends it, then he does', async (t) => {
  const scene = await openScene(t);
  await scene.friends(J, R);
  const { romeo, juliet } = await both(scene);
  await romeo.all();
  await juliet.sends(`<presence to='${R}' type='unsubscribed'/>`);
  await juliet.receives(push(`<item jid='${R}' subscription='to'/>`));
  await romeo.receivesInAnyOrder(
    `<presence from='${J}' type='unsubscribed'/>`,
    push(`<item jid='${J}' subscription='from'/>`),
    `<presence from='${J}/balcony' type='unavailable'/>`,
  );
  await juliet.sends(`<presence to='${R}' type='unsubscribe'/>`);
  await juliet.receivesInAnyOrder(
    push(`<item jid='${R}' subscription='none'/>`),
    `<presence from='${R}/orchard' type='unavailable'/>`,
  );
  await romeo.receivesInAnyOrder(
    `<presence from='${J}' type='unsubscribe'/>`,
    push(`<item jid='${J}' subscription='none'/>`),
  );
  await romeo.receivesNothing();
  await juliet.receivesNothing();
});

describe('RFC 6121 §3.1.3: a request waits for its answer', () => {
  test('until she comes, and again each time until she has answered', async (t) => {
    const scene = await openScene(t);
    const romeo = await scene.comes(`${R}/orchard`);
    await scene.account(J);
    await romeo.sends(`<presence to='${J}' type='subscribe'><status>Please</status></presence>`);
    for (const device of ['balcony', 'chamber']) {
      const juliet = await scene.connect(`${J}/${device}`);
      await juliet.sends('<presence><priority>-1</priority></presence>');
      await juliet.receivesInAnyOrder(
        `<presence from='${J}/${device}'/>`,
        `<presence from='${R}' type='subscribe'><status>Please</status></presence>`,
      );
      await juliet.sends('<presence><show>away</show></presence>');
      await juliet.receives(`<presence from='${J}/${device}'><show>away</show></presence>`);
      await juliet.receivesNothing();
      juliet.leaves();
    }
    const juliet = await scene.comes(`${J}/garden`);
    await juliet.sends(`<presence to='${R}' type='unsubscribed'/>`);
    juliet.leaves();
    const again = await scene.connect(`${J}/garden`);
    await again.sends('<presence/>');
    await again.receives(`<presence from='${J}/garden'/>`);
    await again.receivesNothing();
  });

  test('and is not shown twice to who is there (A.3.1)', async (t) => {
    const scene = await openScene(t);
    const { romeo, juliet } = await both(scene);
    await romeo.sends(`<presence to='${J}' type='subscribe'/>`);
    await juliet.receives(`<presence from='${R}' type='subscribe'/>`);
    await romeo.sends(`<presence to='${J}' type='subscribe'/>`);
    await juliet.receivesNothing();
  });

  test('he takes it back before she saw it', async (t) => {
    const scene = await openScene(t);
    const romeo = await scene.comes(`${R}/orchard`);
    await scene.account(J);
    await romeo.sends(`<presence to='${J}' type='subscribe'/>`);
    await romeo.sends(`<presence to='${J}' type='unsubscribe'/>`);
    await scene.settle();
    assert.equal(await scene.item(J, R), undefined);
    const juliet = await scene.connect(`${J}/balcony`);
    await juliet.sends('<presence/>');
    await juliet.receives(`<presence from='${J}/balcony'/>`);
    await juliet.receivesNothing();
  });
});

test('RFC 6121 §3.4: she lets him see her before he asks', async (t) => {
  const scene = await openScene(t);
  const { romeo, juliet } = await both(scene);
  scene.db.lag = 5;
  await juliet.sends(`<presence to='${R}' type='subscribed'/>`);
  await juliet.receives(push(`<item jid='${R}' subscription='none' approved='true'/>`));
  await romeo.receivesNothing();
  await romeo.sends(`<presence to='${J}' type='subscribe'/>`);
  await romeo.receives(push(`<item jid='${J}' subscription='none' ask='subscribe'/>`));
  const got = await romeo.receivesInAnyOrder(
    `<presence from='${J}' type='subscribed'/>`,
    push(`<item jid='${J}' subscription='to'/>`),
    `<presence from='${J}/balcony'/>`,
  );
  assert.equal(got[2]?.attrs.type, undefined, 'her presence comes last');
  await juliet.receives(push(`<item jid='${R}' subscription='from' approved='true'/>`));
  await juliet.receivesNothing();
});

test('RFC 6121 §3.1.2: adding first keeps name and groups', async (t) => {
  const scene = await openScene(t);
  const { romeo, juliet } = await both(scene);
  await romeo.gets(
    `<iq type='set'><query xmlns='jabber:iq:roster'><item jid='${J}' name='Juliet'><group>Capulets</group></item></query></iq>`,
  );
  await romeo.all();
  await romeo.sends(`<presence to='${J}' type='subscribe'/>`);
  await romeo.receives(push(`<item jid='${J}' name='Juliet' ask='subscribe'><group>Capulets</group></item>`));
  await juliet.sends(`<presence to='${R}' type='subscribed'/>`);
  await scene.settle();
  const item = await scene.item(R, J);
  assert.deepEqual([item?.name, item?.groups, item?.subscription], ['Juliet', ['Capulets'], 'to']);
});

test('an approval that nobody asked for changes nothing (§3.1.6)', async (t) => {
  const scene = await openScene(t);
  const { romeo, juliet } = await both(scene);
  await juliet.sends(`<presence to='${R}' type='subscribed'/>`);
  await romeo.receivesNothing();
  assert.equal(await scene.item(R, J), undefined);
});

test('refused: without an address, to oneself, to nowhere', async (t) => {
  const scene = await openScene(t);
  const juliet = await scene.comes(`${J}/balcony`);
  const cases: [string, string][] = [
    ["<presence type='subscribe' id='1'/>", 'bad-request'],
    [`<presence type='subscribe' id='1' to='${J}'/>`, 'not-allowed'],
    ["<presence type='subscribe' id='1' to='a@elsewhere.test'/>", 'remote-server-not-found'],
  ];
  for (const [xml, condition] of cases) {
    await juliet.sends(xml);
    const answers = (await juliet.all()).filter(({ attrs }) => attrs.type === 'error');
    assert.deepEqual(answers.map(conditionOf), [condition]);
  }
});

test('both ask at once and both accept: they see each other', async (t) => {
  const scene = await openScene(t);
  const { romeo, juliet } = await both(scene);
  await Promise.all([
    romeo.sends(`<presence to='${J}' type='subscribe'/>`),
    juliet.sends(`<presence to='${R}' type='subscribe'/>`),
  ]);
  await scene.settle();
  await Promise.all([
    romeo.sends(`<presence to='${J}' type='subscribed'/>`),
    juliet.sends(`<presence to='${R}' type='subscribed'/>`),
  ]);
  await scene.settle();
  for (const [one, other] of [
    [J, R],
    [R, J],
  ] as const) {
    const item = await scene.item(one, other);
    assert.deepEqual([item?.subscription, item?.ask, item?.pendingIn], ['both', false, undefined]);
  }
});
