import { type Jid, parseJid } from '../../xmpp/jid.ts';
import { StanzaError } from '../../xmpp/stanza-error.ts';
import { atLeast } from './affiliations.ts';
import type { RoomFeature } from './feature.ts';
import { CODE } from './presence.ts';
import type { Room } from './room.ts';
import type { Rooms } from './rooms.ts';
import { forOccupants } from './slices.ts';

/**
 * Who may be in a room together, where only chosen people of the house may talk with those of other servers. In a room
 * everybody reads everybody, so it is the room that is shared with others or not: it is, once its owners have made somebody of
 * another server a member. Into a shared room come chosen people only, into any other one nobody from outside; whoever is in
 * when that changes goes. The same holds for who reads its archive.
 */
export const company: RoomFeature = {
  name: 'company',
  xep: [45, '1.35.3'],
  start(rooms) {
    const stop = rooms.host.house.outside?.changed(() => {
      for (const room of rooms.inUse.all()) void keepCompany(rooms, room);
    });
    return {
      join: {
        check: ({ room, from }) => checkCompany(rooms, room, from),
        // A step of the check may have waited.
        enter: ({ room, from }) => checkCompany(rooms, room, from),
      },
      ...(stop !== undefined && { stop }),
    };
  },
};

/** Throws StanzaError for who must not be in a room, or read in it, because of who else is or may be. */
export function checkCompany(rooms: Rooms, room: Room, who: Jid): void {
  const { house } = rooms.host;
  if (house.outside?.chosen !== true) return;
  if (!house.router.has(who.domain)) {
    if (atLeast(room.affiliationOf(who), 'member')) return;
    throw new StanzaError('registration-required', 'From other servers only members come into this room.');
  }
  if (house.outside.mayTalkOutside(who.bare) || house.router.find(who.domain)?.sessions === undefined) return;
  if (isShared(rooms, room)) {
    throw new StanzaError(
      'forbidden',
      'This room is shared with people of other servers, and you may not talk with them.',
    );
  }
}

/** Takes out of a room who must not be in it any more. */
export async function keepCompany(rooms: Rooms, room: Room): Promise<void> {
  if (rooms.host.house.outside?.chosen !== true) return;
  await forOccupants(room, (occupant) => {
    try {
      checkCompany(rooms, room, parseJid(occupant.bare));
    } catch (error) {
      if (!(error instanceof StanzaError)) throw error;
      rooms.remove(room, occupant, { codes: [CODE.kicked], reason: error.message });
    }
  });
}

const known = new WeakMap<Room, { readonly version: number; readonly shared: boolean }>();

/** Its owners have let somebody of another server in. Asked for everybody who comes, so remembered until the list is another one. */
function isShared(rooms: Rooms, room: Room): boolean {
  const { members } = room;
  const before = known.get(room);
  if (before?.version === members.version) return before.shared;
  let shared = false;
  for (const { jid, affiliation } of members.values()) {
    if (!atLeast(affiliation, 'member') || rooms.isOurs(jid)) continue;
    shared = true;
    break;
  }
  known.set(room, { version: members.version, shared });
  return shared;
}
