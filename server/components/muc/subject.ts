import { delay } from '../../xmpp/delay.ts';
import { child, el, serialize, textOf } from '../../xmpp/element.ts';
import { tryParseJid } from '../../xmpp/jid.ts';
import { Stanza } from '../../xmpp/stanza.ts';
import { StanzaError } from '../../xmpp/stanza-error.ts';
import type { RoomFeature, Talk } from './feature.ts';
import type { Room } from './room.ts';
import type { Rooms } from './rooms.ts';

/** Characters of a subject, and of all that is said with it: everybody who comes gets it. */
const LONGEST = 5_000;
const WHOLE = 20_000;

/** The subject of a room (XEP-0045 §8.1): who may change it, and telling it to who comes (§7.2.15). */
export const subject: RoomFeature = {
  name: 'subject',
  xep: [45, '1.35.3'],
  start(rooms) {
    /** The subject as newcomers get it. */
    const known = new WeakMap<NonNullable<Room['subject']>, Stanza>();
    return {
      join: {
        history({ room, from }) {
          room.send(lastSubject(rooms, known, room).for(from));
        },
      },
      groupchat: {
        check(talk) {
          if (setsSubject(talk.stanza)) mayChange(talk);
        },
        broadcast(talk) {
          if (setsSubject(talk.stanza)) change(rooms, talk);
        },
      },
    };
  },
};

/** §8.1: a subject and no body; with a body it is a message like others. */
export function setsSubject({ element }: Pick<Stanza, 'element'>): boolean {
  return (
    child(element, 'subject') !== undefined &&
    child(element, 'body') === undefined &&
    child(element, 'thread') === undefined
  );
}

function mayChange({ room, occupant, stanza }: Talk): void {
  const may = occupant.role === 'moderator' || (room.config.allowSubject && occupant.role === 'participant');
  if (!may) throw new StanzaError('forbidden', 'You may not change the subject of this room.');
  if (textOf(child(stanza.element, 'subject')).length > LONGEST) {
    throw new StanzaError('not-acceptable', `A subject has ${LONGEST} characters at most.`);
  }
  if (serialize(stanza.element).length > WHOLE) {
    throw new StanzaError('not-acceptable', `A subject has ${WHOLE} characters at most, with all that goes with it.`);
  }
}

function change(rooms: Rooms, { room, occupant, said, ledger }: Talk): void {
  const text = textOf(child(said.element, 'subject'));
  room.subject = { text, nick: occupant.nick, at: Date.now(), stanza: said.text };
  if (room.stored) ledger.statements.push(rooms.host.house.stores.rooms.subjectStatement(room.id, room.subject));
}

/** There is always one to tell, though it be empty. */
function lastSubject(rooms: Rooms, known: WeakMap<object, Stanza>, room: Room): Stanza {
  if (room.subject === undefined)
    return new Stanza(el('message', { type: 'groupchat' }, el('subject')), room.jid, undefined);
  let stanza = known.get(room.subject);
  if (stanza === undefined) {
    const element = rooms.host.house.parse(room.subject.stanza);
    const stamp = delay(room.jid.bare, room.subject.at);
    stamp.parent = element;
    element.children.push(stamp);
    stanza = new Stanza(element, tryParseJid(element.attrs.from ?? '') ?? room.jid, undefined);
    known.set(room.subject, stanza);
  }
  return stanza;
}
