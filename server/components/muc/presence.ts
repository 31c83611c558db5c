import type { RoomRole } from '../../storage/stores/rooms.ts';
import { clone, type Element, el, elements } from '../../xmpp/element.ts';
import type { Jid } from '../../xmpp/jid.ts';
import { NS } from '../../xmpp/ns.ts';
import { Stanza } from '../../xmpp/stanza.ts';
import { atLeast } from './affiliations.ts';
import { isPassable } from './masking.ts';
import type { Occupant } from './occupant.ts';
import type { Room } from './room.ts';

/** Status codes (XEP-0045 §15.6). */
export const CODE = {
  openAddresses: 100,
  affiliationUnseen: 101,
  configured: 104,
  self: 110,
  logged: 170,
  notLogged: 171,
  nowOpen: 172,
  nowMasked: 173,
  created: 201,
  nickGiven: 210,
  banned: 301,
  nickChanged: 303,
  kicked: 307,
  affiliationLost: 321,
  membersOnly: 322,
  shutdown: 332,
  removedByError: 333,
} as const;

/** What has happened, beside what the presence itself says. */
export interface Change {
  readonly codes?: readonly number[];
  /** For the occupant alone. */
  readonly ownCodes?: readonly number[];
  /** Who did it: a nickname (§8.2, §9.1). */
  readonly actor?: string;
  readonly reason?: string;
  /** The new nickname (§7.6). */
  readonly nick?: string;
  /** More inside of the `<x/>`: where the room went (§10.9). */
  readonly also?: Element;
}

/** What a client's presence says that may be passed on. */
export function contentOf(stanza: Stanza): readonly Element[] {
  return elements(stanza.element).filter((node) => isPassable(node, stanza));
}

function userOf(
  room: Room,
  occupant: Occupant,
  open: boolean,
  role: RoomRole,
  change: Change,
  codes: readonly number[],
) {
  const { actor, reason, nick } = change;
  const { jid } = occupant.front;
  const affiliation = room.affiliationOf(jid);
  return el(
    'x',
    { xmlns: NS.mucUser },
    el(
      'item',
      { affiliation, role, jid: open ? jid.full : undefined, nick },
      actor !== undefined && el('actor', { nick: actor }),
      reason !== undefined && reason !== '' && el('reason', {}, reason),
    ),
    change.also && clone(change.also),
    ...codes.map((code) => el('status', { code })),
  );
}

function available(room: Room, occupant: Occupant, open: boolean, change: Change, codes: readonly number[]): Stanza {
  const { presence } = occupant.front;
  const user = userOf(room, occupant, open, occupant.role, change, codes);
  const id = el('occupant-id', { xmlns: NS.occupantId, id: occupant.id });
  const hats = room.hats.shownOf(occupant.bare);
  return new Stanza(el('presence', {}, ...presence.map(clone), id, user, hats), occupant.jid, undefined);
}

function unavailable(room: Room, occupant: Occupant, open: boolean, change: Change, codes: readonly number[]): Stanza {
  const { presence } = occupant.front;
  // §7.6: with another nickname one is what one was.
  const role = change.nick === undefined ? 'none' : occupant.role;
  const user = userOf(room, occupant, open, role, change, codes);
  const id = el('occupant-id', { xmlns: NS.occupantId, id: occupant.id });
  const status = presence.filter(({ name }) => name === 'status').map(clone);
  return new Stanza(el('presence', { type: 'unavailable' }, ...status, id, user), occupant.jid, undefined);
}

/** Whether the presence of those who have a role is told to the others (§10.2, muc#roomconfig_presencebroadcast). */
export function isBroadcast(room: Room, role: RoomRole): boolean {
  return room.config.broadcast.includes(role);
}

/** The presence of an occupant as somebody else in the room sees it: made once for all who see the same. */
export function shownTo(room: Room, viewer: Occupant, occupant: Occupant): Stanza {
  const open = room.seesAddresses(viewer);
  const kind = open ? 'open' : 'masked';
  occupant.shown[kind] ??= available(room, occupant, open, {}, []);
  return occupant.shown[kind];
}

/** Shows to somebody who is in, on one of their devices or on all, who else is (§7.2.2). */
export function showOthers(room: Room, viewer: Occupant, to?: Jid): void {
  for (const occupant of room.occupants.values()) {
    if (occupant === viewer || !isBroadcast(room, occupant.role)) continue;
    const stanza = shownTo(room, viewer, occupant);
    if (to === undefined) room.tell(viewer, stanza);
    else room.send(stanza.for(to));
  }
}

