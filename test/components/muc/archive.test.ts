import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { child, elements, serialize } from '../../../server/xmpp/element.ts';
import type { Actor } from '../../support/actor.ts';
import { archiveQuery, readsArchive, stanzaIds } from '../../support/archive.ts';
import { enters, leave, makes, ROOM, say } from '../../support/rooms.ts';
import { openScene, type Scene } from '../../support/scene.ts';
import { find } from '../../support/xml.ts';

const FULLTEXT = '{urn:xmpp:fulltext:0}fulltext';
const reads = (who: Actor, fields: Record<string, string> = {}, set = '') => readsArchive(who, fields, set, ROOM);
const isRefused = (who: Actor, condition: string, fields: Record<string, string> = {}) =>
  who.isRefused(archiveQuery(fields, '', `to='${ROOM}'`), condition);

/** Juliet's room with Romeo in it. */
async function garden(t: TestContext, fields: Record<string, string> = {}) {
  const scene = await openScene(t);
  const juliet = await scene.comes('juliet@example.test/balcony');
  const romeo = await scene.comes('romeo@example.test/orchard');
  await makes(juliet, 'Juliet', fields);
  await enters(romeo, 'Romeo');
  await juliet.all();
  return { scene, juliet, romeo };
}

/** Sets in the store and in the room what owners set. */
async function becomes(scene: Scene, config: object): Promise<void> {
  const { rooms } = scene.stores;
  const stored = await rooms.get('conference.example.test', 'garden');
  await rooms.configure(stored!.id, { ...stored!.config, ...config });
}

/** Gives somebody an affiliation while nobody is in the room. */
async function affiliate(scene: Scene, jid: string, affiliation: 'member' | 'outcast' | 'none'): Promise<void> {
  const stored = await scene.stores.rooms.get('conference.example.test', 'garden');
  await scene.stores.rooms.affiliate(stored!.id, [{ jid, affiliation, nick: '', reason: '' }]);
}

