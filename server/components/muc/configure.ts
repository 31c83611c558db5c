import { randomUUID } from 'node:crypto';
import type { RoomConfig, RoomRole } from '../../storage/stores/rooms.ts';
import { el } from '../../xmpp/element.ts';
import { NS } from '../../xmpp/ns.ts';
import { Stanza } from '../../xmpp/stanza.ts';
import { StanzaError } from '../../xmpp/stanza-error.ts';
import { type Affiliating, affiliate } from './affiliate.ts';
import { atLeast } from './affiliations.ts';
import { CODE, changeRole, hide, reveal, showOthers } from './presence.ts';
import type { Room } from './room.ts';
import type { Rooms } from './rooms.ts';
import { forOccupants } from './slices.ts';

/** How a room shall be, and whose affiliations change with that. */
export interface Reform {
  readonly config: RoomConfig;
  readonly members: readonly Affiliating[];
}

/**
 * Changes a room, and opens one that its maker has finished (XEP-0045 §10.1, §10.2). `wanted` is asked when it is this
 * change's turn; what it throws is thrown, and nothing has changed. When it resolves all is on disk and everybody was told.
 */
export async function configure(rooms: Rooms, room: Room, wanted: () => Reform): Promise<void> {
  await room.changing(async () => {
    if (room.destroyed) throw new StanzaError('item-not-found', 'The room is gone.');
    const reform = wanted();
    if (!room.stored) await open(rooms, room, reform);
    else await change(rooms, room, reform);
  });
  rooms.inUse.leaveAlone(room);
}

async function open(rooms: Rooms, room: Room, { config, members }: Reform): Promise<void> {
  const before = room.config;
  // First, so that the room is stored with its owners.
  await affiliate(rooms, room, members);
  room.config = config;
  try {
    await rooms.store(room);
  } catch (error) {
    room.config = before;
    throw error;
  }
}

async function change(rooms: Rooms, room: Room, { config, members }: Reform): Promise<void> {
  await affiliate(rooms, room, members);
  const before = room.config;
  const codes = codesOf(before, config);
  if (codes.length === 0) return;
  await rooms.host.house.stores.rooms.configure(room.id, config);
  // Whoever has to leave is not shown more of by that: they go from the room as it was.
  room.config = { ...config, openAddresses: before.openAddresses, broadcast: before.broadcast };
  if (config.membersOnly && !before.membersOnly) await removeStrangers(rooms, room);
  if (config.moderated !== before.moderated) await giveRoles(room);
  for (const code of codes) notify(room, code);
  room.config = config;
  room.history.fit(config.historyLength);
  await broadcastChanged(room, before.broadcast);
  if (config.openAddresses && !before.openAddresses) await showAddresses(room);
}

/** §10.2.1: what everybody is told, each code in a message of its own. */
function codesOf(before: RoomConfig, after: RoomConfig): number[] {
  const codes: number[] = [];
  if (after.archived !== before.archived) codes.push(after.archived ? CODE.logged : CODE.notLogged);
  if (after.openAddresses !== before.openAddresses) codes.push(after.openAddresses ? CODE.nowOpen : CODE.nowMasked);
  const { archived, openAddresses } = before;
  if (JSON.stringify({ ...after, archived, openAddresses }) !== JSON.stringify({ ...after, ...before })) {
    codes.push(CODE.configured);
  }
  return codes;
}

/** §10.2.1: one code, told to everybody. */
export function notify(room: Room, code: number): void {
  const x = el('x', { xmlns: NS.mucUser }, el('status', { code }));
  room.tellAll(new Stanza(el('message', { type: 'groupchat', id: randomUUID() }, x), room.jid, undefined));
}

/** §10.2: a room for members has no others in it. */
function removeStrangers(rooms: Rooms, room: Room): Promise<void> {
  return forOccupants(room, (occupant) => {
    if (atLeast(room.affiliationOf(occupant.front.jid), 'member')) return;
    rooms.remove(room, occupant, { codes: [CODE.membersOnly] });
  });
}

/** §5.1.2: in a moderated room whoever is no member listens; in another one everybody speaks who was not silenced. */
function giveRoles(room: Room): Promise<void> {
  return forOccupants(room, (occupant) => {
    if (occupant.role === 'moderator') return;
    const role = room.roleOnEntering(occupant.front.jid); // nobody gets back by that what a moderator took from them
    if (role !== occupant.role) changeRole(room, occupant, role);
  });
}

/** Whose presence is not told any more is gone for the others; whose presence is told from now on comes. */
async function broadcastChanged(room: Room, before: readonly RoomRole[]): Promise<void> {
  const { broadcast } = room.config;
  await forOccupants(room, (occupant) => {
    const was = before.includes(occupant.role);
    const is = broadcast.includes(occupant.role);
    if (was && !is) hide(room, occupant);
    else if (is && !was) reveal(room, occupant);
  });
}

/** After the warning (172), everybody is shown with their address to those who did not see it before. */
async function showAddresses(room: Room): Promise<void> {
  await forOccupants(room, (viewer) => {
    if (viewer.role !== 'moderator') showOthers(room, viewer);
  });
}
