import type { RoomAffiliation, RoomMember, RoomRole } from '../../storage/stores/rooms.ts';
import { type Element, el, elements } from '../../xmpp/element.ts';
import type { Jid } from '../../xmpp/jid.ts';
import { NS } from '../../xmpp/ns.ts';
import { StanzaError } from '../../xmpp/stanza-error.ts';
import { atLeast, firstRole, isAffiliation } from './affiliations.ts';
import type { RoomRequest } from './feature.ts';
import type { Occupant } from './occupant.ts';
import { standingOf } from './permits.ts';
import { isRole } from './role.ts';
import type { Room } from './room.ts';
import type { Rooms } from './rooms.ts';

/** Answers who has an affiliation or a role (XEP-0045 §8.5, §9.2, §9.5, §9.8, §10.5, §10.8). Throws StanzaError. */
export function listed({ pace }: Rooms, { room, payload, from }: RoomRequest): Element {
  const [item, ...more] = elements(payload).filter(({ name }) => name === 'item');
  const { affiliation, role } = (item?.attrs ?? {}) as Record<string, string | undefined>;
  if (item === undefined || more.length > 0 || (affiliation === undefined) === (role === undefined)) {
    throw new StanzaError('bad-request', 'Please ask for one affiliation or one role.');
  }
  if (isRole(role) && role !== 'none') {
    const occupants = withRole(room, from, role);
    pace.lists(from, occupants.length);
    return el('query', { xmlns: NS.mucAdmin }, ...occupants.map((occupant) => itemOf(room, occupant)));
  }
  // §5.2: there is no list of those who are none.
  if (!isAffiliation(affiliation) || affiliation === 'none')
    throw new StanzaError('bad-request', 'There is no such list.');
  if (!maySee(room, from, affiliation)) throw new StanzaError('forbidden', 'This list is not for you.');
  const members = [...room.members.values()].filter((member) => member.affiliation === affiliation);
  pace.lists(from, members.length);
  return el('query', { xmlns: NS.mucAdmin }, ...members.map(rowOf));
}

/** §8.5, §9.8 */
function withRole(room: Room, from: Jid, wanted: RoomRole): Occupant[] {
  const { affiliation, role } = standingOf(room, from);
  const may = atLeast(affiliation, 'admin') || (role === 'moderator' && wanted !== 'moderator');
  if (!may) throw new StanzaError('forbidden', 'This list is not for you.');
  return [...room.occupants.values()].filter((occupant) => occupant.role === wanted);
}

function itemOf(room: Room, { nick, role, front: { jid } }: Occupant): Element {
  return el('item', { affiliation: room.affiliationOf(jid), jid: jid.full, nick, role });
}

/** Lists hold addresses: in a semi-anonymous room they are for those who see addresses anyway (§5.2.1, SECURITY 45). */
function maySee(room: Room, from: Jid, wanted: RoomAffiliation): boolean {
  const { affiliation, role } = standingOf(room, from);
  if (affiliation === 'owner') return true;
  if (affiliation === 'outcast') return false;
  if (wanted === 'outcast') return atLeast(affiliation, 'admin'); // §9.2
  if (wanted === 'member' && atLeast(affiliation, 'admin')) return true; // §9.5
  const { openAddresses, memberList, membersOnly } = room.config;
  // §9.5: members as if they were in the room, though they are not.
  const as = role === 'none' && atLeast(affiliation, 'member') ? firstRole(affiliation, room.config) : role;
  if (membersOnly && !atLeast(affiliation, 'member')) return false;
  if (!openAddresses && (wanted !== 'member' || as !== 'moderator')) return false; // §10.5, §10.8
  return memberList.includes(as);
}

/** §17.4: the bare address, the reserved nickname and no role. */
function rowOf({ jid, affiliation, nick, reason }: RoomMember): Element {
  const why = affiliation === 'outcast' && reason !== '' && el('reason', {}, reason);
  return el('item', { affiliation, jid, nick: nick === '' ? undefined : nick }, why);
}
