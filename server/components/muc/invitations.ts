import { randomBytes } from 'node:crypto';
import { TokenBuckets } from '../../util/token-bucket.ts';
import { child, type Element, el, elements, textOf } from '../../xmpp/element.ts';
import { type Jid, makeJid, tryParseJid } from '../../xmpp/jid.ts';
import { NS } from '../../xmpp/ns.ts';
import { Stanza } from '../../xmpp/stanza.ts';
import { StanzaError } from '../../xmpp/stanza-error.ts';
import { affiliate } from './affiliate.ts';
import { atLeast } from './affiliations.ts';
import type { RoomFeature, RoomNote } from './feature.ts';
import type { Occupant } from './occupant.ts';
import type { Room } from './room.ts';
import type { Rooms } from './rooms.ts';

/** People whom one message invites, and characters of why. */
const MOST = 20;
const REASON = 1_000;
/** Invitations that one person gives, that one person gets, and that one gives to one: at once, and in the long run. */
const GIVEN = { capacity: 40, perSecond: 1 / 10, keys: 10_000 };
const RECEIVED = { capacity: 20, perSecond: 1 / 60, keys: 10_000 };
const REPEATED = { capacity: 3, perSecond: 1 / 600, keys: 20_000 };

/** Invitations through the room (XEP-0045 §7.8.2), and declining them. Direct ones (XEP-0249) do not come by here. */
export const inviting: RoomFeature = {
  name: 'inviting',
  xep: [45, '1.35.3'],
  start(rooms) {
    const limits = new Limits();
    return {
      note(note) {
        const x = note.stanza.type === 'normal' ? child(note.stanza.element, 'x', NS.mucUser) : undefined;
        if (x === undefined) return undefined;
        const invites = elements(x).filter(({ name }) => name === 'invite');
        if (invites.length > 0) return invite(rooms, limits, note, invites);
        const refusal = child(x, 'decline');
        return refusal === undefined ? undefined : decline(rooms, note, refusal);
      },
    };
  },
};

class Limits {
  readonly #given = new TokenBuckets(GIVEN);
  readonly #received = new TokenBuckets(RECEIVED);
  readonly #repeated = new TokenBuckets(REPEATED);

  /** Throws StanzaError when somebody is not to be invited once more now. */
  check(by: string, whom: string): void {
    if (this.#repeated.take(`${by} ${whom}`) > 0) {
      throw new StanzaError('resource-constraint', `You have invited ${whom} often enough for now.`);
    }
    if (this.#given.take(by) > 0 || this.#received.take(whom) > 0) {
      throw new StanzaError('resource-constraint', 'Too many invitations. Please wait a little.');
    }
  }
}

async function invite(
  rooms: Rooms,
  limits: Limits,
  { room, stanza, occupant }: RoomNote,
  invites: readonly Element[],
): Promise<true> {
  if (occupant === undefined) throw notIn();
  mayInvite(room, occupant);
  if (invites.length > MOST) throw new StanzaError('not-acceptable', `At most ${MOST} people at once, please.`);
  let refusal: unknown;
  for (const one of invites) {
    try {
      const to = inviteeOf(rooms, room, one);
      limits.check(occupant.bare, to.bare);
      const as = await letIn(rooms, room, to, occupant);
      await send(rooms, room, to, invitation(room, one, as, invites.length === 1 ? stanza.id : ''));
    } catch (error) {
      refusal ??= error; // the others are invited still
    }
  }
  if (refusal !== undefined) throw refusal;
  return true;
}

const notIn = (): StanzaError => new StanzaError('not-acceptable', 'You are not in this room.');

/** §5.1.1, §7.8.2: into a room for members those only who may make members. Throws StanzaError. */
function mayInvite(room: Room, occupant: Occupant): void {
  const { allowInvites, membersOnly } = room.config;
  const affiliation = room.affiliationOf(occupant.front.jid);
  if (atLeast(affiliation, 'admin')) return;
  const may = membersOnly
    ? allowInvites && atLeast(affiliation, 'member')
    : allowInvites || occupant.role === 'moderator';
  if (!may) throw new StanzaError('forbidden', 'You may not invite people into this room.');
}

