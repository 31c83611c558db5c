import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { elements, textOf } from '../../server/xmpp/element.ts';
import type { Actor } from '../support/actor.ts';
import { openScene, type Scene } from '../support/scene.ts';
import { dial, openDoor } from '../support/wire.ts';
import { find } from '../support/xml.ts';

const J = 'juliet@example.test';
const R = 'romeo@example.test';
const T = 'tybalt@example.test';
const INVISIBLE = "<iq type='set'><invisible xmlns='urn:xmpp:invisible:1' probe='false'/></iq>";
const PROBING = INVISIBLE.replace("'false'", "'true'");
const VISIBLE = "<iq type='set'><visible xmlns='urn:xmpp:invisible:1'/></iq>";
const GONE = `<presence from='${J}/balcony' type='unavailable'/>`;

/** Juliet and Romeo see each other; Tybalt sees nobody. */
async function cast(scene: Scene): Promise<{ juliet: Actor; romeo: Actor; tybalt: Actor }> {
  await scene.friends(J, R);
  const romeo = await scene.comes(`${R}/orchard`);
  const tybalt = await scene.comes(`${T}/street`);
  const juliet = await scene.comes(`${J}/balcony`);
  for (const one of [juliet, romeo, tybalt]) await one.all();
  return { juliet, romeo, tybalt };
}

test('XEP-0186 §4: the server says that it can', async (t) => {
  const scene = await openScene(t);
  const juliet = await scene.connect(`${J}/balcony`);
  const info = await juliet.gets(
    "<iq type='get' to='example.test'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>",
  );
  assert.ok(elements(info.getChild('query')!).some(({ attrs }) => attrs.var === 'urn:xmpp:invisible:1'));
});

