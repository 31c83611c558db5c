import { randomUUID } from 'node:crypto';
import { numberOf } from '../../archive/ids.ts';
import { timeOf } from '../../storage/archive-id.ts';
import { dateTime } from '../../xmpp/delay.ts';
import { child, type Element, el, textOf } from '../../xmpp/element.ts';
import { NS } from '../../xmpp/ns.ts';
import { Stanza } from '../../xmpp/stanza.ts';
import { StanzaError } from '../../xmpp/stanza-error.ts';
import type { RoomFeature, RoomRequest } from './feature.ts';
import { Graves } from './graves.ts';
import { Remembered } from './history.ts';
import type { Occupant } from './occupant.ts';
import type { Rooms } from './rooms.ts';
import { setsSubject } from './subject.ts';

/** Characters of a reason. */
const LONGEST = 1_000;

/** Moderators retract what others said (XEP-0425). */
export const moderation: RoomFeature = {
  name: 'moderation',
  xep: [425, '0.3.0'],
  start(rooms) {
    const graves = new Graves(rooms.host.house);
    return {
      features: () => [NS.moderate],
      iq: [
        {
          type: 'set',
          xmlns: NS.moderate,
          name: 'moderate',
          handle: (request) => request.room.changing(() => moderate(rooms, graves, request)),
        },
      ],
    };
  },
};

/** Who asks, as long as they are a moderator. Throws StanzaError `forbidden` for others (§3.2). */
function moderatorOf({ room, from }: RoomRequest): Occupant {
  const occupant = room.clients.get(from.full);
  if (occupant?.role !== 'moderator')
    throw new StanzaError('forbidden', 'Only moderators who are in the room retract what others said.');
  return occupant;
}

async function moderate(rooms: Rooms, graves: Graves, request: RoomRequest): Promise<undefined> {
  const { room, payload, from } = request;
  const { archiveIds, stores, db } = rooms.host.house;
  moderatorOf(request);
  if (child(payload, 'retract', NS.retract) === undefined)
    throw new StanzaError('feature-not-implemented', 'Messages can be retracted, and nothing else.');
  const reason = textOf(child(payload, 'reason'));
  if (reason.length > LONGEST) throw new StanzaError('not-acceptable', `A reason has ${LONGEST} characters at most.`);
  const number = numberOf(payload.attrs.id ?? '');
  const meant = number === undefined ? [] : await graves.find(room, number, from.bare);
  const [said] = meant;
  const moderator = moderatorOf(request); // still
  if (said === undefined) throw new StanzaError('item-not-found', 'There is no such message.');
  check(said.element, said.from.resource);

  const inside = (): Element[] => [moderatedBy(moderator), ...(reason === '' ? [] : [el('reason', {}, reason)])];
  const by = randomUUID();
  const archiveId = archiveIds.next();
  const notice = noticeOf(room.jid.bare, String(said.id), by, archiveId, inside());
  const told = new Stanza(notice, room.jid, undefined);
  const done = { by, stamp: dateTime(Date.now()) };
  const graveyard = meant.map((one) => graves.bury(room, one, { ...done, inside: inside() }));
  const statements = graveyard.flatMap((grave) => grave.statements);
  if (room.stored && room.config.archived) {
    const entry = { owner: room.id, peer: room.jid.bare };
    statements.push(...stores.archives.appendStatements(archiveId, told.text, [entry]));
  }
  if (statements.length > 0) await db.batch(statements);
  for (const { remember } of graveyard) remember();
  room.history.add(new Remembered(archiveId, timeOf(archiveId), told), room.config.historyLength);
  room.tellAll(told);
}

/** What moderators do not retract. */
function check(element: Element, nick: string): void {
  if (child(element, 'retracted', NS.retract) !== undefined)
    throw new StanzaError('conflict', 'This message has been retracted already.');
  if (nick === '') throw new StanzaError('not-allowed', 'This is what the room itself said.');
  if (setsSubject({ element })) throw new StanzaError('not-allowed', 'A subject is changed, not retracted.');
}

/** §4: in a room where addresses are not seen, it is the occupant's id that says who it was. */
function moderatedBy({ jid, id }: Occupant): Element {
  const occupant = el('occupant-id', { xmlns: NS.occupantId, id });
  return el('moderated', { xmlns: NS.moderate, by: jid.full }, occupant);
}

/** §3.1: what everybody is told, from the room itself. */
function noticeOf(room: string, of: string, id: string, archiveId: number, inside: Element[]): Element {
  return el(
    'message',
    { type: 'groupchat', id },
    el('retract', { xmlns: NS.retract, id: of }, ...inside),
    el('stanza-id', { xmlns: NS.sid, by: room, id: String(archiveId) }),
  );
}