describe('XEP-0313: the archive of a room', () => {
  test('§3, §6.1.2: results come from the room, with its occupants’ addresses and without `to`, under the ids of the live messages', async (t) => {
    const { juliet, romeo } = await garden(t);
    await romeo.sends(say('one'));
    await juliet.sends(say('two'));
    const live = await juliet.all();
    const answer = await juliet.asks(archiveQuery({ start: '2020-01-01T00:00:00Z' }, '', `to='${ROOM}' id='q'`));
    assert.equal(answer.attrs.from, ROOM);
    const results = await juliet.all();
    assert.equal(results.length, 2);
    for (const [i, element] of results.entries()) {
      assert.equal(element.attrs.from, ROOM);
      assert.equal(element.attrs.to, juliet.jid);
      const result = child(element, 'result', 'urn:xmpp:mam:2')!;
      const inner = find(result, 'forwarded', 'message')!;
      const said = live[i]!;
      assert.equal(inner.attrs.from, said.attrs.from);
      assert.equal(inner.attrs.to, undefined);
      assert.equal(inner.attrs.id, said.attrs.id);
      assert.deepEqual(stanzaIds(said), [{ by: ROOM, id: result.attrs.id }]);
      assert.equal(find(result, 'forwarded', 'delay')?.attrs.from, ROOM);
      assert.deepEqual(elements(inner).map(serialize), elements(said).map(serialize));
    }
  });

  test('§4: pages, forwards, backwards and flipped, times, ids, and the ends of the archive', async (t) => {
    const { juliet } = await garden(t);
    for (const text of 'abcde') await juliet.sends(say(text));
    await juliet.all();
    const all = await reads(juliet);
    assert.deepEqual([all.bodies.join(''), all.complete, all.count], ['abcde', true, 5]);
    const [a, b, , d, e] = all.found;
    const page = await reads(juliet, {}, `<max>2</max><after>${a!.id}</after>`);
    assert.deepEqual([page.bodies.join(''), page.complete, page.count], ['bc', false, 5]);
    assert.deepEqual((await reads(juliet, {}, '<max>2</max><before/>')).bodies, ['d', 'e']);
    assert.deepEqual((await reads(juliet, { 'after-id': b!.id, 'before-id': e!.id })).bodies, ['c', 'd']);
    assert.deepEqual((await reads(juliet, { ids: d!.id })).bodies, ['d']);
    assert.deepEqual((await reads(juliet, { end: '2021-01-01T00:00:00Z' })).bodies, []);
    await isRefused(juliet, 'item-not-found', { ids: '4711' });
    const flipped = archiveQuery({}, '<max>2</max>', `to='${ROOM}'`).replace('</query>', '<flip-page/></query>');
    await juliet.gets(flipped);
    const bodies = (await juliet.all()).map((one) => /<body>(.)/.exec(serialize(one))?.[1]);
    assert.deepEqual(bodies, ['b', 'a']);
    const ends = await juliet.gets(`<iq type='get' to='${ROOM}'><metadata xmlns='urn:xmpp:mam:2'/></iq>`);
    assert.equal(find(ends, 'metadata', 'start')?.attrs.id, a!.id);
    assert.equal(find(ends, 'metadata', 'end')?.attrs.id, e!.id);
  });

  test('§4.1.5: the form has what can be asked for, and nothing else can', async (t) => {
    const { romeo } = await garden(t);
    const form = await romeo.gets(`<iq type='get' to='${ROOM}'><query xmlns='urn:xmpp:mam:2'/></iq>`);
    const names = elements(find(form, 'query', 'x')!).map(({ attrs }) => attrs.var);
    assert.deepEqual(names, ['FORM_TYPE', 'with', 'start', 'end', 'before-id', 'after-id', 'ids', FULLTEXT]);
    await isRefused(romeo, 'feature-not-implemented', { colour: 'green' });
  });

  test('§6.1.2: what is said and subjects are kept; what is refused, signals and private messages are not', async (t) => {
    const { juliet, romeo } = await garden(t);
    await juliet.sends(say('kept'));
    await juliet.sends(`<message to='${ROOM}' type='groupchat'><subject>Love</subject></message>`);
    await juliet.sends(`<message to='${ROOM}/Romeo' type='chat'><body>between us</body></message>`);
    const composing = "<composing xmlns='http://jabber.org/protocol/chatstates'/>";
    await juliet.sends(`<message to='${ROOM}' type='groupchat'>${composing}</message>`);
    const hint = "<no-store xmlns='urn:xmpp:hints'/>";
    await juliet.sends(`<message to='${ROOM}' type='groupchat'><body>off the record</body>${hint}</message>`);
    await juliet.sends(`<message to='${ROOM}' type='normal'><body>what?</body></message>`);
    await romeo.all();
    const { found } = await reads(romeo);
    assert.equal(found.length, 2);
    assert.match(serialize(found[0]!.message), /<body>kept<\/body>/);
    assert.match(serialize(found[1]!.message), /<subject>Love<\/subject>/);
  });

  test('what is said in a room is in nobody’s own archive; private messages are, as their kind says (XEP-0045 §7.5)', async (t) => {
    const { scene, juliet, romeo } = await garden(t);
    await juliet.sends(say('for all'));
    await juliet.sends(`<message to='${ROOM}' type='groupchat'><subject>Love</subject></message>`);
    await juliet.sends(`<message to='${ROOM}/Romeo' type='chat'><body>between us</body></message>`);
    await reads(romeo);
    await scene.settle();
    for (const who of [juliet, romeo]) {
      await who.all();
      const { found, bodies } = await readsArchive(who);
      assert.deepEqual(bodies, ['between us']);
      assert.match(serialize(found[0]!.message), /<x xmlns='http:\/\/jabber\.org\/protocol\/muc#user'/);
      assert.deepEqual((await readsArchive(who, { with: `${ROOM}/${who === juliet ? 'Romeo' : 'Juliet'}` })).bodies, [
        'between us',
      ]);
    }
  });

  test('§4.1.1: the messages of an occupant; those of a person only for who may know it (SECURITY 45)', async (t) => {
    const { scene, juliet, romeo } = await garden(t);
    await romeo.sends(say('one'));
    await juliet.sends(say('two'));
    await romeo.sends(`<presence to='${ROOM}/Montague'/>`);
    await romeo.sends(say('three'));
    await scene.settle();
    for (const who of [juliet, romeo]) await who.all();
    assert.deepEqual((await reads(juliet, { with: `${ROOM}/Romeo` })).bodies, ['one']);
    assert.deepEqual((await reads(juliet, { with: ROOM })).bodies, ['one', 'two', 'three']);
    assert.deepEqual((await reads(juliet, { with: 'romeo@example.test' })).bodies, ['one', 'three']);
    assert.deepEqual((await reads(romeo, { with: 'romeo@example.test' })).bodies, ['one', 'three']);
    await isRefused(romeo, 'forbidden', { with: 'juliet@example.test' });
    await isRefused(romeo, 'forbidden', { with: 'nobody@example.test' });
  });

  test('no answer of an archive has somebody’s address in it (SECURITY 45)', async (t) => {
    const { scene, juliet, romeo } = await garden(t);
    const street = await scene.comes('romeo@example.test/street');
    await juliet.sends(say('one'));
    await juliet.sends(`<message to='${ROOM}' type='groupchat'><subject>Love</subject></message>`);
    await scene.settle();
    for (const asker of [romeo, street]) {
      await asker.all();
      await asker.gets(archiveQuery({}, '', `to='${ROOM}'`));
      const got = (await asker.all()).map(serialize);
      assert.equal(got.length, 2);
      for (const one of got) assert.doesNotMatch(one, /juliet@|balcony/);
    }
    const { id } = (await scene.stores.rooms.get('conference.example.test', 'garden'))!;
    const { rows } = await scene.stores.archives.page(id, { limit: 9, fromEnd: false });
    assert.doesNotMatch(JSON.stringify(rows), /juliet@|romeo@/);
  });

  test('§6.1.2: where everybody sees all addresses, messages say whose they are, if they are in the room or belong to it', async (t) => {
    const { scene, juliet, romeo } = await garden(t);
    await romeo.sends(
      `<message to='${ROOM}' type='groupchat' id='forged'><body>one</body><x xmlns='http://jabber.org/protocol/muc#user'><item jid='juliet@example.test'/></x>` +
        `<y xmlns='x:y'><occupant-id xmlns='urn:xmpp:occupant-id:0' id='x'/></y></message>`,
    );
    await juliet.sends(say('two'));
    for (const who of [juliet, romeo]) await who.sends(leave('x'));
    await scene.settle();
    const authors = async (who: Actor): Promise<(string | undefined)[]> => {
      await who.all();
      const { found } = await reads(who);
      return found.map(({ message }) => find(message, 'x', 'item')?.attrs.jid);
    };
    assert.deepEqual(await authors(romeo), [undefined, undefined]);
    await becomes(scene, { openAddresses: true });
    assert.deepEqual(await authors(romeo), [undefined, undefined], 'who is not in sees nobody');
    await isRefused(romeo, 'forbidden', { with: 'juliet@example.test' });
    await enters(romeo, 'Somebody');
    assert.deepEqual(await authors(romeo), ['romeo@example.test', 'juliet@example.test']);
    assert.deepEqual((await reads(romeo, { with: 'juliet@example.test' })).bodies, ['two']);
    assert.deepEqual(await authors(juliet), ['romeo@example.test', 'juliet@example.test']);
    await romeo.sends(leave('Somebody'));
    await scene.settle();
    await affiliate(scene, 'romeo@example.test', 'outcast');
    assert.deepEqual(await authors(juliet), [undefined, 'juliet@example.test']);
  });

  test('the answer comes after all that belongs to it, though the asker’s block list is read first', async (t) => {
    const { scene, juliet } = await garden(t);
    for (const text of 'abc') await juliet.sends(say(text));
    const nurse = await scene.comes('nurse@example.test/hall');
    await nurse.sends(archiveQuery({}, '', `to='${ROOM}' id='q'`));
    assert.deepEqual(
      (await nurse.all()).map(({ name }) => name),
      ['message', 'message', 'message', 'iq'],
    );
  });
});