describe('XEP-0186 §3.1: who goes invisible', () => {
  test('is gone for contacts, for own devices and for those it had written to', async (t) => {
    const scene = await openScene(t);
    const { juliet, romeo, tybalt } = await cast(scene);
    const phone = await scene.comes(`${J}/phone`);
    await juliet.sends(`<presence to='${T}/street'/>`);
    for (const one of [juliet, romeo, tybalt, phone]) await one.all();
    await juliet.gets(INVISIBLE);
    for (const one of [romeo, tybalt, phone]) await one.receives(GONE);
    // Said again, it changes nothing.
    await juliet.gets(INVISIBLE);
    for (const one of [juliet, romeo, tybalt, phone]) await one.receivesNothing();
  });

  test('(1) is not shown by presence that it sends, nor by leaving', async (t) => {
    const scene = await openScene(t);
    const { juliet, romeo } = await cast(scene);
    await juliet.gets(INVISIBLE);
    await romeo.receives(GONE);
    for (const presence of ['<presence/>', '<presence><show>dnd</show></presence>', "<presence type='unavailable'/>"]) {
      await juliet.sends(presence);
      await romeo.receivesNothing();
    }
    await juliet.sends('<presence/>');
    juliet.leaves();
    await romeo.receivesNothing();
  });

  test('from its first moment is never seen', async (t) => {
    const scene = await openScene(t);
    await scene.friends(J, R);
    const romeo = await scene.comes(`${R}/orchard`);
    const juliet = await scene.connect(`${J}/balcony`);
    await juliet.gets(INVISIBLE);
    await juliet.sends('<presence/>');
    await juliet.receivesNothing();
    juliet.leaves();
    await romeo.receivesNothing();
  });

  test('(2, 9) shows itself to whom it chooses, and says goodbye to those alone', async (t) => {
    const scene = await openScene(t);
    const { juliet, romeo, tybalt } = await cast(scene);
    await juliet.gets(INVISIBLE);
    await romeo.all();
    await juliet.sends(`<presence to='${T}'><status>psst</status></presence>`);
    await tybalt.receives(`<presence from='${J}/balcony'><status>psst</status></presence>`);
    await juliet.sends("<presence type='unavailable'/>");
    await tybalt.receives(GONE);
    await romeo.receivesNothing();
  });

  test('(9) that goodbye is said, too, when the connection just ends', async (t) => {
    const scene = await openScene(t);
    const { juliet, romeo, tybalt } = await cast(scene);
    await juliet.gets(INVISIBLE);
    await romeo.all();
    await juliet.sends(`<presence to='${T}'/>`);
    await tybalt.receives(`<presence from='${J}/balcony'/>`);
    juliet.leaves();
    await tybalt.receives(GONE);
    await romeo.receivesNothing();
  });

  for (const [xml, sees] of [
    [PROBING, true],
    [PROBING.replace('true', '1'), true],
    [INVISIBLE, false],
    [INVISIBLE.replace(" probe='false'", ''), false],
  ] as const) {
    test(`(3) ${xml.slice(15, -5)} asks who is there: ${sees ? 'yes' : 'no'}`, async (t) => {
      const scene = await openScene(t);
      await scene.friends(J, R);
      const romeo = await scene.comes(`${R}/orchard`);
      const juliet = await scene.connect(`${J}/balcony`);
      await juliet.gets(xml);
      await juliet.sends('<presence/>');
      if (sees) await juliet.receives(`<presence from='${R}/orchard' to='${J}/balcony'/>`);
      await juliet.receivesNothing();
      await romeo.receivesNothing();
    });
  }

  test('a probe attribute that is neither is refused, and nothing happens', async (t) => {
    const scene = await openScene(t);
    const { juliet, romeo } = await cast(scene);
    await juliet.isRefused(INVISIBLE.replace("'false'", "'maybe'"), 'bad-request');
    await romeo.receivesNothing();
    assert.equal(juliet.session.invisible, false);
  });

  test('(4, 5, 6, 7) gets presence, messages and requests, and sends them', async (t) => {
    const scene = await openScene(t);
    const { juliet, romeo } = await cast(scene);
    await juliet.gets(INVISIBLE);
    await romeo.all();
    await romeo.sends('<presence><show>away</show></presence>');
    await juliet.receives(`<presence from='${R}/orchard'><show>away</show></presence>`);
    await romeo.all();
    for (const to of [J, `${J}/balcony`]) {
      await romeo.sends(`<message to='${to}' type='chat'><body>hark</body></message>`);
      await juliet.receives(`<message from='${R}/orchard'><body>hark</body></message>`);
    }
    await romeo.sends(`<iq type='get' id='p' to='${J}/balcony'><ping xmlns='urn:xmpp:ping'/></iq>`);
    await juliet.receives(`<iq type='get' id='p' from='${R}/orchard'/>`);
    await juliet.sends(`<iq type='result' id='p' to='${R}/orchard'/>`);
    await romeo.receives(`<iq type='result' id='p' from='${J}/balcony'/>`);
    await juliet.sends(`<message to='${R}' type='chat'><body>soft</body></message>`);
    await romeo.receives(`<message from='${J}/balcony'><body>soft</body></message>`);
  });

  test('(5) gets what waited for the account; with a negative priority it does not', async (t) => {
    const scene = await openScene(t);
    await scene.account(J);
    const romeo = await scene.comes(`${R}/orchard`);
    await romeo.sends(`<message to='${J}' type='chat'><body>wait</body></message>`);
    const attic = await scene.comes(`${J}/attic`, '<presence><priority>-1</priority></presence>');
    await attic.gets(INVISIBLE);
    await attic.receivesNothing();
    const balcony = await scene.connect(`${J}/balcony`);
    await balcony.gets(INVISIBLE);
    await balcony.receives('<message><body>wait</body></message>');
    await balcony.receivesNothing();
  });

  test('is told who wants to see her', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect(`${J}/balcony`);
    await juliet.gets(INVISIBLE);
    const tybalt = await scene.comes(`${T}/street`);
    await tybalt.sends(`<presence to='${J}' type='subscribe'/>`);
    await juliet.receives(`<presence from='${T}' type='subscribe'/>`);
    await tybalt.all();
    await juliet.sends(`<presence to='${T}' type='subscribed'/>`);
    const seen = (await tybalt.all()).filter(({ attrs }) => attrs.from === `${J}/balcony`);
    assert.deepEqual(seen, [], 'and who is let see her does not see her now');
  });

  test('(8) nothing tells that she is there: probes, last activity, items', async (t) => {
    const scene = await openScene(t);
    const { juliet, romeo } = await cast(scene);
    const now = Date.now();
    await juliet.gets(INVISIBLE);
    await romeo.all();
    t.mock.method(Date, 'now', () => now + 90_000);
    await juliet.sends('<presence/>');
    await romeo.sends(`<presence to='${J}' type='probe'/>`);
    await romeo.receivesNothing();
    const last = await romeo.gets(`<iq type='get' to='${J}'><query xmlns='jabber:iq:last'/></iq>`);
    const seconds = Number(find(last, 'query')?.attrs.seconds);
    assert.ok(seconds >= 85 && seconds <= 95, `${seconds}: since she went invisible`);
    const items = await romeo.gets(
      `<iq type='get' to='${J}'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>`,
    );
    assert.equal(elements(find(items, 'query')!).length, 0);
    const late = await scene.comes(`${R}/street`);
    await late.receivesNothing();
  });

  test('leaves her other device visible', async (t) => {
    const scene = await openScene(t);
    const { juliet, romeo } = await cast(scene);
    const phone = await scene.comes(`${J}/phone`);
    await juliet.gets(INVISIBLE);
    await scene.settle();
    for (const one of [juliet, romeo, phone]) one.received.length = 0;
    await phone.sends('<presence><show>chat</show></presence>');
    await romeo.receives(`<presence from='${J}/phone'><show>chat</show></presence>`);
    await juliet.receives(`<presence from='${J}/phone'><show>chat</show></presence>`); // (4)
    await romeo.sends(`<presence to='${J}' type='probe'/>`);
    await romeo.receives(`<presence from='${J}/phone'/>`);
    await romeo.receivesNothing();
  });

  test('gets copies of what her other device says', async (t) => {
    const scene = await openScene(t);
    const { juliet } = await cast(scene);
    const phone = await scene.comes(`${J}/phone`);
    await juliet.gets("<iq type='set'><enable xmlns='urn:xmpp:carbons:2'/></iq>");
    await juliet.gets(INVISIBLE);
    await juliet.all();
    await phone.sends(`<message to='${R}' type='chat'><body>hark</body></message>`);
    const copy = await juliet.receives(`<message from='${J}'/>`);
    assert.equal(textOf(find(copy, 'sent', 'forwarded', 'message', 'body')), 'hark');
  });

  test('nobody else can make her so', async (t) => {
    const scene = await openScene(t);
    const { juliet, romeo } = await cast(scene);
    for (const xml of [INVISIBLE, VISIBLE]) {
      await romeo.isRefused(xml.replace('<iq', `<iq to='${J}'`), 'service-unavailable');
    }
    assert.equal(juliet.session.invisible, false);
  });
});

