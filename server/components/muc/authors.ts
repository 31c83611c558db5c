import { occupantIdOf } from '../../archive/retraction.ts';
import type { House } from '../../host/house.ts';
import type { ArchivedMessage } from '../../storage/stores/archives.ts';
import type { RoomMember } from '../../storage/stores/rooms.ts';
import { el, insertLast, serialize } from '../../xmpp/element.ts';
import { parseJid } from '../../xmpp/jid.ts';
import { NS } from '../../xmpp/ns.ts';
import type { Room } from './room.ts';

/** The ids that members have in their room, as long as they are what they are. */
const known = new WeakMap<RoomMember, string>();

/**
 * XEP-0313 §6.1.2: in a room where everybody sees all addresses, archived messages say whose they are; what is encrypted for
 * such a room could not be read without. The archive itself has no addresses of people: said are those of who is in the room
 * or belongs to it now, which everybody in it can see anyway.
 */
export function withAuthors(house: House, room: Room, rows: readonly ArchivedMessage[]): readonly ArchivedMessage[] {
  if (!room.config.openAddresses || rows.length === 0) return rows;
  const people = peopleOf(room);
  return rows.map((row) => {
    const bare = people.get(occupantIdOf(house.parse(row.stanza)) ?? '');
    if (bare === undefined) return row;
    const item = el('item', { jid: bare, affiliation: room.affiliationOf(parseJid(bare)) });
    return { id: row.id, stanza: insertLast(row.stanza, serialize(el('x', { xmlns: NS.mucUser }, item))) };
  });
}

/** By their ids in the room. */
function peopleOf(room: Room): Map<string, string> {
  const people = new Map<string, string>();
  for (const member of room.members.values()) {
    if (member.affiliation === 'outcast') continue;
    let id = known.get(member);
    if (id === undefined) {
      id = room.occupantId(member.jid);
      known.set(member, id);
    }
    people.set(id, member.jid);
  }
  for (const { id, bare } of room.occupants.values()) people.set(id, bare);
  return people;
}
