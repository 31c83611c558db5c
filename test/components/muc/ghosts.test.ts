import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Resumptions } from '../../../server/c2s/resumptions.ts';
import type { RoomService } from '../../../server/components/muc/service.ts';
import { enter as enterHouse } from '../../../server/host/entrance.ts';
import { type Element, serialize } from '../../../server/xmpp/element.ts';
import { parseJid } from '../../../server/xmpp/jid.ts';
import { Stanza } from '../../../server/xmpp/stanza.ts';
import type { Actor } from '../../support/actor.ts';
import { enter, enters, MUC, makes, ROOM, say } from '../../support/rooms.ts';
import { openScene, type Scene } from '../../support/scene.ts';
import { dial, openDoor, type Wire } from '../../support/wire.ts';
import { find, stanza } from '../../support/xml.ts';

const J = 'juliet@example.test';
const R = 'romeo@example.test';
const SM = "xmlns='urn:xmpp:sm:3'";

const roomOf = (scene: Scene) =>
  (scene.host('example.test').components.get('conference.example.test') as unknown as RoomService).rooms.inUse.current(
    'garden',
  );
const inside = (scene: Scene): string[] => [...(roomOf(scene)?.clients.keys() ?? [])];
const by = { name: 'test', door: 'house' } as const;

async function open(t: TestContext) {
  const scene = await openScene(t, { grace: 150 });
  const juliet = await scene.comes(`${J}/balcony`);
  await makes(juliet, 'Juliet');
  return { scene, juliet };
}

const goes = (codes = ''): string =>
  `<presence from='${ROOM}/Romeo' type='unavailable'><x xmlns='${MUC}#user'><item role='none'/>${codes}</x></presence>`;

