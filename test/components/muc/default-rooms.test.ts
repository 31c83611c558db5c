import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { whatIsWrong } from '../../../server/host/options.ts';
import { serialize } from '../../../server/xmpp/element.ts';
import type { Actor } from '../../support/actor.ts';
import { enters, leave, makes } from '../../support/rooms.ts';
import { openScene, type Scene } from '../../support/scene.ts';

const SERVICE = 'conference.example.test';
const PUBSUB = 'http://jabber.org/protocol/pubsub';
const BOOKMARKS = 'urn:xmpp:bookmarks:1';

async function decide(scene: Scene, ...names: string[]): Promise<void> {
  await scene.house.options.set(scene.house.options.find('rooms.for-all')!, 'example.test', names);
  await scene.settle();
}

async function bookmarks(actor: Actor): Promise<string> {
  const answer = await actor.asks(
    `<iq type='get'><pubsub xmlns='${PUBSUB}'><items node='${BOOKMARKS}'/></pubsub></iq>`,
  );
  return serialize(answer);
}

async function affiliation(scene: Scene, room: string, who: string): Promise<string | undefined> {
  const stored = await scene.stores.rooms.get(SERVICE, room);
  const members = stored === undefined ? [] : await scene.stores.rooms.members(stored.id);
  return members.find(({ jid }) => jid === `${who}@example.test`)?.affiliation;
}

/** A device that wants to hear of bookmarks. */
const LISTENING = "<presence><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='n' ver='v'/></presence>";

