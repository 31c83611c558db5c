import { child, el, elements } from '../../xmpp/element.ts';
import type { Jid } from '../../xmpp/jid.ts';
import { NS } from '../../xmpp/ns.ts';
import { Stanza } from '../../xmpp/stanza.ts';
import { maskedError } from './masking.ts';
import type { Occupant } from './occupant.ts';
import { announce, CODE } from './presence.ts';
import type { Room } from './room.ts';
import type { Rooms } from './rooms.ts';

/** What says that a device is not there any more, and not only that it did not like a message. */
const GONE: ReadonlySet<string> = new Set([
  'gone',
  'item-not-found',
  'jid-malformed',
  'recipient-unavailable',
  'redirect',
  'remote-server-not-found',
  'remote-server-timeout',
]);

export function saysGone(condition: string): boolean {
  return GONE.has(condition);
}

/** Something that the room passed on comes back: a ghost is let out (XEP-0045 §18.1.1), the writer of a private message told. */
export function bounced(rooms: Rooms, room: Room, occupant: Occupant | undefined, stanza: Stanza): void {
  if (occupant === undefined) return;
  const error = child(stanza.element, 'error');
  const nick = stanza.to!.resource;
  const writer = nick === '' ? undefined : room.occupants.get(nick);
  if (writer !== undefined && writer !== occupant && error !== undefined) {
    const { id } = stanza;
    const answer = el('message', { type: 'error', id: id === '' ? undefined : id }, maskedError(error));
    room.tell(writer, new Stanza(answer, occupant.jid, undefined));
  }
  const condition =
    error === undefined ? undefined : elements(error).find(({ attrs }) => attrs.xmlns === NS.stanzas)?.name;
  if (condition !== undefined && isGone(rooms, stanza.from, condition)) lose(rooms, room, occupant, stanza.from);
}

/**
 * Other servers say of a device that they do not know any more that the service is unavailable (RFC 6121 §8.5.3.2.1), and they
 * say nothing else of one that was there when they were killed. Of our own devices we know; those say it of whom they block.
 */
function isGone(rooms: Rooms, device: Jid, condition: string): boolean {
  if (saysGone(condition)) return true;
  return condition === 'service-unavailable' && rooms.host.house.router.find(device.domain)?.reaches === undefined;
}

/** A device is not there any more. */
export function lose(rooms: Rooms, room: Room, occupant: Occupant, device: Jid): void {
  if (occupant.clients.size > 1) letGo(room, occupant, device);
  else rooms.remove(room, occupant, { codes: [CODE.removedByError] });
}

/** One device of several has gone: the others are shown the presence of another one, if it was the one that they saw. */
export function letGo(room: Room, occupant: Occupant, device: Jid): void {
  const wasFront = occupant.front.jid.full === device.full;
  occupant.clients.delete(device.full);
  room.clients.delete(device.full);
  if (wasFront) announce(room, occupant);
}