describe('XEP-0313 §6.1.2, SECURITY 41: who may read the archive of a room', () => {
  /** What the archive says to somebody who is not in the room, has this affiliation, and asks a room like this. */
  const cases: [config: object, affiliation: 'none' | 'member' | 'outcast', answer: string][] = [
    [{}, 'none', 'one'],
    [{}, 'member', 'one'],
    [{}, 'outcast', 'forbidden'],
    [{ membersOnly: true }, 'none', 'forbidden'],
    [{ membersOnly: true }, 'member', 'one'],
    [{ membersOnly: true }, 'outcast', 'forbidden'],
    [{ password: 'cypress' }, 'none', 'forbidden'],
    [{ password: 'cypress' }, 'member', 'one'],
    [{ archived: false }, 'none', 'service-unavailable'],
    [{ archived: false }, 'member', 'service-unavailable'],
    [{ archived: false }, 'outcast', 'forbidden'],
    [{ archived: false, membersOnly: true }, 'none', 'forbidden'],
  ];
  test('not in the room: who may enter now, of rooms with a password its members', async (t) => {
    const { scene, juliet, romeo } = await garden(t);
    await juliet.sends(say('one'));
    for (const who of [juliet, romeo]) await who.sends(leave('x'));
    await scene.settle();
    await romeo.all();
    const whole = { membersOnly: false, password: '', archived: true };
    for (const [config, affiliation, answer] of cases) {
      await becomes(scene, { ...whole, ...config });
      await affiliate(scene, 'romeo@example.test', affiliation);
      const as = `${JSON.stringify(config)} ${affiliation}`;
      if (answer === 'one') assert.deepEqual((await reads(romeo)).bodies, ['one'], as);
      else await isRefused(romeo, answer);
      for (const request of ["<query xmlns='urn:xmpp:mam:2'/>", "<metadata xmlns='urn:xmpp:mam:2'/>"]) {
        const got = await romeo.asks(`<iq type='get' to='${ROOM}'>${request}</iq>`);
        assert.equal(got.attrs.type, answer === 'one' ? 'result' : 'error', as);
      }
      await scene.settle();
    }
  });

  test('of a room with a password also who is in it, with their other devices', async (t) => {
    const { scene, juliet, romeo } = await garden(t);
    await juliet.sends(say('one'));
    for (const who of [juliet, romeo]) await who.sends(leave('x'));
    await scene.settle();
    await becomes(scene, { password: 'cypress' });
    const street = await scene.comes('romeo@example.test/street');
    await isRefused(street, 'forbidden');
    await enters(romeo, 'Romeo', '<password>cypress</password>');
    assert.deepEqual((await reads(street)).bodies, ['one']);
    await romeo.sends(leave('Romeo'));
    await scene.settle();
    await isRefused(street, 'forbidden');
  });

  test('of a room that is still being made nobody', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes('juliet@example.test/balcony');
    const romeo = await scene.comes('romeo@example.test/orchard');
    await enters(juliet, 'Juliet');
    for (const who of [juliet, romeo]) await isRefused(who, 'item-not-found');
  });

  test('another room’s message cannot be asked for by its id', async (t) => {
    const { juliet } = await garden(t);
    const other = 'cell@conference.example.test';
    await makes(juliet, 'Juliet', {}, other);
    await juliet.sends(say('secret', other));
    await juliet.all();
    const [secret] = (await readsArchive(juliet, {}, '', other)).found;
    await isRefused(juliet, 'item-not-found', { ids: secret!.id });
    assert.deepEqual((await reads(juliet, { [FULLTEXT]: 'secret' })).bodies, []);
  });

  test('a room that is only asked something is let go of again', async (t) => {
    const { scene, juliet, romeo } = await garden(t);
    await juliet.sends(say('one'));
    for (const who of [juliet, romeo]) await who.sends(leave('x'));
    await scene.settle();
    const before = scene.db.operations;
    await reads(romeo);
    const first = scene.db.operations - before;
    await reads(romeo);
    assert.equal(scene.db.operations - before, 2 * first, 'the second time it is read again');
  });
});

test('XEP-0313 §6.1.2: people of another domain read the archive when they are in, or belong to the room', async (t) => {
  const scene = await openScene(t, { domains: ['example.test', 'elsewhere.test'] });
  const juliet = await scene.comes('juliet@example.test/balcony');
  const romeo = await scene.comes('romeo@elsewhere.test/orchard');
  await makes(juliet, 'Juliet');
  await juliet.sends(say('one'));
  await isRefused(romeo, 'forbidden');
  await enters(romeo, 'Romeo');
  const phone = await scene.comes('romeo@elsewhere.test/phone');
  for (const who of [romeo, phone]) assert.deepEqual((await reads(who)).bodies, ['one']);
  for (const who of [juliet, romeo]) await who.sends(leave('x'));
  await scene.settle();
  await isRefused(romeo, 'forbidden');
  await affiliate(scene, 'romeo@elsewhere.test', 'member');
  for (const who of [romeo, phone]) assert.deepEqual((await reads(who)).bodies, ['one']);
});