describe('XEP-0045 §18.1.1: nobody stays in a room who is not there', () => {
  const ends: Record<string, (scene: Scene, romeo: Actor) => unknown> = {
    'its connection is lost': (_scene, romeo) => romeo.leaves(),
    'it says that it is unavailable': (_scene, romeo) => romeo.sends("<presence type='unavailable'/>"),
    'it sends the room an error': (_scene, romeo) =>
      romeo.sends(`<presence to='${ROOM}/Juliet' type='error'><error type='cancel'/></presence>`),
    'it logs in elsewhere under the same resource': (scene, romeo) => scene.connect(romeo.jid),
    'its sessions are ended': (_scene, romeo) => romeo.session.end('not-authorized', 'Out!'),
    'its account is disabled': (scene) => scene.commands.accounts.disable(by, 'example.test', 'romeo'),
    'its account is removed': (scene) => scene.commands.accounts.remove(by, 'example.test', 'romeo', R),
  };
  for (const [how, end] of Object.entries(ends)) {
    test(`a session ends: ${how}`, async (t) => {
      const { scene, juliet } = await open(t);
      const romeo = await scene.comes(`${R}/orchard`);
      await enters(romeo, 'Romeo');
      await juliet.all();
      await end(scene, romeo);
      await scene.settle();
      const got = (await juliet.all()).filter(({ attrs }) => attrs.from === `${ROOM}/Romeo`);
      assert.deepEqual(
        got.map(({ attrs }) => attrs.type),
        ['unavailable'],
      );
      assert.deepEqual(inside(scene), [`${J}/balcony`]);
    });
  }

  test('a session that takes the place of another, and enters at once, is not taken for the one that ended', async (t) => {
    const { scene, juliet } = await open(t);
    const romeo = await scene.comes(`${R}/orchard`);
    await enters(romeo, 'Romeo');
    await juliet.all();
    // His contacts are to be read anew: saying goodbye to them has to wait for the disk.
    scene.stores.rosters.forget(romeo.session.account.id);
    const again = await scene.connect(romeo.jid);
    await again.sends(enter('Romeo'));
    await scene.settle();
    assert.ok(inside(scene).includes(romeo.jid), 'the newcomer was put out with the old session');
    await juliet.receives(goes());
    await juliet.receives(`<presence from='${ROOM}/Romeo'/>`);
    await juliet.receivesNothing();
  });

  test('an account that is removed and made again is nobody to the room, which is in use all the while', async (t) => {
    const { scene, juliet } = await open(t);
    const romeo = await scene.comes(`${R}/orchard`);
    await enters(romeo, 'Romeo');
    await scene.commands.accounts.remove(by, 'example.test', 'juliet', J);
    await scene.settle();
    assert.equal(juliet.ended?.condition, 'not-authorized');
    const heir = await scene.comes(`${J}/balcony`);
    await romeo.all();
    await heir.sends(enter('Juliet'));
    const item = find((await romeo.all()).find(({ attrs }) => attrs.from === `${ROOM}/Juliet`)!, 'x', 'item');
    assert.deepEqual([item?.attrs.affiliation, item?.attrs.role], ['none', 'participant']);
    assert.equal(roomOf(scene)?.affiliationOf(parseJid(J)), 'none');
  });

  for (const [condition, out] of [
    ['gone', true],
    ['item-not-found', true],
    ['recipient-unavailable', true],
    ['remote-server-not-found', true],
    ['remote-server-timeout', true],
    ['not-acceptable', false],
    ['service-unavailable', false],
  ] as const) {
    test(`a message comes back with ${condition}: ${out ? 'its reader is let out' : 'nothing follows'}`, async (t) => {
      const { scene, juliet } = await open(t);
      const romeo = await scene.comes(`${R}/orchard`);
      await enters(romeo, 'Romeo');
      await juliet.all();
      await romeo.sends(
        `<message to='${ROOM}/Juliet' type='error' id='m'><error type='cancel'>` +
          `<${condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>`,
      );
      const got = await juliet.all();
      assert.equal(got.filter(({ name }) => name === 'message').length, 1, 'the writer is told');
      assert.equal(got.filter(({ name }) => name === 'presence').length, out ? 1 : 0);
      if (out) assert.match(serialize(got.find(({ name }) => name === 'presence')!), /code='333'/);
      assert.equal(inside(scene).includes(`${R}/orchard`), !out);
    });
  }

  test('the server of somebody outside knows the device no more, and says so as servers do: it is let out', async (t) => {
    const { scene, juliet } = await open(t);
    scene.house.router.fallback = { accept: () => undefined };
    const mercutio = 'mercutio@prosody.test/square';
    const comes = async (xml: string): Promise<void> => {
      const element = stanza(xml);
      await enterHouse(
        scene.house,
        new Stanza(element, parseJid(mercutio), parseJid(String(element.attrs.to))),
        () => {},
      );
    };
    await comes(enter('Mercutio').replace('<presence', `<presence from='${mercutio}'`));
    assert.ok(inside(scene).includes(mercutio));
    await juliet.all();
    await comes(
      `<message from='${mercutio}' to='${ROOM}' type='error'><error type='cancel'>` +
        "<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>",
    );
    await juliet.receives(`<presence from='${ROOM}/Mercutio' type='unavailable'/>`);
    assert.deepEqual(inside(scene), [`${J}/balcony`]);
  });

  test('what the room cannot deliver lets out who is not there, and keeps who only does not want it (XEP-0191)', async (t) => {
    const { scene, juliet } = await open(t);
    const romeo = await scene.comes(`${R}/orchard`);
    await enters(romeo, 'Romeo');
    await romeo.gets(`<iq type='set'><block xmlns='urn:xmpp:blocking'><item jid='${ROOM}/Juliet'/></block></iq>`);
    await juliet.all();
    await juliet.sends(say('hello'));
    assert.deepEqual((await romeo.all()).length, 0);
    assert.ok(inside(scene).includes(`${R}/orchard`), 'blocking somebody in a room is not leaving it');
    const ask = "<query xmlns='jabber:iq:version'/>";
    await juliet.isRefused(`<iq type='get' to='${ROOM}/Romeo'>${ask}</iq>`, 'service-unavailable');
    assert.deepEqual(await romeo.all(), []);
    // A session that vanished, and of which the house said nothing.
    scene.host('example.test').sessions.remove(romeo.session);
    await romeo.all();
    await juliet.sends(say('hello?'));
    const [, gone] = await juliet.all().then((all) => all.slice(-2));
    assert.match(serialize(gone!), /type='unavailable'.*code='333'/);
    assert.deepEqual(inside(scene), [`${J}/balcony`]);
  });
});

