import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { type Element, serialize } from '../../../server/xmpp/element.ts';
import type { Actor } from '../../support/actor.ts';
import { enter, enters, leave, MUC, makes, ROOM, say } from '../../support/rooms.ts';
import { openScene, type Scene } from '../../support/scene.ts';
import { find } from '../../support/xml.ts';

const R = 'romeo@example.test';

interface Stage {
  readonly scene: Scene;
  readonly juliet: Actor;
  readonly phone: Actor;
  readonly desk: Actor;
}

/** Juliet has a room, and Romeo is in it with two devices, the desk as the later one. */
async function open(t: TestContext): Promise<Stage> {
  const scene = await openScene(t);
  const juliet = await scene.comes('juliet@example.test/balcony');
  const phone = await scene.comes(`${R}/phone`);
  const desk = await scene.comes(`${R}/desk`);
  await makes(juliet, 'Juliet');
  await enters(phone, 'Romeo');
  await enters(desk, 'Romeo');
  for (const one of [juliet, phone]) await one.all();
  return { scene, juliet, phone, desk };
}

/** What a presence says: nickname, type, address, role, status codes. */
function short(stanza: Element): string {
  const item = find(stanza, 'x', 'item');
  const codes = (find(stanza, 'x')?.children ?? []).flatMap((node) =>
    typeof node !== 'string' && node.name === 'status' ? [node.attrs.code] : [],
  );
  const { from = '', type = 'here' } = stanza.attrs;
  return [from.split('/')[1], type, item?.attrs.jid?.split('/')[1], item?.attrs.role, ...codes]
    .filter(Boolean)
    .join(' ');
}

const shorts = async (actor: Actor): Promise<string[]> => (await actor.all()).map(short);

const kick = (nick: string): string =>
  `<iq type='set' id='k' to='${ROOM}'><query xmlns='${MUC}#admin'><item nick='${nick}' role='none'/></query></iq>`;

