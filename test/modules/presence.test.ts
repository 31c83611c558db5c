import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { serialize } from '../../server/xmpp/element.ts';
import { openScene, type Scene } from '../support/scene.ts';
import { conditionOf } from '../support/xml.ts';

const J = 'juliet@example.test';
const R = 'romeo@example.test';
const T = 'tybalt@example.test';

async function household(scene: Scene): Promise<void> {
  await scene.friends(J, R, 'both');
  await scene.friends(J, 'nurse@example.test', 'from'); // Nurse sees Juliet
  await scene.friends(J, 'paris@example.test', 'to'); // Juliet sees Paris
  await scene.friends(J, T, 'none');
}

describe('RFC 6121 §4.2: initial presence', () => {
  test('goes to all who may see it, and to all devices of one’s own', async (t) => {
    const scene = await openScene(t);
    await household(scene);
    const [romeo, nurse, paris, tybalt] = await Promise.all(
      [R, 'nurse@example.test', 'paris@example.test', T].map((bare) => scene.comes(`${bare}/x`)),
    );
    const chamber = await scene.comes(`${J}/chamber`);
    const shy = await scene.connect(`${J}/shy`);
    await scene.settle();
    for (const one of [romeo!, nurse!, paris!, tybalt!, chamber]) one.received.length = 0;
    const balcony = await scene.connect(`${J}/balcony`);
    await balcony.sends(
      "<presence xml:lang='en'><show>away</show><status>Sighing</status><priority>3</priority></presence>",
    );
    const seen = `<presence from='${J}/balcony' xml:lang='en'><show>away</show><status>Sighing</status><priority>3</priority></presence>`;
    await romeo!.receives(seen.replace('<presence', `<presence to='${R}'`));
    await nurse!.receives(seen);
    await chamber.receives(seen);
    for (const one of [paris!, tybalt!, shy]) await one.receivesNothing();
    // §4.2.2, §4.3.2: and it learns who is there.
    await balcony.receivesInAnyOrder(
      seen,
      `<presence from='${R}/x' to='${J}/balcony'/>`,
      "<presence from='paris@example.test/x'/>",
      `<presence from='${J}/chamber'/>`,
    );
    await balcony.receivesNothing();
  });

  test('reaches all devices of a contact, of whatever priority', async (t) => {
    const scene = await openScene(t);
    await scene.friends(J, R);
    const orchard = await scene.comes(`${R}/orchard`);
    const attic = await scene.comes(`${R}/attic`, '<presence><priority>-5</priority></presence>');
    await orchard.all();
    const juliet = await scene.comes(`${J}/balcony`);
    for (const one of [orchard, attic]) await one.receives(`<presence from='${J}/balcony'/>`);
    assert.equal(juliet.session.priority, 0);
  });
});

describe('RFC 6121 §4.7.2.3: priority', () => {
  const cases: [string, number][] = [
    ['-128', -128],
    ['127', 127],
    ['+5', 5],
    [' 5 ', 5],
    ['128', 0],
    ['-129', 0],
    ['x', 0],
    ['', 0],
    ['1e2', 0],
    ['0x10', 0],
  ];
  for (const [text, priority] of cases) {
    test(`${JSON.stringify(text)} counts as ${priority}`, async (t) => {
      const scene = await openScene(t);
      const juliet = await scene.connect(`${J}/balcony`);
      await juliet.sends(`<presence><priority>${text}</priority></presence>`);
      assert.equal(juliet.session.priority, priority);
      assert.equal(juliet.session.presence?.priority, priority);
    });
  }

  for (const wrong of [
    '<priority>x</priority>',
    '<priority>200</priority>',
    '<priority>9</priority><priority>1</priority>',
  ]) {
    test(`${wrong} counts as 0 for contacts, too: it is not passed on`, async (t) => {
      const scene = await openScene(t);
      await scene.friends(J, R);
      const romeo = await scene.comes(`${R}/orchard`);
      await romeo.all();
      const juliet = await scene.connect(`${J}/balcony`);
      await juliet.sends(`<presence><show>away</show>${wrong}</presence>`);
      const seen = await romeo.receives(`<presence from='${J}/balcony'><show>away</show></presence>`);
      assert.equal(seen.getChild('priority'), undefined);
      assert.equal(juliet.session.priority, 0);
    });
  }
});

