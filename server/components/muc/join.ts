import { createHash, timingSafeEqual } from 'node:crypto';
import { keepsRoom, keptSince } from '../../archive/policy.ts';
import { child, textOf } from '../../xmpp/element.ts';
import type { Stanza } from '../../xmpp/stanza.ts';
import { StanzaError } from '../../xmpp/stanza-error.ts';
import { atLeast } from './affiliations.ts';
import type { Joining, RoomFeature } from './feature.ts';
import { Occupant } from './occupant.ts';
import { announce, CODE, contentOf, showOthers, showSelf, showToOthers } from './presence.ts';
import { occupantsOption } from './rules.ts';

/** Devices of one person in one room. */
const CLIENTS_EACH = 20;
/** Places in a full room for those who run it. */
const SPARE = 20;

/** Entering a room (XEP-0045 §7.2): who may, and what they and the others are told. */
export const entering: RoomFeature = {
  name: 'entering',
  xep: [45, '1.35.3'],
  start: (rooms) => ({
    join: {
      check(joining) {
        mayEnter(joining, rooms.host.option(occupantsOption));
        rooms.checkNick(joining.room, joining.occupant, joining.as, joining.from.bare);
      },
      enter(joining) {
        rooms.inUse.keep(joining.room);
        if (isStale(joining)) {
          const { room, from, as } = joining;
          const there = room.occupants.get(as.resource);
          joining.occupant = there?.bare === from.bare ? there : undefined;
          mayEnter({ ...joining, affiliation: room.affiliationOf(from) }, rooms.host.option(occupantsOption));
          rooms.checkNick(room, joining.occupant, as, from.bare);
        }
        enter(joining);
      },
      announce: (joining) => tell(joining, rooms.keeps(joining.room)),
      history(joining) {
        const { house, domain } = rooms.host;
        const { id } = joining.room;
        if (keepsRoom(house, domain, id)) sendHistory(joining, keptSince(house, domain, id));
      },
    },
  }),
};

/** Throws StanzaError for who may not come in; `most` is how many people one room holds. */
function mayEnter(joining: Joining, most: number): void {
  const { room, affiliation, wish, from, occupant } = joining;
  if (room.destroyed) throw new StanzaError('gone');
  if (!room.stored && !joining.created && affiliation !== 'owner') {
    throw new StanzaError('item-not-found', 'This room is being made. Please try again later.'); // §10.1.3
  }
  if (affiliation === 'outcast') throw new StanzaError('forbidden', 'You are banned from this room.'); // §7.2.7
  if (room.config.membersOnly && !atLeast(affiliation, 'member')) {
    throw new StanzaError('registration-required', 'This room is for its members.'); // §7.2.6
  }
  const { password } = room.config;
  if (password !== '' && !atLeast(affiliation, 'owner') && !isSame(textOf(child(wish, 'password')), password)) {
    throw new StanzaError('not-authorized', 'This room has a password.'); // §7.2.5
  }
  if (occupant !== undefined) {
    if (occupant.clients.size >= CLIENTS_EACH && !occupant.clients.has(from.full))
      throw new StanzaError('resource-constraint', 'You are in here often enough.');
    return;
  }
  const { maxOccupants } = room.config;
  // §7.2.9: those who run the room come in still.
  const places = (maxOccupants > 0 ? Math.min(maxOccupants, most) : most) + (atLeast(affiliation, 'admin') ? SPARE : 0);
  if (room.occupants.size >= places) {
    throw new StanzaError('service-unavailable', 'This room is full.', { type: 'wait' });
  }
  if (room.clients.has(from.full)) throw new StanzaError('conflict');
}

/** How much of a guess is right does not show in how long it takes. */
function isSame(guess: string, password: string): boolean {
  const [one, other] = [guess, password].map((text) => createHash('sha256').update(text).digest()) as [Buffer, Buffer];
  return timingSafeEqual(one, other);
}

/** A step of the check may have waited: meanwhile somebody was banned, or the nickname was taken or given up. */
function isStale({ room, from, as, affiliation, occupant }: Joining): boolean {
  return room.affiliationOf(from) !== affiliation || room.occupants.get(as.resource) !== occupant;
}

function enter(joining: Joining): void {
  const { room, as, from, stanza } = joining;
  if (joining.occupant === undefined) {
    const occupant = new Occupant(as, from.bare, room.occupantId(from.bare), room.roleOnEntering(from));
    joining.occupant = occupant;
    joining.newcomer = true;
    room.occupants.set(as.resource, occupant);
  }
  joining.occupant.shows(from, contentOf(stanza));
  room.clients.set(from.full, joining.occupant);
}

/** §7.2.2: first who is there, then oneself, which ends the list. */
function tell(joining: Joining, kept: boolean): void {
  const { room, from, codes, newcomer, created } = joining;
  const occupant = joining.occupant!;
  const ownCodes = [...codes];
  if (room.config.openAddresses) ownCodes.push(CODE.openAddresses); // §7.2.3
  if (kept && !created) ownCodes.push(CODE.logged); // §7.2.12
  if (created) ownCodes.push(CODE.created);
  showOthers(room, occupant, from);
  if (newcomer) announce(room, occupant, { ownCodes });
  else {
    showToOthers(room, occupant); // another device's presence is shown now
    showSelf(room, occupant, { ownCodes }, from);
  }
}

/** §7.2.13: as much as the client wants of what the room remembers, and nothing that is not kept any more. */
function sendHistory({ room, wish, from }: Joining, keptSince: number): void {
  const wanted = child(wish, 'history');
  const items = room.history.shown;
  let first = 0;
  const number = (name: string): number | undefined => {
    const text: string | undefined = wanted?.attrs[name];
    return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
  };
  const maxStanzas = number('maxstanzas');
  if (maxStanzas !== undefined) first = Math.max(first, items.length - maxStanzas);
  const seconds = number('seconds');
  const since = Date.parse(wanted?.attrs.since ?? '');
  const asked = Math.max(seconds === undefined ? 0 : Date.now() - seconds * 1_000, Number.isNaN(since) ? 0 : since);
  const oldest = Math.max(asked, keptSince);
  const maxChars = number('maxchars') ?? Number.POSITIVE_INFINITY;
  let characters = 0;
  const late: Stanza[] = [];
  for (let i = items.length - 1; i >= first; i--) {
    const item = items[i]!;
    if (item.at < oldest) break;
    characters += item.late.text.length;
    if (characters > maxChars) break;
    late.push(item.late);
  }
  for (const stanza of late.reverse()) room.send(stanza.for(from));
}
