import type { Keeping } from '../../host/keeping.ts';
import type { Session } from '../../host/session.ts';
import type { RoomRole } from '../../storage/stores/rooms.ts';
import { elements, serialize } from '../../xmpp/element.ts';
import { makeJid } from '../../xmpp/jid.ts';
import { Occupant } from './occupant.ts';
import { CODE, farewell, hide, isBroadcast, outside } from './presence.ts';
import type { Room } from './room.ts';
import type { Rooms } from './rooms.ts';

/** One room in which a session is. */
interface Kept {
  readonly room: string;
  /** Of the room: another one of the same name is another room. */
  readonly id: number;
  readonly nick: string;
  readonly role: RoomRole;
  /** Of the person's devices it is the one whose presence is shown. */
  readonly front: boolean;
  /** What its presence says, as XML. */
  readonly presence: string;
}

/** Who goes on after a restart of the server stays in the rooms: to their clients nothing has happened. */
export function keeping(rooms: Rooms): Keeping {
  return {
    of({ jid }) {
      const found: Kept[] = [];
      for (const room of rooms.inUse.all()) {
        const occupant = room.clients.get(jid.full);
        const client = occupant?.clients.get(jid.full);
        if (occupant === undefined || client === undefined || client.lost === true || !room.stored) continue;
        const presence = `<presence>${client.presence.map(serialize).join('')}</presence>`;
        const { nick, role, front } = occupant;
        found.push({ room: room.name, id: room.id, nick, role, front: front === client, presence });
      }
      return found.length === 0 ? undefined : found.map((one) => ({ ...one }));
    },
    async back(session, kept) {
      for (const one of kept as unknown as readonly Kept[]) await comeBack(rooms, session, one);
    },
  };
}

async function comeBack(
  rooms: Rooms,
  { jid }: Session,
  { room: name, id, nick, role, front, presence }: Kept,
): Promise<void> {
  const as = makeJid(name, rooms.domain, nick);
  const room = await rooms.inUse.get(name, true);
  const there = room?.occupants.get(nick);
  if (room?.id !== id || (there !== undefined && there.bare !== jid.bare)) {
    rooms.send(outside(as, jid));
    return;
  }
  const occupant = there ?? new Occupant(as, jid.bare, room.occupantId(jid.bare), role);
  const others = front ? [] : [...occupant.clients.values()];
  occupant.shows(jid, elements(rooms.host.house.parse(presence)));
  for (const other of others) occupant.shows(other.jid, other.presence);
  room.occupants.set(nick, occupant);
  room.clients.set(jid.full, occupant);
  rooms.inUse.keep(room);
}

/** The service ends (XEP-0045 §15.6.2: 332): who does not go on is told so, and those who do are told who has left. */
export function sayGoodbye(room: Room, goingOn: ReadonlySet<string>): void {
  const change = { codes: [CODE.shutdown] };
  const gone: Occupant[] = [];
  for (const occupant of room.occupants.values()) {
    const goodbye = farewell(room, occupant, change);
    let left = 0;
    for (const { jid, lost } of occupant.clients.values()) {
      if (goingOn.has(jid.full)) continue;
      left++;
      if (lost !== true) room.send(goodbye.for(jid));
    }
    if (left === occupant.clients.size) gone.push(occupant);
  }
  // Each is told their own going only: of the others those need to hear who stay.
  for (const { nick } of gone) room.occupants.delete(nick);
  for (const occupant of gone) if (isBroadcast(room, occupant.role)) hide(room, occupant, change);
  room.occupants.clear();
  room.clients.clear();
}