describe('RFC 6121 §4.3: probes', () => {
  test('of a subscriber bring all presence there is', async (t) => {
    const scene = await openScene(t);
    await scene.friends(J, R, 'from');
    const romeo = await scene.connect(`${R}/orchard`);
    await scene.comes(`${J}/balcony`, '<presence><show>dnd</show></presence>');
    await scene.comes(`${J}/chamber`);
    await romeo.sends(`<presence to='${J}' type='probe'/>`);
    await romeo.receivesInAnyOrder(
      `<presence from='${J}/balcony'><show>dnd</show></presence>`,
      `<presence from='${J}/chamber'/>`,
    );
    await romeo.receivesNothing();
  });

  test('of anybody else are answered as if nothing had ever been granted, whoever is there (§4.3.2 (1))', async (t) => {
    const scene = await openScene(t);
    const tybalt = await scene.connect(`${T}/x`);
    await scene.contact(T, J, { subscription: 'to' }); // he thinks that she lets him
    const juliet = await scene.comes(`${J}/balcony`);
    await tybalt.sends('<presence/>');
    await tybalt.receivesInAnyOrder(`<presence from='${T}/x'/>`, `<presence from='${J}' type='unsubscribed'/>`);
    await tybalt.receivesNothing();
    assert.equal((await scene.item(T, J))?.subscription, 'none');
    await juliet.receivesNothing();
  });

  test('never reach a device', async (t) => {
    const scene = await openScene(t);
    await scene.friends(J, R);
    const juliet = await scene.comes(`${J}/balcony`);
    const romeo = await scene.connect(`${R}/orchard`);
    for (const to of [J, `${J}/balcony`]) await romeo.sends(`<presence to='${to}' type='probe'/>`);
    await juliet.receivesNothing();
  });
});

describe('RFC 6121 §4.4, §4.5: changes and the end', () => {
  test('each change is broadcast; who comes later sees the last one', async (t) => {
    const scene = await openScene(t);
    await scene.friends(J, R);
    const romeo = await scene.comes(`${R}/orchard`);
    const juliet = await scene.comes(`${J}/balcony`);
    await romeo.all();
    for (const show of ['away', 'dnd']) {
      await juliet.sends(`<presence><show>${show}</show></presence>`);
      await romeo.receives(`<presence from='${J}/balcony'><show>${show}</show></presence>`);
    }
    const street = await scene.connect(`${R}/street`);
    await street.sends('<presence/>');
    await street.receivesInAnyOrder(
      `<presence from='${R}/street'/>`,
      `<presence from='${R}/orchard'/>`,
      `<presence from='${J}/balcony'><show>dnd</show></presence>`,
    );
  });

  for (const [how, leave] of [
    ['says goodbye', "<presence type='unavailable'><status>Good night</status></presence>"],
    ['vanishes', ''],
  ] as const) {
    test(`a device that ${how} is seen to be gone, once`, async (t) => {
      const scene = await openScene(t);
      await household(scene);
      const romeo = await scene.comes(`${R}/orchard`);
      const nurse = await scene.comes('nurse@example.test/x');
      const paris = await scene.comes('paris@example.test/x');
      const chamber = await scene.comes(`${J}/chamber`);
      const balcony = await scene.comes(`${J}/balcony`);
      await scene.settle();
      for (const one of [romeo, nurse, paris, chamber]) one.received.length = 0;
      if (leave !== '') await balcony.sends(leave);
      balcony.leaves();
      const gone = `<presence from='${J}/balcony' type='unavailable'>${leave === '' ? '' : '<status>Good night</status>'}</presence>`;
      for (const one of [romeo, nurse, chamber]) {
        await one.receives(gone);
        await one.receivesNothing();
      }
      await paris.receivesNothing();
      assert.equal(scene.host('example.test').sessions.of(J).length, 1);
    });
  }

  test('goodbye of a device that never came is nobody’s business', async (t) => {
    const scene = await openScene(t);
    await scene.friends(J, R);
    const romeo = await scene.comes(`${R}/orchard`);
    const juliet = await scene.connect(`${J}/balcony`);
    await juliet.sends("<presence type='unavailable'/>");
    juliet.leaves();
    await romeo.receivesNothing();
  });

  test('a device that comes back learns anew who is there', async (t) => {
    const scene = await openScene(t);
    await scene.friends(J, R);
    await scene.comes(`${R}/orchard`);
    const juliet = await scene.comes(`${J}/balcony`);
    await juliet.sends("<presence type='unavailable'/>");
    await juliet.receivesNothing();
    await juliet.sends('<presence/>');
    await juliet.receivesInAnyOrder(`<presence from='${J}/balcony'/>`, `<presence from='${R}/orchard'/>`);
  });

  test('presence that is still on its way when its session ends is not seen afterwards', async (t) => {
    const scene = await openScene(t);
    await scene.friends(J, R);
    const romeo = await scene.comes(`${R}/orchard`);
    const juliet = await scene.connect(`${J}/balcony`);
    scene.stores.rosters.forget(juliet.session.account.id); // it will have to be read
    const sending = juliet.sends('<presence/>');
    juliet.session.end('conflict', 'elsewhere');
    await sending;
    await scene.settle();
    const shown = (await romeo.all()).map(({ attrs }) => attrs.type ?? 'available');
    assert.notEqual(shown.at(-1), 'available', 'a ghost');
  });
});

