import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Database, Statement } from '../../../server/storage/database.ts';
import { RetiredRooms } from '../../../server/storage/stores/retired-rooms.ts';
import { leaveRooms, type RoomConfig, Rooms, type StoredRoom } from '../../../server/storage/stores/rooms.ts';
import { house } from './support.ts';

const SERVICE = 'conference.o';
const CONFIG = { title: '', description: '', public: true, persistent: true } as RoomConfig;

function room(id: number, more: Partial<StoredRoom> = {}): StoredRoom {
  const plain = { service: SERVICE, name: `r${id}`, createdAt: 1, createdBy: 'juliet@o', secret: Buffer.from('s') };
  return { id, ...plain, config: CONFIG, subject: undefined, ...more };
}

const owner = { jid: 'juliet@o', affiliation: 'owner', nick: '', reason: '' } as const;
const gone = { reason: 'why', alternate: 'other@x', retiredAt: 7, retiredBy: 'juliet@o', secret: false };

/** A database that notes what it is asked. */
function noting(db: Database): { db: Database; asked: Statement[] } {
  const asked: Statement[] = [];
  const note = (method: 'all' | 'get' | 'run' | 'batch') => (what: Statement | readonly Statement[]) => {
    asked.push(...(Array.isArray(what) ? (what as Statement[]) : [what as Statement]));
    return (db[method] as (what: unknown) => Promise<unknown>)(what);
  };
  const noted = { all: note('all'), get: note('get'), run: note('run'), batch: note('batch') };
  return { db: Object.assign(Object.create(db) as Database, noted), asked };
}

describe('rooms', () => {
  it('count as those of who made them, until they are gone or their maker is', async (t) => {
    const { db, rooms } = await house(t);
    await rooms.create(room(1), [owner]);
    await rooms.create(room(2), [owner]);
    await rooms.create(room(3, { createdBy: '' }), []);
    assert.deepEqual([await rooms.countOf(SERVICE, 'juliet@o'), await rooms.countOf(SERVICE, '')], [2, 0]);
    await rooms.remove(room(1));
    assert.equal(await rooms.countOf(SERVICE, 'juliet@o'), 1);
    await db.batch(leaveRooms('juliet@o'));
    assert.equal(await rooms.countOf(SERVICE, 'juliet@o'), 0);
    assert.equal((await rooms.get(SERVICE, 'r2'))?.createdBy, '');
  });

  it('that are temporary are found, as their last configuration says', async (t) => {
    const { rooms } = await house(t);
    const temporary = { ...CONFIG, persistent: false };
    await rooms.create(room(1), []);
    await rooms.create(room(2, { config: temporary }), []);
    const names = async () => (await rooms.temporary(SERVICE)).map(({ name }) => name);
    assert.deepEqual(await names(), ['r2']);
    await rooms.configure(1, temporary);
    await rooms.configure(2, CONFIG);
    assert.deepEqual(await names(), ['r1']);
  });

  it('are found by an index in every question', async (t) => {
    const { db: plain, archives } = await house(t);
    const { db, asked } = noting(plain);
    const rooms = new Rooms(db, archives);
    const retired = new RetiredRooms(db);
    await rooms.create(room(1), [owner]);
    await rooms.configure(1, CONFIG);
    await rooms.members(1);
    await rooms.page(SERVICE, { limit: 5 });
    await rooms.temporary(SERVICE);
    await rooms.countOf(SERVICE, 'juliet@o');
    await rooms.count(SERVICE);
    await rooms.of(SERVICE, 'juliet@o');
    await rooms.remove(room(1), { ...gone, secret: true });
    await retired.get(SERVICE, 'r1');
    await retired.knew(SERVICE, 'r1', 'juliet@o');
    await retired.page(SERVICE, { limit: 5 });
    await retired.free(SERVICE, 'r1');
    await db.batch(leaveRooms('juliet@o'));
    assert.ok(asked.length >= 15);
    for (const statement of asked) {
      // The engine explains what reads; what is changed is found in the same way.
      const text = statement.text
        .replace(/^DELETE FROM/, 'SELECT 1 FROM')
        .replace(/^INSERT INTO \w+ \([^)]*\)\s+SELECT/, 'SELECT');
      if (!text.startsWith('SELECT')) continue;
      const plan = await plain.all<{ detail: string }>({ ...statement, text: `EXPLAIN QUERY PLAN ${text}` });
      const scans = plan.map((row) => row.detail).filter((step) => /^SCAN /.test(step));
      assert.deepEqual(scans, [], statement.text);
    }
    // What is changed for who is removed, the same: the values are those of the question alone.
    for (const table of ['room WHERE created_by', 'retired_room WHERE retired_by']) {
      const column = table.split(' ').at(-1)!;
      const text = `EXPLAIN QUERY PLAN SELECT 1 FROM ${table} = ? AND ${column} <> ''`;
      const plan = await plain.all<{ detail: string }>({ text, values: ['juliet@o'] });
      assert.match(plan.map((row) => row.detail).join(), /SEARCH .* INDEX/);
    }
  });
});