describe('rooms for everybody (XEP-0402)', () => {
  test('who comes finds them in their list, to be gone into, is a member, and the house has made them', async (t) => {
    const scene = await openScene(t);
    await decide(scene, 'all', 'canteen');
    const juliet = await scene.comes('juliet@example.test/balcony', LISTENING);
    const list = await bookmarks(juliet);
    for (const room of ['all', 'canteen']) {
      assert.ok(list.includes(`<item id='${room}@${SERVICE}'`), list);
      assert.equal(await affiliation(scene, room, 'juliet'), 'member');
    }
    assert.match(list, /<conference xmlns='urn:xmpp:bookmarks:1' name='all' autojoin='true'\/>/);
    await enters(juliet, 'Juliet', '', `all@${SERVICE}`);
  });

  test('who is here when it is decided gets them at once; who is away when they come', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    await decide(scene, 'all');
    assert.match(await bookmarks(juliet), /all@/);
    await decide(scene, 'all', 'canteen');
    assert.match(await bookmarks(juliet), /canteen@/);
    const romeo = await scene.comes('romeo@example.test/orchard');
    assert.match(await bookmarks(romeo), /all@.*canteen@/);
  });

  test('they are made when it is decided, for administrators to find; one that is there stays as it is', async (t) => {
    const scene = await openScene(t);
    await scene.account('juliet@example.test');
    const { rooms } = scene.commands;
    const by = { name: 'olga', door: 'panel' } as const;
    await rooms.create(by, 'example.test', { name: 'all', owner: 'juliet', title: 'Everybody' });
    await rooms.create(by, 'example.test', { name: 'gone', owner: 'juliet' });
    await rooms.destroy(by, 'example.test', 'gone', { confirm: 'gone' });
    await decide(scene, 'all', 'canteen', 'gone');
    const there = (await rooms.list('example.test')).rooms.map(({ name, title }) => `${name} ${title}`);
    assert.deepEqual(there, ['all Everybody', 'canteen canteen']);
  });

  test('old clients find them as well (XEP-0048)', async (t) => {
    const scene = await openScene(t);
    await decide(scene, 'all');
    const juliet = await scene.comes('juliet@example.test/balcony');
    const old = await juliet.gets(
      "<iq type='get'><query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'/></query></iq>",
    );
    assert.match(serialize(old), /<conference name='all' autojoin='true' jid='all@/);
  });

  test('whoever takes one out of their list, or does not want to be in, is left in peace', async (t) => {
    const scene = await openScene(t);
    await decide(scene, 'all');
    const juliet = await scene.comes('juliet@example.test/balcony');
    await juliet.gets(
      `<iq type='set'><pubsub xmlns='${PUBSUB}'><retract node='${BOOKMARKS}'><item id='all@${SERVICE}'/></retract></pubsub></iq>`,
    );
    juliet.leaves();
    const again = await scene.comes('juliet@example.test/desk');
    assert.doesNotMatch(await bookmarks(again), /all@/);
    await decide(scene, 'all', 'canteen');
    assert.doesNotMatch(await bookmarks(again), /all@/);
    assert.match(await bookmarks(again), /canteen@/);
  });

  test('a bookmark that is there stays as it is; an owner stays one', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    await makes(juliet, 'Juliet', {}, `all@${SERVICE}`);
    await juliet.gets(
      `<iq type='set'><pubsub xmlns='${PUBSUB}'><publish node='${BOOKMARKS}'><item id='all@${SERVICE}'>` +
        `<conference xmlns='${BOOKMARKS}' name='mine'/></item></publish></pubsub></iq>`,
    );
    await decide(scene, 'all');
    assert.match(await bookmarks(juliet), /name='mine'/);
    assert.equal(await affiliation(scene, 'all', 'juliet'), 'owner');
    await scene.comes('romeo@example.test/orchard');
    assert.equal(await affiliation(scene, 'all', 'romeo'), 'member');
  });

  test('who is in is shown to be a member; who is banned gets nothing', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    const romeo = await scene.comes('romeo@example.test/orchard');
    const room = `all@${SERVICE}`;
    await makes(juliet, 'Juliet', {}, room);
    await juliet.sends(leave('Juliet', room));
    await juliet.all();
    const stored = (await scene.stores.rooms.get(SERVICE, 'all'))!;
    const outcast = { jid: 'tybalt@example.test', affiliation: 'outcast', nick: '', reason: '' } as const;
    await scene.stores.rooms.affiliate(stored.id, [outcast]);
    await enters(romeo, 'Romeo', '', room);
    await decide(scene, 'all');
    const shown = (await romeo.all()).find(({ name }) => name === 'presence')!;
    assert.match(serialize(shown), /<item affiliation='member' role='participant'/);
    const tybalt = await scene.comes('tybalt@example.test/street');
    assert.doesNotMatch(await bookmarks(tybalt), /all@/);
    assert.equal(await affiliation(scene, 'all', 'tybalt'), 'outcast');
  });

  test('a room that was destroyed is not made again; SECURITY 50: a new account of an old name gets them anew', async (t) => {
    const scene = await openScene(t);
    await decide(scene, 'all');
    const juliet = await scene.comes('juliet@example.test/balcony');
    juliet.leaves();
    await scene.commands.accounts.remove(
      { name: 'olga', door: 'panel' },
      'example.test',
      'juliet',
      'juliet@example.test',
    );
    await scene.settle();
    assert.equal(await affiliation(scene, 'all', 'juliet'), undefined);
    const other = await scene.comes('juliet@example.test/balcony');
    assert.match(await bookmarks(other), /all@/);
    const stored = (await scene.stores.rooms.get(SERVICE, 'all'))!;
    const gone = { reason: '', alternate: '', retiredAt: 1, retiredBy: '', secret: false };
    await scene.stores.rooms.remove(stored, gone);
    await decide(scene, 'all', 'canteen');
    assert.equal(await scene.stores.rooms.get(SERVICE, 'all'), undefined);
  });

  test('what cannot be a room’s name is not taken', async (t) => {
    const scene = await openScene(t);
    const option = scene.house.options.find('rooms.for-all')!;
    for (const name of ['Big Room', 'a@b', '', 'Garden']) assert.ok(whatIsWrong(option, [name]), name);
    assert.equal(whatIsWrong(option, ['big-room', 'küche']), undefined);
  });
});
