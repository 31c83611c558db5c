import type { RoomAffiliation } from '../../storage/stores/rooms.ts';
import { TokenBuckets } from '../../util/token-bucket.ts';
import { el } from '../../xmpp/element.ts';
import { tryParseJid } from '../../xmpp/jid.ts';
import { NS } from '../../xmpp/ns.ts';
import { Stanza } from '../../xmpp/stanza.ts';
import { StanzaError } from '../../xmpp/stanza-error.ts';
import type { Room } from './room.ts';
import type { Rooms } from './rooms.ts';

/** Owners of one room who are told. */
const MOST = 20;
/** By room. What waits for somebody who is away has bounds, too, and must not be filled up with this. */
const notes = new TokenBuckets({ capacity: 20, perSecond: 1 / 600, keys: 5_000 });
const DAY = 86_400;
const arrivals = new TokenBuckets({ capacity: 1, perSecond: 1 / DAY, keys: 5_000 });

/** What somebody became. */
const BECAME: Readonly<Record<RoomAffiliation, (who: string) => string>> = {
  owner: (who) => `made ${who} an owner of`,
  admin: (who) => `made ${who} an admin of`,
  member: (who) => `made ${who} a member of`,
  none: (who) => `took ${who} out of the list of people of`,
  outcast: (who) => `banned ${who} from`,
};

/** Who owns a room and is not in it, so that they do not see what is done to it. */
export function ownersAway(room: Room): string[] {
  const here = new Set([...room.occupants.values()].map(({ bare }) => bare));
  const away: string[] = [];
  for (const { jid, affiliation } of room.members.values()) {
    if (affiliation === 'owner' && !here.has(jid) && away.push(jid) === MOST) break;
  }
  return away;
}

/**
 * Tells owners that administrators of the house gave somebody another affiliation: now, or when they come, as any message that waits.
 * Resolves when it is handed to the store; never rejects.
 */
export function tellOfPerson(
  rooms: Rooms,
  room: Room,
  owners: readonly string[],
  who: string,
  affiliation: RoomAffiliation,
): Promise<void> {
  return tell(rooms, room, owners, BECAME[affiliation](who), notes);
}

/** The same when they changed who may come in. */
export function tellOfDoor(rooms: Rooms, room: Room, owners: readonly string[]): Promise<void> {
  return tell(rooms, room, owners, 'changed who may come into', notes);
}

/** The same when people come in by a department, or because everybody does: once a day, as they may be many. */
export function tellOfArrivals(rooms: Rooms, room: Room): Promise<void> {
  const what = 'let people in, by a department or as a room for everybody. Look at the list of members of';
  return tell(rooms, room, ownersAway(room), what, arrivals);
}

async function tell(
  { host }: Rooms,
  { id, jid }: Room,
  owners: readonly string[],
  what: string,
  bounds: TokenBuckets,
): Promise<void> {
  if (owners.length === 0 || bounds.take(`${id}`) > 0) return;
  const isLast = bounds === notes && notes.take(`${id}`) > 0;
  if (bounds === notes && !isLast) notes.give(`${id}`);
  const text = `An administrator of this server ${what} the room ${jid.bare}, which you own.`;
  const rest = isLast ? ' What else is changed now is not told one by one: look at who belongs to it.' : '';
  for (const owner of owners) {
    const element = el(
      'message',
      { type: 'normal' },
      el('body', {}, text + rest),
      el('addresses', { xmlns: NS.addresses }, el('address', { type: 'noreply' })), // nobody reads an answer (XEP-0506)
    );
    try {
      await host.post(new Stanza(element, host.jid, tryParseJid(owner)));
    } catch (error) {
      // There is no more room for them, say: it is in the audit log all the same.
      if (!(error instanceof StanzaError))
        host.house.log.error({ err: error, room: jid.bare }, 'an owner was not told');
    }
  }
}
