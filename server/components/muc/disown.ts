import type { Room } from './room.ts';
import type { Rooms } from './rooms.ts';

/**
 * Somebody's account was removed, and in the store they are nobody to the rooms already: whoever gets the address next inherits
 * nothing in those that are in use either (SECURITY 50). Bans stay, as they do in the store.
 */
export async function disown(rooms: Rooms, bare: string): Promise<void> {
  const waiting: Promise<void>[] = [];
  for (const room of [...rooms.inUse.all()]) {
    forget(room, bare);
    for (const occupant of [...room.occupants.values()]) if (occupant.bare === bare) rooms.remove(room, occupant);
    waiting.push(rooms.inUse.using(room, () => again(rooms, room, bare)));
  }
  waiting.push(rooms.inUse.whenLoaded((room) => again(rooms, room, bare)));
  await Promise.all(waiting);
  await rooms.host.house.stores.roomInvitations.forget(bare); // one that was under way
}

/** A change that was under way may have written what was removed. */
function again(rooms: Rooms, room: Room, bare: string): Promise<void> {
  const { rooms: store, roomHats } = rooms.host.house.stores;
  return room.changing(async () => {
    for (const uri of room.hats.wornBy(bare)) await roomHats.unassign(room.id, { jid: bare, uri });
    if (forget(room, bare) && room.stored && !room.destroyed) {
      await store.affiliate(room.id, [nobody(bare)]);
    }
  });
}

function forget(room: Room, bare: string): boolean {
  const known = room.members.get(bare);
  room.rememberVoice(bare, undefined);
  room.hats.takeOff(bare);
  if (known === undefined || known.affiliation === 'outcast') return false;
  room.members.put(nobody(bare));
  return true;
}

const nobody = (jid: string) => ({ jid, affiliation: 'none', nick: '', reason: '' }) as const;
