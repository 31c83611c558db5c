import { StorageError } from '../../storage/database.ts';
import type { RoomAffiliation, RoomMember } from '../../storage/stores/rooms.ts';
import { parseJid } from '../../xmpp/jid.ts';
import { StanzaError } from '../../xmpp/stanza-error.ts';
import { atLeast } from './affiliations.ts';
import { tellAway } from './away.ts';
import { keepCompany } from './company.ts';
import type { Occupant } from './occupant.ts';
import { type Change, CODE, changeRole } from './presence.ts';
import { higher, lower } from './role.ts';
import type { Room } from './room.ts';
import type { Rooms } from './rooms.ts';
import { inSlices } from './slices.ts';

/** People with an affiliation in one room, and characters of a reason. */
export const MEMBERS = 10_000;
export const REASON = 500;

/** Changes at once of which people hear who are not concerned or not there: a long list is no news of anybody. */
const TOLD_OF = 50;

/** An affiliation that somebody is to have. */
export interface Affiliating {
  /** A bare address; to ban, also a whole domain. */
  readonly jid: string;
  readonly affiliation: RoomAffiliation;
  /** The nickname to reserve, '' for none any more; left out, it stays. Who is banned or `none` has none. */
  readonly nick?: string;
  readonly reason?: string;
}

/** Who does it, as far as others are told. */
export interface Doer {
  /** Their nickname, if they are in the room. */
  readonly actor?: string;
  /** It is the person's own affiliation (§7.10). */
  readonly isSelf?: boolean;
  /** An invitation follows, which tells the person. */
  readonly isInviting?: boolean;
  /** Called when it is done, before others are told of it (§8.2). */
  readonly answer?: () => void;
}

/**
 * Gives people other affiliations, all or none, and tells everybody (XEP-0045 §§9, 10): the one way to do it. To be called inside of
 * `room.changing`, by whoever has checked that it may be done. Throws StanzaError: `not-acceptable` for a room instead of a
 * person, `conflict` when no owner would be left or a nickname is somebody else's, `resource-constraint` when there would be too
 * many.
 */
export async function affiliate(
  rooms: Rooms,
  room: Room,
  wishes: readonly Affiliating[],
  doer: Doer = {},
): Promise<void> {
  const rows = wishes.map((wish) => rowOf(room, wish)).filter((row) => isNews(room, row));
  // Nicknames are given up before others get them.
  rows.sort((one, other) => Number(one.nick !== '') - Number(other.nick !== ''));
  checkPeople(room, rows);
  checkOwners(room, rows);
  checkNumber(room, rows);
  checkNicks(room, rows);
  if (room.stored && rows.length > 0) await write(rooms, room, rows);
  const before = new Map<Occupant, RoomAffiliation>();
  for (const occupant of room.occupants.values()) before.set(occupant, room.affiliationOf(occupant.front.jid));
  const was = new Map(rows.map(({ jid }) => [jid, room.members.get(jid)?.affiliation ?? 'none']));
  for (const row of rows) {
    room.members.put(row);
    // Nobody gets a voice back that was taken from them by what they do themselves.
    if (doer.isSelf !== true && row.affiliation !== was.get(row.jid)) room.rememberVoice(row.jid, undefined);
  }
  doer.answer?.();
  const reasons = new Map(rows.map(({ jid, reason }) => [jid, reason]));
  await inSlices(before, ([occupant, affiliation]) => {
    const { bare } = occupant;
    const reason = reasons.get(bare) ?? reasons.get(occupant.front.jid.domain) ?? '';
    const change = { ...(doer.actor !== undefined && { actor: doer.actor }), ...(reason !== '' && { reason }) };
    settle(rooms, room, occupant, affiliation, change);
  });
  await keepCompany(rooms, room);
  if (rows.length > TOLD_OF) return;
  const wereIn = new Set([...before.keys()].map(({ bare }) => bare));
  for (const row of rows) if (!wereIn.has(row.jid)) tellAway(rooms, room, row, was.get(row.jid)!, doer);
}