/** Tells an occupant's own devices, or one of them, how they are in the room now (§7.2.2: with 110). */
export function showSelf(room: Room, occupant: Occupant, change: Change = {}, to?: Jid): void {
  const codes = [...(change.codes ?? []), ...(change.ownCodes ?? []), CODE.self];
  const stanza = available(room, occupant, true, change, codes);
  if (to === undefined) room.tell(occupant, stanza);
  else room.send(stanza.for(to));
}

/** Something about an occupant's presence, role or affiliation is new: everybody is told, the occupant last. */
export function announce(room: Room, occupant: Occupant, change: Change = {}): void {
  showToOthers(room, occupant, change);
  showSelf(room, occupant, change);
}

/** The same without the occupant's own devices. */
export function showToOthers(room: Room, occupant: Occupant, change: Change = {}): void {
  occupant.shown = { open: undefined, masked: undefined };
  if (!isBroadcast(room, occupant.role)) return;
  const codes = change.codes ?? [];
  const plain = codes.length === 0 && change.actor === undefined && change.reason === undefined;
  let open: Stanza | undefined;
  let masked: Stanza | undefined;
  for (const viewer of room.occupants.values()) {
    if (viewer === occupant) continue;
    if (plain) room.tell(viewer, shownTo(room, viewer, occupant));
    else if (room.seesAddresses(viewer)) {
      open ??= available(room, occupant, true, change, codes);
      room.tell(viewer, open);
    } else {
      masked ??= available(room, occupant, false, change, codes);
      room.tell(viewer, masked);
    }
  }
}

/**
 * An occupant has another role, or what they are else has changed: everybody is told. Whose presence is not told in that role
 * is gone for the others.
 */
export function changeRole(room: Room, occupant: Occupant, role: RoomRole, change: Change = {}): void {
  const hides = isBroadcast(room, occupant.role) && !isBroadcast(room, role);
  const sawAddresses = room.seesAddresses(occupant);
  occupant.role = role;
  if (hides) hide(room, occupant);
  announce(room, occupant, change);
  if (!sawAddresses && room.seesAddresses(occupant)) showOthers(room, occupant); // §8: moderators see who it is
}

/** The others see an occupant come. */
export function reveal(room: Room, occupant: Occupant): void {
  for (const viewer of room.occupants.values()) {
    if (viewer !== occupant) room.tell(viewer, shownTo(room, viewer, occupant));
  }
}

/** The others see an occupant go. */
export function hide(room: Room, occupant: Occupant, change: Change = {}): void {
  const codes = change.codes ?? [];
  let open: Stanza | undefined;
  let masked: Stanza | undefined;
  for (const viewer of room.occupants.values()) {
    if (viewer === occupant) continue;
    if (room.seesAddresses(viewer)) {
      open ??= unavailable(room, occupant, true, change, codes);
      room.tell(viewer, open);
    } else {
      masked ??= unavailable(room, occupant, false, change, codes);
      room.tell(viewer, masked);
    }
  }
}

/** An occupant is not in the room any more under this nickname: everybody is told, they too. To be called while they are in. */
export function announceGone(room: Room, occupant: Occupant, change: Change = {}): void {
  if (isBroadcast(room, occupant.role)) hide(room, occupant, change);
  room.tell(occupant, farewell(room, occupant, change));
}

/** What an occupant's own device is told when it is not in any more (§7.14). */
export function farewell(room: Room, occupant: Occupant, change: Change = {}): Stanza {
  const codes = [...(change.codes ?? []), ...(change.ownCodes ?? []), CODE.self];
  return unavailable(room, occupant, true, change, codes);
}

/** What a device is told that is not in a room, of which it must not learn anything by that (§7.2.18). */
export function outside(as: Jid, device: Jid): Stanza {
  const reason = el('reason', {}, 'You are not in this room.');
  const codes = [CODE.self, CODE.kicked, CODE.removedByError].map((code) => el('status', { code }));
  const user = el('x', { xmlns: NS.mucUser }, el('item', { affiliation: 'none', role: 'none' }, reason), ...codes);
  return new Stanza(el('presence', { type: 'unavailable' }, user), as, device);
}

/** Whether somebody may be told the addresses of the occupants: of the room's staff, in it or not. */
export function isStaff(room: Room, who: Jid): boolean {
  return room.clients.get(who.full)?.role === 'moderator' || atLeast(room.affiliationOf(who), 'admin');
}
