import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { child, type Element, elements, serialize } from '../../server/xmpp/element.ts';
import type { Actor } from '../support/actor.ts';
import { itemsOf, lastOf, publishing, retracting } from '../support/pubsub-words.ts';
import { openScene } from '../support/scene.ts';

const JULIET = 'juliet@example.test';
const NATIVE = 'urn:xmpp:bookmarks:1';
const OLD = 'storage:bookmarks';
const PLAY = 'theplay@conference.example.test';
const ORCHARD = 'orchard@conference.example.test';

const conference = (inner = '', attributes = ''): string =>
  `<conference xmlns='${NATIVE}'${attributes}>${inner}</conference>`;
const add = (jid: string, payload = conference('<nick>JC</nick>', " autojoin='true'")): string =>
  publishing(NATIVE, payload, jid);
const storage = (...rooms: string[]): string =>
  `<storage xmlns='${OLD}'>${rooms.map((jid) => (jid.startsWith('<') ? jid : `<conference jid='${jid}' autojoin='1'><nick>JC</nick></conference>`)).join('')}</storage>`;
const setPrivate = (xml: string): string => `<iq type='set'><query xmlns='jabber:iq:private'>${xml}</query></iq>`;

async function privateRooms(actor: Actor): Promise<Element> {
  const answer = await actor.gets(
    `<iq type='get'><query xmlns='jabber:iq:private'><storage xmlns='${OLD}'/></query></iq>`,
  );
  return elements(child(answer, 'query', 'jabber:iq:private')!)[0]!;
}
const jids = (list: Element | undefined): string =>
  list === undefined
    ? 'nothing'
    : elements(list)
        .filter(({ name }) => name === 'conference')
        .map(({ attrs }) => attrs.jid)
        .sort()
        .join(' ');
const nativeJids = async (actor: Actor): Promise<string> =>
  (await itemsOf(actor, NATIVE))
    .map(({ attrs }) => attrs.id)
    .sort()
    .join(' ');

/** What each kind of client sees. */
const all = async (actor: Actor): Promise<string[]> => [
  await nativeJids(actor),
  jids(await privateRooms(actor)),
  jids(await lastOf(actor, OLD)),
];
const three = (rooms: string): string[] => [rooms, rooms, rooms];

describe('the same rooms for old and new clients (XEP-0402 §5.3)', () => {
  test('§6: accounts say so', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect(`${JULIET}/balcony`);
    const info = serialize(
      await juliet.gets(`<iq type='get' to='${JULIET}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`),
    );
    assert.match(info, /var='urn:xmpp:bookmarks:1#compat'/);
    assert.match(info, /var='urn:xmpp:bookmarks:1#compat-pep'/);
  });

  test('§5.3.1: what a new client adds and takes away, old ones see', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect(`${JULIET}/balcony`);
    await juliet.gets(add(PLAY));
    await juliet.gets(add(ORCHARD));
    await scene.settle();
    assert.deepEqual(await all(juliet), three(`${ORCHARD} ${PLAY}`));
    assert.match(
      serialize(await privateRooms(juliet)),
      new RegExp(`<conference autojoin='true' jid='${PLAY}'><nick>JC</nick></conference>`),
    );
    await juliet.gets(retracting(NATIVE, PLAY));
    await scene.settle();
    assert.deepEqual(await all(juliet), three(ORCHARD));
    await juliet.gets(retracting(NATIVE, ORCHARD));
    await scene.settle();
    assert.deepEqual(await all(juliet), three(''));
  });

  for (const [title, write] of [
    ['in private XML (XEP-0049)', setPrivate],
    ['on a node (XEP-0048)', (xml: string) => publishing(OLD, xml, 'current')],
  ] as const) {
    test(`§5.3.2: the list that an old client writes ${title} is what all see`, async (t) => {
      const scene = await openScene(t);
      const juliet = await scene.connect(`${JULIET}/balcony`);
      await juliet.gets(add(PLAY, conference("<extensions><mine xmlns='x'/></extensions>")));
      await scene.settle();
      await juliet.gets(write(storage(PLAY, ORCHARD, "<url url='https://example.test/'/>")));
      await scene.settle();
      assert.deepEqual(await all(juliet), three(`${ORCHARD} ${PLAY}`));
      const native = (await itemsOf(juliet, NATIVE)).map(serialize).join('');
      assert.match(native, /autojoin='true'><nick>JC<\/nick><extensions><mine xmlns='x'\/><\/extensions>/);
      await juliet.gets(write(storage(ORCHARD, "<url url='https://example.test/'/>")));
      await scene.settle();
      assert.deepEqual(await all(juliet), three(ORCHARD));
      await juliet.gets(add(PLAY));
      await scene.settle();
      const there = write === setPrivate ? await privateRooms(juliet) : await lastOf(juliet, OLD);
      assert.match(serialize(there!), /<url url='https:\/\/example.test\/'\/>/, 'pages stay');
    });
  }

  test('§5.3.2: nobody is told of what did not change', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect(`${JULIET}/balcony`);
    await juliet.gets(add(PLAY));
    await scene.settle();
    const events: string[] = [];
    scene.host('example.test').events.add({
      published: ({ node, id }) => void events.push(`+${node} ${id}`),
      retracted: ({ node, id }) => void events.push(`-${node} ${id}`),
    });
    await juliet.gets(setPrivate(storage(PLAY)));
    await scene.settle();
    assert.deepEqual(events, []);
    await juliet.gets(setPrivate(storage(PLAY, ORCHARD)));
    await scene.settle();
    assert.deepEqual(events, [`+${NATIVE} ${ORCHARD}`, `+${OLD} current`]);
  });
});