describe('RFC 6121 §4.6: directed presence', () => {
  test('reaches one who is not subscribed, and so does the goodbye', async (t) => {
    const scene = await openScene(t);
    const tybalt = await scene.comes(`${T}/street`);
    const juliet = await scene.comes(`${J}/balcony`);
    await juliet.sends(`<presence to='${T}'><show>dnd</show></presence>`);
    await tybalt.receives(`<presence from='${J}/balcony' to='${T}'><show>dnd</show></presence>`);
    await juliet.sends('<presence><show>away</show></presence>');
    await tybalt.receivesNothing(); // §4.6.3: changes do not go there
    juliet.leaves();
    await tybalt.receives(`<presence from='${J}/balcony' type='unavailable'/>`);
    await tybalt.receivesNothing();
  });

  test('the goodbye goes there with its status, and not twice', async (t) => {
    const scene = await openScene(t);
    const tybalt = await scene.comes(`${T}/street`);
    const juliet = await scene.comes(`${J}/balcony`);
    await juliet.sends(`<presence to='${T}/street'/>`);
    await tybalt.receives(`<presence from='${J}/balcony'/>`);
    await juliet.sends("<presence type='unavailable'><status>bye</status></presence>");
    await tybalt.receives(`<presence from='${J}/balcony' type='unavailable'><status>bye</status></presence>`);
    juliet.leaves();
    await tybalt.receivesNothing();
  });

  test('who was told goodbye already is not told again', async (t) => {
    const scene = await openScene(t);
    const tybalt = await scene.comes(`${T}/street`);
    const juliet = await scene.connect(`${J}/balcony`); // a device that shows itself to one only
    await juliet.sends(`<presence to='${T}'/>`);
    await juliet.sends(`<presence to='${T}' type='unavailable'/>`);
    await tybalt.receives(`<presence from='${J}/balcony'/>`);
    await tybalt.receives(`<presence from='${J}/balcony' type='unavailable'/>`);
    juliet.leaves();
    await tybalt.receivesNothing();
  });

  test('of a device that is invisible otherwise, the goodbye too', async (t) => {
    const scene = await openScene(t);
    const tybalt = await scene.comes(`${T}/street`);
    const juliet = await scene.connect(`${J}/balcony`);
    await juliet.sends(`<presence to='${T}'/>`);
    juliet.leaves();
    await tybalt.receivesInAnyOrder(
      `<presence from='${J}/balcony'/>`,
      `<presence from='${J}/balcony' type='unavailable'/>`,
    );
  });

  test('one who is subscribed hears the goodbye once', async (t) => {
    const scene = await openScene(t);
    await scene.friends(J, R);
    const romeo = await scene.comes(`${R}/orchard`);
    const juliet = await scene.comes(`${J}/balcony`);
    await juliet.sends(`<presence to='${R}'><show>chat</show></presence>`);
    await romeo.all();
    juliet.leaves();
    assert.deepEqual((await romeo.all()).map(serialize), [
      `<presence to='${R}' from='${J}/balcony' type='unavailable'/>`,
    ]);
  });
});

test('presence of an unknown type is refused', async (t) => {
  const scene = await openScene(t);
  const juliet = await scene.connect(`${J}/balcony`);
  await juliet.sends("<presence type='lurking' id='p1'/>");
  assert.equal(conditionOf(await juliet.receives("<presence type='error' id='p1'/>")), 'bad-request');
  await juliet.sends("<presence type='probe' id='p2'/>");
  assert.equal(conditionOf(await juliet.receives("<presence type='error' id='p2'/>")), 'bad-request');
  assert.equal(juliet.session.presence, undefined);
});

test('RFC 6120 §7.7.2.2: who binds the same resource takes the place of the other', async (t) => {
  const scene = await openScene(t);
  await scene.friends(J, R);
  const romeo = await scene.comes(`${R}/orchard`);
  const old = await scene.comes(`${J}/balcony`);
  await romeo.all();
  const young = await scene.connect(`${J}/balcony`);
  assert.equal(old.ended?.condition, 'conflict');
  await young.sends('<presence><show>chat</show></presence>');
  await scene.settle();
  const seen = (await romeo.all()).map(({ attrs }) => attrs.type ?? 'available');
  assert.deepEqual(seen, ['unavailable', 'available']);
});

test('attack: presence of any length, which all devices of all contacts would get', async (t) => {
  const scene = await openScene(t);
  await scene.friends(J, R, 'both');
  const romeo = await scene.comes(`${R}/orchard`);
  const juliet = await scene.comes(`${J}/balcony`);
  await romeo.all();
  const long = (length: number): string => `<presence><status>${'x'.repeat(length)}</status></presence>`;
  await juliet.sends(long(20_000));
  assert.equal(conditionOf((await juliet.all())[0]!), 'policy-violation');
  await romeo.receivesNothing();
  await juliet.sends(long(10_000));
  await romeo.receives(`<presence from='${J}/balcony'/>`);
});
