import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { leaveRooms, type RoomConfig, type StoredRoom } from '../../../server/storage/stores/rooms.ts';
import { house } from './support.ts';

const SERVICE = 'conference.o';
const CONFIG = { title: '', description: '', public: true, persistent: true } as RoomConfig;

function room(id: number, more: Partial<StoredRoom> = {}): StoredRoom {
  const plain = { service: SERVICE, name: `r${id}`, createdAt: 1, createdBy: 'juliet@o', secret: Buffer.from('s') };
  return { id, ...plain, config: CONFIG, subject: undefined, ...more };
}

const owner = { jid: 'juliet@o', affiliation: 'owner', nick: '', reason: '' } as const;
const gone = { reason: 'why', alternate: 'other@x', retiredAt: 7, retiredBy: 'juliet@o', secret: false };

describe('retired names of rooms', () => {
  it('tell those who had a place in the room where it went, and are freed', async (t) => {
    const { db, rooms, retiredRooms } = await house(t);
    const nobody = { jid: 'tybalt@o', affiliation: 'outcast', nick: '', reason: '' } as const;
    await rooms.create(room(1), [owner, nobody]);
    await rooms.remove(room(1), { ...gone, secret: true });
    assert.deepEqual({ ...(await retiredRooms.get(SERVICE, 'r1')) }, { name: 'r1', ...gone, secret: true });
    const knew = (who: string) => retiredRooms.knew(SERVICE, 'r1', who);
    assert.deepEqual([await knew('juliet@o'), await knew('tybalt@o'), await knew('romeo@o')], [true, false, false]);
    await db.batch(leaveRooms('juliet@o'));
    assert.equal(await knew('juliet@o'), false);
    assert.equal((await retiredRooms.get(SERVICE, 'r1'))?.retiredBy, '');
    await retiredRooms.free(SERVICE, 'r1');
    assert.equal(await retiredRooms.get(SERVICE, 'r1'), undefined);
  });

  it('attack: making and destroying rooms for ever keeps a thousand names of one person, the newest, and all of others', async (t) => {
    const { db, rooms, retiredRooms } = await house(t);
    await rooms.create(room(1, { name: 'hers' }), []);
    await rooms.remove(room(1, { name: 'hers' }), { ...gone, retiredBy: 'nurse@o', retiredAt: 0 });
    for (let i = 2; i < 1_012; i++) {
      await rooms.create(room(i), []);
      await rooms.remove(room(i), { ...gone, retiredAt: i });
    }
    const count = await db.get<{ n: number }>({ text: 'SELECT count(*) AS n FROM retired_room', values: [] });
    assert.equal(count?.n, 1_001);
    assert.ok((await retiredRooms.get(SERVICE, 'hers')) !== undefined);
    assert.equal(await retiredRooms.get(SERVICE, 'r11'), undefined);
    assert.ok((await retiredRooms.get(SERVICE, 'r12')) !== undefined);
  });
});