/** What follows for an occupant from an affiliation that is another one now: out with them, or another role. */
function settle(rooms: Rooms, room: Room, occupant: Occupant, before: RoomAffiliation, change: Change): void {
  if (room.occupants.get(occupant.nick) !== occupant) return;
  const now = room.affiliationOf(occupant.front.jid);
  if (now === before) return;
  if (now === 'outcast') {
    rooms.remove(room, occupant, { ...change, codes: [CODE.banned] }); // §9.1
    return;
  }
  if (room.config.membersOnly && !atLeast(now, 'member')) {
    rooms.remove(room, occupant, { ...change, codes: [CODE.affiliationLost] }); // §9.4: and no other presence before
    return;
  }
  // §5.1.3: what is gained is sure, what is lost is up to us: nobody stays moderator by what they were.
  const usual = room.roleOnEntering(occupant.front.jid);
  const role = atLeast(now, before) ? higher(occupant.role, usual) : lower(occupant.role, usual);
  changeRole(room, occupant, role, change);
}

function rowOf(room: Room, { jid, affiliation, nick, reason = '' }: Affiliating): RoomMember {
  const keepsNick = atLeast(affiliation, 'member');
  const reserved = keepsNick ? (nick ?? room.members.get(jid)?.nick ?? '') : ''; // §9.1: who is banned has none
  return { jid, affiliation, nick: reserved, reason: [...reason].slice(0, REASON).join('') };
}

function isNews(room: Room, row: RoomMember): boolean {
  const known = room.members.get(row.jid);
  if (known === undefined) return row.affiliation !== 'none';
  return known.affiliation !== row.affiliation || known.nick !== row.nick || known.reason !== row.reason;
}

/** §5.2: an affiliation is a person's. Nobody comes from where the rooms are; what is there already can be taken out. */
function checkPeople({ service }: Room, rows: readonly RoomMember[]): void {
  const wrong = rows.find(({ jid, affiliation }) => affiliation !== 'none' && parseJid(jid).domain === service);
  if (wrong === undefined) return;
  throw new StanzaError('not-acceptable', `${wrong.jid} is an address of rooms, and not of a person.`);
}

/** §10.4: there is always an owner left. */
function checkOwners(room: Room, rows: readonly RoomMember[]): void {
  const left = (member: RoomMember | undefined): boolean => member?.affiliation === 'owner';
  if (!rows.some((row) => left(room.members.get(row.jid)) && !left(row))) return;
  const changed = new Map(rows.map((row) => [row.jid, row]));
  for (const member of room.members.values()) if (left(changed.get(member.jid) ?? member)) return;
  if (rows.some(left)) return;
  throw new StanzaError('conflict', 'A room needs an owner. Please make somebody else owner first.');
}

function checkNumber(room: Room, rows: readonly RoomMember[]): void {
  let number = room.members.size;
  for (const { jid, affiliation } of rows) {
    if (affiliation !== 'none' && !room.members.has(jid)) number++;
    if (affiliation === 'none') number--;
  }
  if (number > MEMBERS && number > room.members.size) {
    throw new StanzaError('resource-constraint', `A room has ${MEMBERS} members, admins and outcasts at most.`);
  }
}

/** §7.10: a nickname is reserved for one, and not while somebody else is using it. */
function checkNicks(room: Room, rows: readonly RoomMember[]): void {
  const changed = new Map(rows.map((row) => [row.jid, row]));
  const wanted = new Set<string>();
  for (const { jid, nick } of rows) {
    if (nick === '' || nick === room.members.get(jid)?.nick) continue;
    const owner = room.members.ownerOf(nick);
    const isFree = owner === undefined || owner === jid || changed.get(owner)?.nick === '';
    const there = room.occupants.get(nick) ?? room.occupants.alike(nick, jid);
    if (!isFree || wanted.has(nick) || (there !== undefined && there.bare !== jid)) {
      throw new StanzaError('conflict', 'Somebody else has this name in the room.');
    }
    wanted.add(nick);
  }
}

async function write(rooms: Rooms, room: Room, rows: readonly RoomMember[]): Promise<void> {
  try {
    await rooms.host.house.stores.rooms.affiliate(room.id, rows);
  } catch (error) {
    if (error instanceof StorageError && error.code === 'constraint')
      throw new StanzaError('conflict', 'Somebody else has this name in the room.');
    throw error;
  }
}
