import type { RoomAffiliation, RoomRole } from '../../storage/stores/rooms.ts';
import { child, type Element, elements, textOf } from '../../xmpp/element.ts';
import { type Jid, tryParseJid } from '../../xmpp/jid.ts';
import { NS } from '../../xmpp/ns.ts';
import { StanzaError } from '../../xmpp/stanza-error.ts';
import { type Affiliating, affiliate, type Doer, REASON } from './affiliate.ts';
import { isAffiliation } from './affiliations.ts';
import type { RoomFeature, RoomRequest } from './feature.ts';
import { listed } from './lists.ts';
import { isVisible } from './looks.ts';
import type { Occupant } from './occupant.ts';
import { checkAffiliating, checkModerates, checkRole, standingOf } from './permits.ts';
import { type Change, CODE, changeRole } from './presence.ts';
import { isRole } from './role.ts';
import type { Room } from './room.ts';
import type { Rooms } from './rooms.ts';
import { inSlices } from './slices.ts';

/** Changes in one request. */
const ITEMS = 500;

/** What moderators, admins and owners do to people (XEP-0045 §§8, 9, 10.3 to 10.8): other roles and other affiliations. */
export const administering: RoomFeature = {
  name: 'administering',
  xep: [45, '1.35.3'],
  start: (rooms) => ({
    iq: [
      { type: 'get', xmlns: NS.mucAdmin, name: 'query', handle: (request) => listed(rooms, request) },
      { type: 'set', xmlns: NS.mucAdmin, name: 'query', handle: (request) => change(rooms, request) },
    ],
  }),
};

interface Item {
  readonly affiliation: RoomAffiliation | undefined;
  readonly role: RoomRole | undefined;
  readonly jid: string | undefined;
  readonly nick: string | undefined;
  readonly reason: string;
}

/** Who may is asked when it is this request's turn: what it was when it came may not be true any more. */
async function change(rooms: Rooms, request: RoomRequest): Promise<undefined> {
  const { room, from, answer } = request;
  const items = readItems(request.payload);
  const isRoles = items[0]!.role !== undefined;
  await room.changing(async () => {
    if (room.destroyed) throw new StanzaError('item-not-found', 'There is no such room.');
    const actor = room.clients.get(from.full)?.nick;
    const doer: Doer = { answer, ...(actor !== undefined && { actor }) };
    if (isRoles) await changeRoles(rooms, room, from, items, doer);
    else await affiliate(rooms, room, affiliations(room, from, items), doer);
  });
  return undefined;
}

/** Throws StanzaError `bad-request` for what nobody may send (§17.4). */
function readItems(payload: Element): Item[] {
  const items = elements(payload).filter(({ name, attrs }) => name === 'item' && attrs.xmlns === undefined);
  if (items.length === 0) throw new StanzaError('bad-request', 'Nothing is to be changed.');
  if (items.length > ITEMS) throw new StanzaError('policy-violation', `Please change ${ITEMS} people at once at most.`);
  const read = items.map((item): Item => {
    const { affiliation, role, jid, nick } = item.attrs as Record<string, string | undefined>;
    if ((affiliation === undefined) === (role === undefined)) {
      throw new StanzaError('bad-request', 'Each item has either an affiliation or a role.');
    }
    if (affiliation !== undefined && !isAffiliation(affiliation))
      throw new StanzaError('bad-request', 'No affiliation.');
    if (role !== undefined && !isRole(role)) throw new StanzaError('bad-request', 'No role.');
    const reason = textOf(child(item, 'reason'));
    if ([...reason].length > REASON) {
      throw new StanzaError('not-acceptable', `A reason has ${REASON} characters at most.`);
    }
    return { affiliation, role, jid, nick, reason };
  });
  // A request is checked by what people are before it: one that changes both would be checked by what is not true any more.
  if (read.some(({ role }) => (role === undefined) !== (read[0]!.role === undefined))) {
    throw new StanzaError('bad-request', 'Please change roles and affiliations apart.');
  }
  return read;
}