describe('XEP-0198 in a room', () => {
  const MANY = 300;

  /** Romeo in the room over a connection that he may lose. */
  async function managed(t: TestContext, more = '') {
    const { scene, juliet } = await open(t);
    await scene.account(R);
    const door = openDoor(t, scene);
    const wire = dial(door).wire;
    await wire.binds(`${R}/orchard`);
    wire.write(`<enable ${SM} resume='true'/>`);
    const token = (await wire.receives(`<enabled ${SM}/>`)).attrs.id as string;
    wire.write(`<presence/>${enter('Romeo')}`);
    await wire.all(60);
    wire.write(`<r ${SM}/>${more}`);
    await wire.all(60);
    await juliet.all();
    return { scene, juliet, door, wire, token };
  }

  const numbers = (items: readonly Element[]): number[] =>
    items.flatMap((one) => {
      const body = one.name === 'message' ? find(one, 'body')?.children[0] : undefined;
      return typeof body === 'string' ? [Number(body)] : [];
    });

  for (const [state, more] of [
    ['', ''],
    [' by a phone in a pocket (XEP-0352)', "<inactive xmlns='urn:xmpp:csi:0'/>"],
  ] as const) {
    test(`a session is taken up again${state}: nothing that was said is missing, doubled or out of order`, async (t) => {
      const { scene, juliet, door, wire, token } = await managed(t, more);
      let lost: Element[] = [];
      for (let i = 0; i < MANY; i++) {
        await juliet.sends(say(String(i)));
        if (i === 100) {
          lost = await wire.all(40);
          wire.cut();
        }
        if (i % 10 === 0) await sleep(1);
      }
      assert.ok(inside(scene).includes(`${R}/orchard`));
      assert.equal((await juliet.all()).filter(({ name }) => name === 'presence').length, 0, 'nobody noticed');
      const seen = numbers(lost).length;
      const again: Wire = dial(door).wire;
      await again.logsIn(R);
      // He has acknowledged nothing: all since <enable/> comes again, and his client knows by its count what is new to it.
      again.write(`<resume ${SM} previd='${token}' h='0'/>`);
      await again.receives(`<resumed ${SM}/>`);
      await juliet.sends(say(String(MANY)));
      const got = numbers(await again.all(150));
      assert.ok(seen > 50, String(seen));
      assert.deepEqual(
        got,
        Array.from({ length: MANY + 1 }, (_, i) => i),
      );
      again.write(say('999'));
      assert.deepEqual(numbers(await again.all(60)), [999]);
    });
  }

  test('a session that is not taken up is out of the room when its time is over, and no message comes back to anybody', async (t) => {
    const { scene, juliet } = await open(t);
    await scene.account(R);
    const door = openDoor(t, scene);
    Object.assign(door, { resumptions: new Resumptions(0.2) });
    const wire = dial(door).wire;
    await wire.binds(`${R}/orchard`);
    wire.write(`<enable ${SM} resume='true'/><presence/>${enter('Romeo')}`);
    await wire.all(60);
    wire.cut();
    await sleep(20);
    await juliet.sends(say('1'));
    assert.ok(inside(scene).includes(`${R}/orchard`), 'hibernating, not gone');
    await juliet.all();
    await sleep(400);
    await juliet.receives(goes());
    await juliet.receivesNothing();
    assert.deepEqual(inside(scene), [`${J}/balcony`]);
    const romeo = await scene.comes(`${R}/orchard`);
    assert.equal((await romeo.all()).length, 0, 'what was said in the room is in its archive, not kept for him apart');
  });
});

describe('RFC 6120 §10.1: what a room sends arrives in the order in which it was sent', () => {
  test('though the house knows nothing of the recipients and has to ask the store', async (t) => {
    const { scene, juliet } = await open(t);
    const people = await Promise.all(Array.from({ length: 12 }, (_, i) => scene.comes(`person${i}@example.test/desk`)));
    for (const [i, one] of people.entries()) await enters(one, `nick${i}`);
    for (const one of [juliet, ...people]) await one.all();
    for (let i = 0; i < 60; i++) {
      // The store's memory is emptied now and then, so that some of it has to be read again in the midst of all.
      if (i % 7 === 0) for (const one of people) forget(scene, one);
      void juliet.sends(say(String(i)));
      if (i % 9 === 0) void juliet.sends(`<presence to='${ROOM}/Juliet'><status>${i}</status></presence>`);
    }
    await scene.settle();
    const expected = Array.from({ length: 60 }, (_, i) => (i % 9 === 0 ? [`m${i}`, `p${i}`] : [`m${i}`])).flat();
    for (const one of people) {
      const got = (await one.all()).map((stanza) =>
        stanza.name === 'message' ? `m${find(stanza, 'body')?.children[0]}` : `p${find(stanza, 'status')?.children[0]}`,
      );
      assert.deepEqual(got, expected, one.jid);
    }
  });
});

/** Empties the house's memory of an account, so that the store has to be asked. */
function forget({ stores }: Scene, { session: { account } }: Actor): void {
  stores.blocking.forget(account.id);
  stores.rosters.forget(account.id);
  void stores.accounts.setStatus(account, 'active');
}

test('§15.6.2: when the service ends, everybody in a room hears it once, and nobody hears of the others', async (t) => {
  const scene = await openScene(t);
  const juliet = await scene.comes('juliet@example.test/balcony');
  const romeo = await scene.comes('romeo@example.test/orchard');
  await makes(juliet, 'Juliet');
  await enters(romeo, 'Romeo');
  await juliet.all();
  await scene.hosts.close();
  for (const [one, nick] of [
    [juliet, 'Juliet'],
    [romeo, 'Romeo'],
  ] as const) {
    const told = (await one.all()).filter(({ attrs }) => attrs.from?.startsWith(ROOM) === true);
    assert.equal(told.length, 1, told.map(serialize).join('\n'));
    assert.match(serialize(told[0]!), new RegExp(`from='${ROOM}/${nick}' type='unavailable'.*code='332'`));
  }
});
