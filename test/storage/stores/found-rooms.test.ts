import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { STANDARD } from '../../../server/components/muc/config.ts';
import { listedStatement, type RoomQuery } from '../../../server/storage/stores/listed-rooms.ts';
import type { RoomConfig } from '../../../server/storage/stores/rooms.ts';
import { type House, house } from './support.ts';

const SERVICE = 'rooms.office.test';
const ANY: RoomQuery = {
  service: SERVICE,
  words: [],
  inName: true,
  inTitle: true,
  inDescription: true,
  after: '',
  limit: 10,
};
let ids = 1_000;

async function room({ rooms }: House, name: string, config: Partial<RoomConfig> = {}, service = SERVICE) {
  const made = {
    id: ids++,
    service,
    name,
    createdAt: 1,
    createdBy: '',
    secret: new Uint8Array(32),
    subject: undefined,
  };
  const stored = { ...made, config: { ...STANDARD, ...config } };
  await rooms.create(stored, [{ jid: 'juliet@office.test', affiliation: 'owner', nick: '', reason: '' }]);
  return stored;
}

describe('rooms that can be found', () => {
  it('are those whose configuration says so, now', async (t) => {
    const store = await house(t);
    const one = await room(store, 'a');
    await room(store, 'b', { public: false });
    await room(store, 'c', {}, 'rooms.other.test');
    const names = async () => (await store.listedRooms.find(ANY)).map(({ name }) => name).join(' ');
    assert.equal(await names(), 'a');
    assert.equal(await store.listedRooms.count(SERVICE), 1);
    await store.rooms.configure(one.id, { ...one.config, public: false });
    assert.equal(await names(), '');
    await store.rooms.configure(one.id, { ...one.config, title: 'Überall & 100%' });
    const found = async (words: string[], more = {}) =>
      (await store.listedRooms.find({ ...ANY, words, ...more })).length;
    assert.equal(await found(['überall', '100%']), 1);
    assert.equal(await found(['ÜBERALL']), 1);
    assert.equal(await found(['überall'], { inTitle: false }), 0);
    assert.equal(await found(['100_']), 0);
    assert.equal(await found(["'; DROP TABLE room; --"]), 0);
  });

  it('are read by an index that hidden rooms are not in, forwards and backwards, and no further than asked', async (t) => {
    const { db } = await house(t);
    for (const query of [ANY, { ...ANY, words: ['x'] }, { ...ANY, before: 'z' }]) {
      const statement = listedStatement(query);
      const plan = await db.all<{ detail: string }>({ ...statement, text: `EXPLAIN QUERY PLAN ${statement.text}` });
      const steps = plan.map(({ detail }) => detail).join('\n');
      assert.match(steps, /SEARCH room USING INDEX room_listed \(service=\? AND name>\?/);
      assert.doesNotMatch(steps, /SCAN|TEMP B-TREE/);
    }
  });
});

describe('what else is kept of a room', () => {
  it('its card and picture go with it', async (t) => {
    const store = await house(t);
    const one = await room(store, 'a');
    assert.equal(await store.roomCards.hash(one.id), '');
    const card = { xml: '<vCard/>', photo: { type: 'image/png', data: new Uint8Array([1, 2]), hash: 'h' } };
    await store.roomCards.set(one.id, card);
    assert.equal(await store.roomCards.hash(one.id), 'h');
    const kept = await store.afresh().roomCards.get(one.id);
    assert.deepEqual(
      { ...kept, photo: { ...kept?.photo, data: [...(kept?.photo?.data ?? [])] } },
      {
        ...card,
        photo: { ...card.photo, data: [1, 2] },
      },
    );
    await store.roomCards.set(one.id, { xml: '<vCard/>', photo: undefined });
    assert.equal(await store.roomCards.hash(one.id), '');
    await store.roomCards.set(one.id, card);
    await store.rooms.remove(one);
    assert.equal(await store.roomCards.get(one.id), undefined);
    await assert.rejects(store.roomCards.set(one.id, card), { code: 'constraint' });
  });

  it('how members are known and what they were told stays with them, and not for the next of their name', async (t) => {
    const store = await house(t);
    const one = await room(store, 'a');
    const jid = 'juliet@office.test';
    assert.deepEqual(await store.roomReach.of(one.id), []);
    await store.db.batch([store.roomReach.statement(one.id, { jid, knownAs: 'J', told: true })]);
    const owner = { jid, affiliation: 'owner', nick: 'Jule', reason: '' } as const;
    await store.rooms.affiliate(one.id, [owner]);
    assert.deepEqual(await store.roomReach.of(one.id), [{ jid, knownAs: 'J', told: true }]);
    await store.rooms.affiliate(one.id, [{ ...owner, affiliation: 'none', nick: '' }]);
    await store.rooms.affiliate(one.id, [owner]);
    assert.deepEqual(await store.roomReach.of(one.id), []);
  });

  it('to whom it was given goes with the room and with the account', async (t) => {
    const store = await house(t);
    const one = await room(store, 'a');
    const { id } = await store.person('juliet');
    await store.roomReach.give(id, one.id);
    await store.roomReach.give(id, one.id);
    assert.deepEqual([...(await store.roomReach.given(id))], [one.id]);
    await store.rooms.remove(one);
    assert.equal((await store.roomReach.given(id)).size, 0);
    await assert.rejects(store.roomReach.give(id, one.id), { code: 'constraint' });
  });
});