/** The affiliations that are asked for, when all of them may be given (§9.2: else none is). */
function affiliations(room: Room, from: Jid, items: readonly Item[]): Affiliating[] {
  const own = room.affiliationOf(from);
  const wishes = new Map<string, Affiliating>();
  for (const { affiliation = 'none', jid, nick, reason } of items) {
    // Whoever may not do it at all is told so before anything of the others.
    checkAffiliating(own, 'none', 'none', false);
    const who = jid === undefined ? personCalled(room, nick) : personAt(jid, affiliation);
    const target = room.members.get(who)?.affiliation ?? 'none';
    checkAffiliating(own, target, affiliation, who === from.bare);
    if (wishes.has(who)) throw new StanzaError('bad-request', `${who} is named twice.`);
    const reserved = jid === undefined || nick === undefined ? undefined : nicknameOf(room, nick);
    wishes.set(who, { jid: who, affiliation, reason, ...(reserved !== undefined && { nick: reserved }) });
  }
  return [...wishes.values()];
}

/** §10.3: the bare address, whatever was given. Whole domains can only be banned, or not be any more (§9.2). */
function personAt(text: string, affiliation: RoomAffiliation): string {
  const jid = tryParseJid(text);
  if (jid === undefined) throw new StanzaError('jid-malformed', `${text.slice(0, 200)} is no address.`);
  if (jid.local === '' && affiliation !== 'outcast' && affiliation !== 'none') {
    throw new StanzaError('not-acceptable', `${jid.bare} is a whole domain, which can only be banned.`);
  }
  return jid.bare;
}

function personCalled(room: Room, nick: string | undefined): string {
  if (nick === undefined) throw new StanzaError('bad-request', 'Please say whose affiliation is to change.');
  return occupantCalled(room, nick).bare;
}

function occupantCalled(room: Room, nick: string): Occupant {
  const name = nick === '' ? undefined : tryParseJid(`${room.jid.bare}/${nick}`)?.resource;
  const occupant = name === undefined ? undefined : room.occupants.get(name);
  if (occupant === undefined) throw new StanzaError('item-not-found', `Nobody is called ${nick.slice(0, 200)} here.`);
  return occupant;
}

function nicknameOf(room: Room, nick: string): string {
  if (nick === '') return ''; // §9.5: reserved no more
  const name = tryParseJid(`${room.jid.bare}/${nick}`)?.resource;
  if (name === undefined || !isVisible(name))
    throw new StanzaError('not-acceptable', 'This nickname has characters that it cannot have.');
  return name;
}

async function changeRoles(
  rooms: Rooms,
  room: Room,
  from: Jid,
  items: readonly Item[],
  { actor, answer }: Doer,
): Promise<void> {
  const own = standingOf(room, from);
  const changes = new Map<Occupant, { readonly role: RoomRole; readonly change: Change }>();
  for (const { role = 'none', nick, reason } of items) {
    checkModerates(own);
    if (nick === undefined) throw new StanzaError('bad-request', 'Roles are given by nickname.'); // §17.4
    const occupant = occupantCalled(room, nick);
    const target = { affiliation: room.affiliationOf(occupant.front.jid), role: occupant.role };
    checkRole(own, target, role, occupant.bare === from.bare);
    if (changes.has(occupant)) throw new StanzaError('bad-request', `${occupant.nick} is named twice.`);
    const change = { ...(actor !== undefined && { actor }), ...(reason !== '' && { reason }) };
    changes.set(occupant, { role, change });
  }
  answer?.();
  await inSlices(changes, ([occupant, { role, change }]) => {
    if (room.occupants.get(occupant.nick) !== occupant) return;
    if (role === 'none')
      rooms.remove(room, occupant, { ...change, codes: [CODE.kicked] }); // §8.2
    else giveRole(room, occupant, role, change);
  });
}

/** Also remembers it, so that nobody speaks again by leaving and coming back, or under another name (§5.1). */
export function giveRole(room: Room, occupant: Occupant, role: RoomRole, change: Change): void {
  if (occupant.role === role) return;
  room.rememberVoice(occupant.bare, role === 'visitor' || role === 'participant' ? role : undefined);
  changeRole(room, occupant, role, change);
  if (role !== 'visitor') return;
  for (const other of room.occupants.values()) {
    if (other.bare === occupant.bare && other.role === 'participant') changeRole(room, other, role, change);
  }
}
