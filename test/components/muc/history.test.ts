import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { elements, serialize } from '../../../server/xmpp/element.ts';
import type { Actor } from '../../support/actor.ts';
import { archiveQuery, readsArchive } from '../../support/archive.ts';
import { enter, enters, leave, makes, ROOM, say } from '../../support/rooms.ts';
import { openScene, type Scene } from '../../support/scene.ts';

const FULLTEXT = '{urn:xmpp:fulltext:0}fulltext';
const SERVICE = 'conference.example.test';
const isRefused = (who: Actor, condition: string, fields: Record<string, string>) =>
  who.isRefused(archiveQuery(fields, '', `to='${ROOM}'`), condition);

/** All that somebody is told on entering, of what was said before. */
async function told(who: Actor): Promise<string[]> {
  await who.sends(enter('Nurse'));
  const messages = (await who.all()).filter(({ name }) => name === 'message').map(serialize);
  await who.sends(leave('Nurse'));
  await who.all();
  return messages;
}

async function roomId(scene: Scene): Promise<number> {
  return (await scene.stores.rooms.get(SERVICE, 'garden'))!.id;
}

describe('XEP-0045 §7.2.13: the history of a room, and its archive (XEP-0313)', () => {
  test('it is the same after the room was let go of, to the letter', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    const romeo = await scene.comes('romeo@example.test/orchard');
    const nurse = await scene.comes('nurse@example.test/hall');
    await makes(juliet, 'Juliet');
    await enters(romeo, 'R &amp; J &lt;3');
    await juliet.sends(say('too old'));
    for (let n = 0; n < 12; n++) await (n % 2 === 0 ? juliet : romeo).sends(say(`line ${n} &amp; more`));
    for (const [inner, id] of [
      ['<subject>Love</subject>', 's'],
      ["<displayed xmlns='urn:xmpp:chat-markers:0' id='x'/>", 'm'],
      ["<received xmlns='urn:xmpp:receipts' id='x'/>", 'd'],
      ["<body xml:lang='it'>ciao</body><thread>t</thread><markable xmlns='urn:xmpp:chat-markers:0'/>", 'c'],
      ["<encrypted xmlns='eu.siacs.conversations.axolotl'/><store xmlns='urn:xmpp:hints'/>", 'e'],
      ["<active xmlns='http://jabber.org/protocol/chatstates'/>", 'a'],
    ]) {
      await romeo.sends(`<message to='${ROOM}' type='groupchat' id='${id}'>${inner}</message>`);
    }
    for (let n = 0; n < 6; n++) await juliet.sends(say(`end ${n}`));
    for (const who of [juliet, romeo]) await who.all();
    const before = await told(nurse);
    assert.equal(before.length, 21);
    assert.match(before[0]!, /line 0/);
    assert.match(before[20]!, /<subject>Love/);
    assert.doesNotMatch(before.slice(0, 20).join(), /displayed|receipts|<active|<subject/);
    assert.match(before.join(), /ciao.*axolotl/);
    const rows = (await readsArchive(nurse, {}, '', ROOM)).found;
    const late = (text: string) => /id='(\d+)'\/><delay [^>]*stamp='([^']*)'/.exec(text)!.slice(1);
    const stamps = new Map(rows.map(({ id, time }) => [id, new Date(time).toISOString()]));
    for (const one of before.slice(0, 20)) assert.equal(stamps.get(late(one)[0]!), late(one)[1]);
    for (const who of [juliet, romeo]) await who.sends(leave('x'));
    await scene.settle();
    assert.deepEqual(await told(nurse), before);
  });

  test('what is put in the archive lately has its place among what was there', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    await makes(juliet, 'Juliet');
    const one = Array.from(
      { length: 130 },
      (_, n) =>
        `<message from='${ROOM}/Juliet' type='groupchat' id='${n}'><displayed xmlns='urn:xmpp:chat-markers:0' id='x'/></message>`,
    );
    await juliet.sends(say('before all that'));
    await juliet.sends(leave('Juliet'));
    await scene.settle();
    const owner = await roomId(scene);
    for (const text of one) {
      scene.stores.archives.append(scene.house.archiveIds.next(), text, [{ owner, peer: `${ROOM}/Juliet` }]);
    }
    const nurse = await scene.comes('nurse@example.test/hall');
    assert.match((await told(nurse))[0]!, /before all that/);
  });

  test('discovery shows an archive where there is one (XEP-0313 §7), search, retraction and moderation', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    await makes(juliet, 'Juliet');
    const features = async (): Promise<string[]> => {
      const answer = await juliet.gets(
        `<iq type='get' to='${ROOM}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`,
      );
      return elements(elements(answer)[0]!).map(({ attrs }) => attrs.var);
    };
    const always = [
      'urn:xmpp:message-retract:1',
      'urn:xmpp:message-retract:1#tombstone',
      'urn:xmpp:message-moderate:1',
    ];
    const archive = ['urn:xmpp:mam:2', 'urn:xmpp:mam:2#extended', 'urn:xmpp:fulltext:0'];
    const all = await features();
    for (const one of [...always, ...archive]) assert.ok(all.includes(one), one);
    await juliet.sends(leave('Juliet'));
    await scene.settle();
    const { id, config } = (await scene.stores.rooms.get(SERVICE, 'garden'))!;
    await scene.stores.rooms.configure(id, { ...config, archived: false });
    await enters(juliet, 'Juliet');
    const fewer = await features();
    for (const one of always) assert.ok(fewer.includes(one), one);
    for (const one of archive) assert.ok(!fewer.includes(one), one);
  });

  test('XEP-0431: words are found in a room’s archive, with the limits of one’s own', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    const romeo = await scene.comes('romeo@example.test/orchard');
    await makes(juliet, 'Juliet');
    await enters(romeo, 'Romeo');
    await juliet.sends(say('The meeting is at ten'));
    await romeo.sends(say('Which meeting?'));
    await romeo.sends(say('meetings, always'));
    await scene.settle();
    for (const who of [juliet, romeo]) await who.all();
    const find = async (fields: Record<string, string>) => (await readsArchive(romeo, fields, '', ROOM)).bodies;
    assert.deepEqual(await find({ [FULLTEXT]: 'meet' }), [
      'The meeting is at ten',
      'Which meeting?',
      'meetings, always',
    ]);
    assert.deepEqual(await find({ [FULLTEXT]: '"meeting is"' }), ['The meeting is at ten']);
    assert.deepEqual(await find({ [FULLTEXT]: 'meeting', with: `${ROOM}/Romeo` }), [
      'Which meeting?',
      'meetings, always',
    ]);
    assert.deepEqual(await find({ [FULLTEXT]: 'meeting', with: 'romeo@example.test' }), [
      'Which meeting?',
      'meetings, always',
    ]);
    await isRefused(romeo, 'policy-violation', { [FULLTEXT]: 'a '.repeat(17) });
    // A search in a room and one in one's own archive are counted together.
    for (let n = 0; n < 28; n++) {
      await find({ [FULLTEXT]: 'nothing' });
      await readsArchive(romeo, { [FULLTEXT]: 'nothing' });
    }
    await isRefused(romeo, 'resource-constraint', { [FULLTEXT]: 'meeting' });
  });

  test('what is older than it is kept expires; with the room goes all', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    await makes(juliet, 'Juliet');
    await juliet.sends(say('one'));
    await juliet.sends(say('two'));
    await scene.settle();
    const { archives, archiveSearch } = scene.stores;
    const owner = await roomId(scene);
    const [, second] = (await readsArchive(juliet, {}, '', ROOM)).found;
    archives.settle();
    assert.equal(await archives.expire(owner, Number(second!.id), 10), 1);
    assert.equal(await archives.expire(owner, Number(second!.id), 10), 0);
    assert.deepEqual((await readsArchive(juliet, {}, '', ROOM)).bodies, ['two']);
    await juliet.gets(
      `<iq type='set' to='${ROOM}'><query xmlns='http://jabber.org/protocol/muc#owner'><destroy/></query></iq>`,
    );
    await scene.settle();
    assert.deepEqual((await archives.page(owner, { limit: 9, fromEnd: false })).rows, []);
    assert.deepEqual(await archiveSearch.mentions(owner, `${ROOM}/Juliet`, 'two'), []);
    assert.equal(await archives.largestId(), 0, 'no text is left');
  });

  test('a removal of a room that a crash cut short is finished later; an account’s archive is nothing of it', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    const romeo = await scene.comes('romeo@example.test/orchard');
    await makes(juliet, 'Juliet');
    await juliet.sends(say('one'));
    await juliet.sends(`<message to='romeo@example.test' type='chat'><body>for you</body></message>`);
    await juliet.sends(leave('Juliet'));
    await scene.settle();
    await romeo.all();
    const { rooms, archives } = scene.stores;
    const stored = (await rooms.get(SERVICE, 'garden'))!;
    const { id: account } = await scene.account('juliet@example.test');
    assert.ok(stored.id > 2 ** 40 && account < 1_000, 'numbers of rooms and of accounts do not meet');
    await rooms.remove(stored);
    assert.equal((await archives.page(stored.id, { limit: 9, fromEnd: false })).rows.length, 1);
    await rooms.sweep();
    assert.equal((await archives.page(stored.id, { limit: 9, fromEnd: false })).rows.length, 0);
    assert.deepEqual((await readsArchive(romeo)).bodies, ['for you']);
  });
});