describe('attacks on bookmarks', () => {
  test('lists do not chase each other, whoever writes at once', async (t) => {
    const scene = await openScene(t);
    await scene.account(JULIET);
    const devices = await Promise.all(['a', 'b', 'c'].map((name) => scene.connect(`${JULIET}/${name}`)));
    let published = 0;
    scene.host('example.test').events.add({ published: () => void published++ });
    await Promise.all([
      devices[0]!.gets(add(PLAY)),
      devices[1]!.gets(setPrivate(storage(ORCHARD))),
      devices[2]!.gets(publishing(OLD, storage('third@conference.example.test'), 'current')),
    ]);
    await scene.settle();
    assert.ok(published <= 10, String(published));
    const [native, ...others] = await all(devices[0]!);
    assert.deepEqual(others, [native, native]);
  });

  test('many rooms one after the other are carried over in few turns', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect(`${JULIET}/balcony`);
    const looks = t.mock.method(scene.stores.privateXml, 'get');
    await Promise.all(
      Array.from({ length: 60 }, (_, n) =>
        juliet.asks(add(`r${n}@conference.example.test`).replace('<iq', `<iq id='b${n}'`)),
      ),
    );
    await scene.settle();
    const turns = looks.mock.callCount();
    assert.ok(turns <= 20, `${turns} turns for 60 rooms`);
    assert.equal(elements(await privateRooms(juliet)).length, 60);
  });

  test('a list of very many rooms stays where it is', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect(`${JULIET}/balcony`);
    const many = Array.from({ length: 301 }, (_, n) => `<conference jid='r${n}@c.test'/>`);
    await juliet.gets(setPrivate(storage(...many)));
    await scene.settle();
    assert.deepEqual(await itemsOf(juliet, NATIVE), []);
    assert.equal(elements(await privateRooms(juliet)).length, 301);
  });

  test('attack: bookmarks of megabytes are not read through at each change, and nothing is lost by that', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.connect(`${JULIET}/balcony`);
    await juliet.gets(add(PLAY));
    await scene.settle();
    const long = conference(`<extensions><x xmlns='urn:x'>${'x'.repeat(150_000)}</x></extensions>`);
    for (let n = 0; n < 8; n++) await juliet.gets(add(`r${n}@c.test`, long));
    await scene.settle();
    const before = jids(await privateRooms(juliet));
    assert.ok(before.includes(PLAY));
    await juliet.gets(setPrivate(storage(ORCHARD)));
    await scene.settle();
    const { stores } = scene;
    const node = await stores.pubsubNodes.get(String(juliet.session.account.id), NATIVE);
    assert.equal((await stores.pubsubItems.newest(node!.id, 100, 0)).length, 9, 'what was not looked at stays');
  });

  test('somebody else’s rooms are neither seen nor changed', async (t) => {
    const scene = await openScene(t);
    await scene.friends('romeo@example.test', JULIET);
    const juliet = await scene.comes(`${JULIET}/balcony`);
    const romeo = await scene.comes('romeo@example.test/orchard');
    await juliet.gets(setPrivate(storage(PLAY)));
    await scene.settle();
    for (const node of [NATIVE, OLD]) assert.deepEqual(await itemsOf(romeo, node, JULIET), []);
    const to = `<iq type='set' to='${JULIET}'>`;
    for (const request of [add(ORCHARD), setPrivate(storage()), retracting(NATIVE, PLAY)]) {
      assert.equal((await romeo.asks(request.replace("<iq type='set'>", to))).attrs.type, 'error');
    }
    await scene.settle();
    assert.deepEqual(await all(juliet), three(PLAY));
    assert.ok((await romeo.all()).every((one) => !serialize(one).includes(PLAY)));
  });
});
