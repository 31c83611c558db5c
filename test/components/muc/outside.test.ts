import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { RoomService } from '../../../server/components/muc/service.ts';
import { serialize } from '../../../server/xmpp/element.ts';
import { enter, enters, makes, ROOM, roomOf, say } from '../../support/rooms.ts';
import { openScene, type Scene } from '../../support/scene.ts';

const HALL = 'hall@conference.example.test';

async function open(t: TestContext) {
  const scene = await openScene(t);
  const juliet = await scene.comes('juliet@example.test/balcony');
  const romeo = await scene.comes('romeo@example.test/orchard');
  await makes(juliet, 'Juliet');
  return { scene, juliet, romeo };
}

/** What somebody says who takes themselves for being in. */
const away = (nick: string, room = ROOM) => `<presence to='${room}/${nick}'><show>away</show></presence>`;

const out = (nick: string, to: string, room = ROOM): string =>
  `<presence to='${to}' from='${room}/${nick}' type='unavailable'>` +
  "<x xmlns='http://jabber.org/protocol/muc#user'><item affiliation='none' role='none'>" +
  "<reason>You are not in this room.</reason></item><status code='110'/><status code='307'/><status code='333'/></x></presence>";

/** The service forgets who is in a room, as when it starts anew while somebody's session goes on elsewhere. */
async function forget(scene: Scene): Promise<void> {
  const service = scene.host('example.test').components.get('conference.example.test');
  assert.ok(service instanceof RoomService);
  const room = roomOf(scene);
  room.occupants.clear();
  room.clients.clear();
  service.rooms.inUse.leaveAlone(room);
  await scene.settle();
  assert.equal(service.rooms.inUse.current(room.name), undefined);
}

describe('XEP-0045 §7.2.18: presence of who takes themselves for being in a room', () => {
  test('they are told that they are not, in the words for something that went wrong, and nobody else hears of it', async (t) => {
    const { scene, juliet, romeo } = await open(t);
    for (const text of [away('Romeo'), `<presence to='${ROOM}/Romeo'/>`]) {
      await romeo.sends(text);
      assert.deepEqual((await romeo.all()).map(serialize), [out('Romeo', romeo.jid)]);
    }
    assert.deepEqual(await juliet.all(), []);
    assert.deepEqual([...roomOf(scene).occupants.keys()], ['Juliet']);
  });

  test('after a restart of the service they hear it with the first presence, come again, and are told what was said', async (t) => {
    const { scene, juliet, romeo } = await open(t);
    await enters(romeo, 'Romeo');
    await juliet.sends(say('before'));
    for (const one of [juliet, romeo]) await one.all();
    await forget(scene);
    await enters(juliet, 'Juliet');
    await juliet.sends(say('meanwhile'));
    await juliet.all();
    await romeo.sends(away('Romeo'));
    assert.deepEqual((await romeo.all()).map(serialize), [out('Romeo', romeo.jid)]);
    await romeo.sends(enter('Romeo', "<history seconds='60'/>"));
    const got = (await romeo.all()).map(serialize).join('\n');
    for (const part of [/Juliet/, /code='110'/, /<body>before<\/body>/, /<body>meanwhile<\/body>/])
      assert.match(got, part);
    await romeo.sends(away('Romeo'));
    assert.match(serialize((await juliet.all()).at(-1)!), /<show>away<\/show>/, 'now it is a presence like any other');
  });

  test('what they say before they have heard it comes back: it is not lost without a word', async (t) => {
    const { scene, romeo } = await open(t);
    await enters(romeo, 'Romeo');
    await romeo.all();
    await forget(scene);
    await romeo.sends(say('hello'));
    assert.match(serialize((await romeo.all())[0]!), /id='hello'.*<not-acceptable/);
  });

  test('a device more of somebody who is in has to come in like the first', async (t) => {
    const { scene, juliet, romeo } = await open(t);
    await enters(romeo, 'Romeo');
    const phone = await scene.comes('romeo@example.test/phone');
    for (const one of [juliet, romeo]) await one.all();
    await phone.sends(away('Romeo'));
    assert.deepEqual((await phone.all()).map(serialize), [out('Romeo', phone.jid)]);
    assert.deepEqual([...(await romeo.all()), ...(await juliet.all())], []);
    assert.ok(roomOf(scene).occupants.has('Romeo'));
  });

  test('attack: nobody makes a room by it, or learns by it whether there is one and what they are to it', async (t) => {
    const { scene, juliet, romeo } = await open(t);
    await juliet.gets(
      `<iq type='set' to='${ROOM}'><query xmlns='http://jabber.org/protocol/muc#admin'>` +
        "<item jid='romeo@example.test' affiliation='outcast'/></query></iq>",
    );
    await romeo.all();
    for (const room of [ROOM, HALL]) {
      await romeo.sends(away('Juliet', room));
      assert.deepEqual((await romeo.all()).map(serialize), [out('Juliet', romeo.jid, room)]);
    }
    assert.equal(await scene.stores.rooms.get('conference.example.test', 'hall'), undefined);
    assert.throws(() => roomOf(scene, HALL), /not in use/);
  });
});