describe('XEP-0186 §3.2: who becomes visible again', () => {
  test('is as before its first presence: nobody sees it until it says so', async (t) => {
    const scene = await openScene(t);
    const { juliet, romeo } = await cast(scene);
    await juliet.gets(INVISIBLE);
    await romeo.all();
    await juliet.gets(VISIBLE);
    await romeo.receivesNothing();
    await romeo.sends(`<message to='${J}' type='chat'><body>waits</body></message>`);
    await juliet.receivesNothing();
    await juliet.sends('<presence/>');
    await romeo.receives(`<presence from='${J}/balcony'/>`);
    const got = (await juliet.all()).map(({ name, attrs }) => `${name} ${attrs.from}`);
    assert.deepEqual(got.sort(), [`message ${R}/orchard`, `presence ${J}/balcony`, `presence ${R}/orchard`]);
  });

  test('those it wrote to while invisible still hear when it goes', async (t) => {
    const scene = await openScene(t);
    const { juliet, tybalt } = await cast(scene);
    await juliet.gets(INVISIBLE);
    await juliet.sends(`<presence to='${T}'/>`);
    await tybalt.receives(`<presence from='${J}/balcony'/>`);
    await juliet.gets(VISIBLE);
    await juliet.sends('<presence/>');
    await tybalt.receivesNothing();
    juliet.leaves();
    await tybalt.receives(GONE);
  });

  test('§2 (2): the next session is visible', async (t) => {
    const scene = await openScene(t);
    const { juliet, romeo } = await cast(scene);
    await juliet.gets(INVISIBLE);
    await romeo.all();
    juliet.leaves();
    await scene.comes(`${J}/balcony`);
    await romeo.receives(`<presence from='${J}/balcony'/>`);
  });
});

test('XEP-0198 §5: a session that is resumed is as invisible as before', async (t) => {
  const scene = await openScene(t);
  await scene.friends(J, R);
  const romeo = await scene.comes(`${R}/orchard`);
  const door = openDoor(t, scene);
  const { wire } = dial(door);
  await wire.binds(`${J}/balcony`);
  wire.write("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
  const { attrs } = await wire.receives("<enabled xmlns='urn:xmpp:sm:3' id='*' resume='true'/>");
  wire.write(INVISIBLE.replace('<iq', "<iq id='i'"));
  await wire.receives("<iq type='result' id='i'/>");
  const next = dial(door).wire;
  await next.logsIn(J);
  next.write(`<resume xmlns='urn:xmpp:sm:3' previd='${attrs.id}' h='1'/>`);
  await next.receives("<resumed xmlns='urn:xmpp:sm:3'/>");
  next.write('<presence/>');
  await romeo.sends(`<message to='${J}' type='chat'><body>hark</body></message>`);
  await next.receives('<message><body>hark</body></message>');
  await romeo.receivesNothing();
});
