import { child, type Element, el } from '../../xmpp/element.ts';
import type { Jid } from '../../xmpp/jid.ts';
import { NS } from '../../xmpp/ns.ts';
import type { Stanza } from '../../xmpp/stanza.ts';
import { StanzaError } from '../../xmpp/stanza-error.ts';
import { letGo } from './bounce.ts';
import type { Joining } from './feature.ts';
import type { Occupant } from './occupant.ts';
import { announce, announceGone, CODE, contentOf, farewell, outside } from './presence.ts';
import type { Room } from './room.ts';
import type { Rooms } from './rooms.ts';

/** Characters of a presence, as of one that is for all contacts: everybody in the room gets it, and everybody who comes. */
const LONGEST = 16_384;

/** Presence to a room: coming, going, being away, another nickname (XEP-0045 §7.2, §7.6, §7.7, §7.14). */
export function movement(rooms: Rooms, found: Room | undefined, stanza: Stanza): void | Promise<void> {
  const { from, type } = stanza;
  const to = stanza.to!;
  const occupant = found?.clients.get(from.full);
  if (type === 'unavailable' || type === 'error') {
    if (found !== undefined && occupant !== undefined) leave(rooms, found, occupant, stanza);
    return;
  }
  if (type !== '') return; // subscriptions and probes: a room has nothing to say to them
  if (from.resource === '') throw new StanzaError('bad-request', 'A device comes, not an account.');
  if (to.resource === '') throw new StanzaError('jid-malformed', 'Please choose a name for the room.'); // §7.2.1
  if (stanza.text.length > LONGEST) {
    throw new StanzaError('policy-violation', `Presence in a room has at most ${LONGEST} characters.`);
  }
  const wish = child(stanza.element, 'x', NS.muc);
  if (found !== undefined && occupant !== undefined) {
    if (to.resource !== occupant.nick) {
      if (wish === undefined) stanza.element.append(el('x', { xmlns: NS.muc })); // §7.6: a refusal says what it is about
      return changeNick(rooms, found, occupant, stanza, to);
    }
    // A client that comes again has lost what it knew (§7.2.2): it is told all, as if it was new.
    if (wish === undefined) return changePresence(rooms, found, occupant, stanza);
  }
  if (wish === undefined) {
    // §7.2.18: it takes itself for being in, as after a restart of ours. To let it in would leave it with half of what it missed.
    rooms.send(outside(to, from));
    return;
  }
  return found === undefined ? make(rooms, stanza, wish) : come(rooms, found, false, stanza, wish);
}

async function make(rooms: Rooms, stanza: Stanza, wish: Element): Promise<void> {
  const { room, created } = await rooms.create(stanza.to!.local, stanza.from);
  await come(rooms, room, created, stanza, wish);
}

function come(rooms: Rooms, room: Room, created: boolean, stanza: Stanza, wish: Element): void | Promise<void> {
  const { from } = stanza;
  const to = stanza.to!;
  const there = room.occupants.get(to.resource);
  const joining: Joining = {
    room,
    stanza,
    wish,
    from,
    as: to,
    affiliation: room.affiliationOf(from),
    created,
    occupant: there?.bare === from.bare ? there : undefined,
    newcomer: false,
    codes: [],
  };
  const failed = (error: unknown): never => {
    rooms.inUse.leaveAlone(room);
    throw error;
  };
  try {
    const done = rooms.join.run(joining);
    if (done instanceof Promise) return done.then(() => undefined, failed);
  } catch (error) {
    failed(error);
  }
}

function leave(rooms: Rooms, room: Room, occupant: Occupant, stanza: Stanza): void {
  const { from } = stanza;
  if (occupant.clients.size > 1) {
    if (stanza.type === 'unavailable') room.send(farewell(room, occupant).for(from)); // §7.14
    letGo(room, occupant, from);
    return;
  }
  occupant.front.presence = contentOf(stanza);
  const error = stanza.type === 'error';
  rooms.remove(room, occupant, error ? { codes: [CODE.removedByError] } : {});
}

function changePresence(rooms: Rooms, room: Room, occupant: Occupant, stanza: Stanza): void {
  occupant.shows(stanza.from, contentOf(stanza));
  rooms.pace.changes(occupant, () => {
    if (room.occupants.get(occupant.nick) !== occupant) return;
    announce(room, occupant);
    rooms.pace.told(room, stanza.from, stanza.text.length);
  });
}

/** §7.6 */
function changeNick(rooms: Rooms, room: Room, occupant: Occupant, stanza: Stanza, as: Jid): void {
  rooms.checkNick(room, occupant, as);
  rooms.pace.renames(occupant);
  const { resource: nick } = as;
  announceGone(room, occupant, { codes: [CODE.nickChanged], nick });
  room.occupants.delete(occupant.nick);
  occupant.jid = as;
  room.occupants.set(nick, occupant);
  occupant.shows(stanza.from, contentOf(stanza));
  announce(room, occupant);
}
