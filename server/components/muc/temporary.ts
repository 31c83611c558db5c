import type { StoredRoom } from '../../storage/stores/rooms.ts';
import type { Rooms } from './rooms.ts';

/** As many as the store gives at once. */
const PAGE = 1_000;

/** Removes a room that nobody is in and that was to end with the last of them (XEP-0045 §4.2), and what it left. */
export async function discard({ host }: Rooms, stored: StoredRoom): Promise<void> {
  const { rooms } = host.house.stores;
  await rooms.remove(stored);
  await rooms.clear(stored.id);
}

/** After a crash temporary rooms are left in the store that nobody is in: they would be listed and counted still. */
export async function sweep(rooms: Rooms): Promise<void> {
  const { stores } = rooms.host.house;
  for (;;) {
    const found = await stores.rooms.temporary(rooms.domain);
    const left = found.filter(({ name, id }) => rooms.inUse.current(name)?.id !== id);
    for (const stored of left) await discard(rooms, stored);
    if (found.length < PAGE || left.length === 0) return;
  }
}