/** Whom an invitation is for. Throws StanzaError. */
function inviteeOf(rooms: Rooms, room: Room, one: Element): Jid {
  const to = tryParseJid(one.attrs.to ?? '');
  if (to === undefined) throw new StanzaError('jid-malformed', 'The address of whom you invite is none.');
  if (to.local === '' || to.domain === room.service) throw notFound(to);
  if (textOf(child(one, 'reason')).length > REASON) {
    throw new StanzaError('not-acceptable', `A reason has ${REASON} characters at most.`);
  }
  // Of somebody of ours all devices hear it; one that is not there could not keep it for later.
  return to.domain === rooms.host.domain && rooms.host.sessions.get(to) === undefined
    ? makeJid(to.local, to.domain)
    : to;
}

function notFound(to: Jid): StanzaError {
  return new StanzaError('item-not-found', `Nobody can be reached at ${to.bare}.`);
}

/**
 * Sees to it that who is invited will be let in, and may decline; gives what they are to know the inviter by. Throws
 * StanzaError for whom nobody is or who is banned.
 */
async function letIn(rooms: Rooms, room: Room, to: Jid, by: Occupant): Promise<string> {
  const { host } = rooms;
  if (to.domain === host.domain && (await host.house.stores.accounts.at(to.bare)) === undefined) throw notFound(to);
  return room.changing(async () => {
    if (room.occupants.get(by.nick) !== by) throw notIn(); // they left while we waited
    const affiliation = room.affiliationOf(to);
    if (affiliation === 'outcast') {
      // Who is banned is for those to know who keep the list of them.
      if (!atLeast(room.affiliationOf(by.front.jid), 'admin')) throw notFound(to);
      throw new StanzaError('forbidden', `${to.bare} is banned from this room.`);
    }
    if (room.config.membersOnly && affiliation === 'none') {
      mayInvite(room, by); // it may have changed while we waited
      await affiliate(rooms, room, [{ jid: to.bare, affiliation: 'member' }], { isInviting: true });
    }
    const knownAs = room.config.openAddresses ? by.bare : by.jid.full;
    await host.house.stores.roomInvitations.add({ room: room.id, invitee: to.bare, inviter: by.bare, knownAs });
    return knownAs;
  });
}

/** §7.8.2: what the room sends; nothing that the client says of `from` or password counts. */
function invitation(room: Room, one: Element, from: string, id: string): Element {
  const reason = child(one, 'reason');
  const goesOn = child(one, 'continue');
  const thread: string | undefined = goesOn?.attrs.thread;
  const { password } = room.config;
  const inner = el(
    'invite',
    { from },
    reason && el('reason', {}, textOf(reason)),
    goesOn && el('continue', { thread: thread?.slice(0, REASON) }),
  );
  const x = el('x', { xmlns: NS.mucUser }, inner, password !== '' && el('password', {}, password));
  return el('message', { id: id === '' ? randomBytes(12).toString('base64url') : id }, x);
}

/** By the way of all messages: kept for who is away, archived, and waking their phones. */
async function send({ host }: Rooms, room: Room, to: Jid, message: Element): Promise<void> {
  try {
    await host.post(new Stanza(message, room.jid, to));
  } catch (error) {
    // Somebody who has blocked the room reads like nobody.
    if (error instanceof StanzaError && to.domain === host.domain && error.condition === 'service-unavailable') {
      throw notFound(to);
    }
    throw error;
  }
}

/**
 * Only who was invited declines, and only who invited them is told; both knew each other's address before, or know none now.
 * What is none of that goes nowhere, so that nobody learns by it who invited whom.
 */
async function decline(rooms: Rooms, { room, stanza, from }: RoomNote, refusal: Element): Promise<true> {
  const named = tryParseJid(refusal.attrs.to ?? '');
  const names = [named?.full ?? '', named?.bare ?? ''] as const;
  const inviter = await rooms.host.house.stores.roomInvitations.take(room.id, from.bare, names);
  if (inviter === undefined) return true;
  const reason = textOf(child(refusal, 'reason')).slice(0, REASON).toWellFormed();
  const inner = el('decline', { from: from.bare }, reason !== '' && el('reason', {}, reason));
  const { id } = stanza;
  const message = el('message', { id: id === '' ? undefined : id }, el('x', { xmlns: NS.mucUser }, inner));
  rooms.host.post(new Stanza(message, room.jid, tryParseJid(inviter)!)).catch((error: unknown) => {
    if (!(error instanceof StanzaError)) rooms.host.house.log.error({ err: error }, 'a decline could not be told');
  });
  return true;
}