describe('XEP-0045: one person with two devices under one nickname', () => {
  test('§7.2: the second one is shown the room and hears all; the others see one person, as the later device shows it', async (t) => {
    const { juliet, phone, desk } = await open(t);
    await desk.sends(leave('Romeo'));
    for (const one of [juliet, phone, desk]) await one.all();
    await desk.sends(`<presence to='${ROOM}/Romeo'><show>dnd</show><x xmlns='${MUC}'/></presence>`);
    const shown = await juliet.receives(
      `<presence from='${ROOM}/Romeo'><show>dnd</show><x xmlns='${MUC}#user'><item jid='${R}/desk'/></x></presence>`,
    );
    assert.equal(short(shown), 'Romeo here desk participant');
    await desk.receives(`<presence from='${ROOM}/Juliet'/>`);
    assert.match(short(await desk.receives(`<presence from='${ROOM}/Romeo'/>`)), / 170 110$/);
    await juliet.receivesNothing();
    await phone.receivesNothing();
    await desk.all();
    await juliet.sends(say('hello'));
    for (const one of [phone, desk]) await one.receives(`<message from='${ROOM}/Juliet'><body>hello</body></message>`);
    await phone.sends(say('hi'));
    for (const one of [juliet, phone, desk]) await one.all();
    await juliet.sends(`<message to='${ROOM}/Romeo' type='chat'><body>psst</body></message>`);
    for (const one of [phone, desk]) await one.receives(`<message from='${ROOM}/Juliet'><body>psst</body></message>`);
  });

  test('§7.2: a device that comes again is told all again, and is no device more', async (t) => {
    const { scene, juliet, desk } = await open(t);
    for (let i = 0; i < 30; i++) await desk.sends(enter('Romeo'));
    const got = await desk.all();
    assert.equal(got.filter(({ attrs }) => attrs.type === 'error').length, 0);
    assert.equal(got.filter((one) => short(one).endsWith('110')).length, 30);
    await juliet.all();
    desk.leaves();
    await scene.settle();
    assert.deepEqual(await shorts(juliet), ['Romeo here phone participant']);
  });

  test('§7.14: one that leaves is told so; the others see the other device, and only when the last one goes that he went', async (t) => {
    const { juliet, phone, desk } = await open(t);
    await desk.sends(leave('Romeo'));
    assert.deepEqual(await shorts(desk), ['Romeo unavailable desk none 110']);
    assert.deepEqual(await shorts(juliet), ['Romeo here phone participant']);
    assert.deepEqual(await shorts(phone), ['Romeo here phone participant 110']);
    await desk.sends(say('gone'));
    assert.match(serialize((await desk.all())[0]!), /not-acceptable/);
    await phone.sends(leave('Romeo'));
    assert.deepEqual(await shorts(juliet), ['Romeo unavailable phone none']);
  });

  test('§7.14: the earlier device leaves, and nobody else sees any of it', async (t) => {
    const { juliet, phone, desk } = await open(t);
    await phone.sends(leave('Romeo'));
    assert.equal((await phone.all()).length, 1);
    await juliet.receivesNothing();
    await desk.receivesNothing();
  });

  test('§7.7: the device that spoke last is the one that is seen', async (t) => {
    const { juliet, phone } = await open(t);
    await phone.sends(`<presence to='${ROOM}/Romeo'><show>away</show></presence>`);
    await juliet.receives(
      `<presence from='${ROOM}/Romeo'><show>away</show><x xmlns='${MUC}#user'><item jid='${R}/phone'/></x></presence>`,
    );
  });

  test('§7.6: a new nickname is the nickname of both devices', async (t) => {
    const { juliet, phone, desk } = await open(t);
    await phone.sends(`<presence to='${ROOM}/Montague'/>`);
    for (const one of [phone, desk]) {
      assert.deepEqual(await shorts(one), [
        'Romeo unavailable desk participant 303 110',
        'Montague here phone participant 110',
      ]);
    }
    assert.deepEqual(await shorts(juliet), [
      'Romeo unavailable desk participant 303',
      'Montague here phone participant',
    ]);
    await desk.sends(say('still me'));
    await juliet.receives(`<message from='${ROOM}/Montague'><body>still me</body></message>`);
    await desk.all();
    desk.leaves();
    await phone.all();
    assert.deepEqual(await shorts(juliet), []);
  });

  test('§8.2: who is thrown out is out with both devices', async (t) => {
    const { juliet, phone, desk } = await open(t);
    await juliet.gets(kick('Romeo'));
    for (const one of [phone, desk]) assert.deepEqual(await shorts(one), ['Romeo unavailable desk none 307 110']);
    assert.deepEqual(await shorts(juliet), ['Romeo unavailable desk none 307']);
    for (const one of [phone, desk]) {
      await one.sends(say('hello?'));
      assert.match(serialize((await one.all())[0]!), /not-acceptable/);
    }
  });

  test('under a nickname each they are two in the room, and each goes for itself', async (t) => {
    const { juliet, phone, desk } = await open(t);
    await desk.sends(leave('Romeo'));
    for (const one of [juliet, phone, desk]) await one.all();
    await enters(desk, 'Montague');
    assert.deepEqual(await shorts(juliet), ['Montague here desk participant']);
    await phone.all();
    await phone.sends(`<presence to='${ROOM}/Montague'/>`);
    assert.match(serialize((await phone.all())[0]!), /<conflict/); // §7.6: it is in use, though by himself
    phone.leaves();
    assert.deepEqual(await shorts(juliet), ['Romeo unavailable phone none']);
  });

  test('twenty devices come in, and no more', async (t) => {
    const { scene } = await open(t);
    const refusals: string[] = [];
    for (let i = 0; i < 19; i++) {
      const device = await scene.connect(`${R}/device${i}`);
      await device.sends(enter('Romeo'));
      for (const one of await device.all()) if (one.attrs.type === 'error') refusals.push(serialize(one));
      if (i < 18) assert.deepEqual(refusals, []);
    }
    assert.equal(refusals.length, 1);
    assert.match(refusals[0]!, /resource-constraint/);
  });
});
