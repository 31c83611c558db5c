import { randomUUID } from 'node:crypto';
import { dateTime } from '../../xmpp/delay.ts';
import { child, type Element, el } from '../../xmpp/element.ts';
import { NS } from '../../xmpp/ns.ts';
import { Stanza } from '../../xmpp/stanza.ts';
import { StanzaError } from '../../xmpp/stanza-error.ts';
import { asBefore } from './early-moderation.ts';
import type { Graves, Said } from './graves.ts';
import type { Room } from './room.ts';
import type { Rooms } from './rooms.ts';
import { setsSubject } from './subject.ts';

/** Characters of a reason. */
const LONGEST = 1_000;

export interface Moderation {
  /** Which message, as the room numbered it. */
  readonly id: number;
  /** '' for none. */
  readonly reason: string;
  /** The bare address of who wants it, undefined for administrators of the house. */
  readonly asker: string | undefined;
}

/**
 * Takes away what somebody said (XEP-0425), and what it was corrected by: tombstones and notice are one write, then everybody
 * is told. `by` makes the `<moderated/>` that says who it was; it is asked after the message was looked for, and throws when
 * they may not any more. To be called in `room.changing`. Gives the message, then its corrections; nothing
 * when there is no such message. Throws StanzaError for what nobody takes away.
 */
export async function moderate(
  rooms: Rooms,
  graves: Graves,
  room: Room,
  { id, reason, asker }: Moderation,
  by: () => Element,
): Promise<readonly Said[]> {
  const { archiveIds, stores, db } = rooms.host.house;
  if (reason.length > LONGEST) throw new StanzaError('not-acceptable', `A reason has ${LONGEST} characters at most.`);
  const meant = await graves.find(room, id, asker);
  by();
  const [said] = meant;
  if (said === undefined) return [];
  check(said);

  const inside = (): Element[] => [by(), ...(reason === '' ? [] : [el('reason', {}, reason)])];
  const retraction = randomUUID();
  const archiveId = archiveIds.next();
  const notice = noticeOf(room.jid.bare, String(said.id), retraction, archiveId, inside());
  const told = new Stanza(notice, room.jid, undefined);
  const done = { by: retraction, stamp: dateTime(Date.now()) };
  const graveyard = meant.map((one) => graves.bury(room, one, { ...done, inside: inside() }));
  const statements = graveyard.flatMap((grave) => grave.statements);
  if (room.stored && rooms.keeps(room)) {
    const entry = { owner: room.id, peer: room.jid.bare };
    statements.push(...stores.archives.appendStatements(archiveId, told.text, [entry]));
  }
  if (statements.length > 0) await db.batch(statements);
  for (const { remember } of graveyard) remember();
  rooms.remember(room, archiveId, told);
  room.tellAll(told);
  return meant;
}

/** Throws StanzaError. */
function check({ element, from }: Said): void {
  if (child(element, 'retracted', NS.retract) !== undefined)
    throw new StanzaError('conflict', 'This message has been retracted already.');
  if (from.resource === '') throw new StanzaError('not-allowed', 'This is what the room itself said.');
  if (setsSubject({ element })) throw new StanzaError('not-allowed', 'A subject is changed, not retracted.');
}

/** §3.1: what everybody is told, from the room itself. */
function noticeOf(room: string, of: string, id: string, archiveId: number, inside: Element[]): Element {
  return el(
    'message',
    { type: 'groupchat', id },
    el('retract', { xmlns: NS.retract, id: of }, ...inside),
    asBefore(of, inside),
    el('stanza-id', { xmlns: NS.sid, by: room, id: String(archiveId) }),
  );
}
