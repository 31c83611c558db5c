import { numberOf } from '../../archive/ids.ts';
import { isSettled, occupantIdOf } from '../../archive/retraction.ts';
import { dateTime } from '../../xmpp/delay.ts';
import { child, type Element, elements } from '../../xmpp/element.ts';
import { NS } from '../../xmpp/ns.ts';
import { StanzaError } from '../../xmpp/stanza-error.ts';
import type { RoomFeature, Talk } from './feature.ts';
import { Graves, type Said } from './graves.ts';
import { unmoderated } from './masking.ts';
import { setsSubject } from './subject.ts';

/**
 * Retraction in rooms (XEP-0424): the author's message becomes a tombstone in the archive and in what newcomers are told, in
 * the same write as the retraction.
 */
export const retraction: RoomFeature = {
  name: 'retraction',
  xep: [424, '0.4.2'],
  start(rooms) {
    const graves = new Graves(rooms.host.house);
    const found = new WeakMap<Talk, readonly Said[]>();
    const buried = new WeakMap<Talk, (() => void)[]>();
    return {
      features: () => [NS.retract, `${NS.retract}#tombstone`],
      groupchat: {
        check(talk) {
          const retract = child(talk.stanza.element, 'retract', NS.retract);
          return retract === undefined ? undefined : judge(talk, retract);
        },
        archive(talk) {
          const done = { by: talk.stanza.id, stamp: dateTime(Date.now()) };
          const graveyard = found.get(talk)?.map((said) => graves.bury(talk.room, said, done));
          if (graveyard === undefined) return;
          for (const { statements } of graveyard) talk.ledger.statements.push(...statements);
          buried.set(
            talk,
            graveyard.map(({ remember }) => remember),
          );
        },
        broadcast(talk) {
          for (const remember of buried.get(talk) ?? []) remember();
        },
      },
    };

    /** Throws StanzaError for who retracts what is not theirs, whatever their nickname is. */
    async function judge(talk: Talk, retract: Element): Promise<undefined> {
      const { room, stanza, occupant } = talk;
      const all = elements(stanza.element).filter(
        ({ name, attrs }) => name === 'retract' && attrs.xmlns === NS.retract,
      );
      if (all.length > 1) throw new StanzaError('bad-request', 'One retraction at a time.'); // others would read another one
      if (stanza.id === '') throw new StanzaError('bad-request', 'A retraction needs an id.'); // §5: the tombstone names it
      // §6.1: the id that the room gave. By others, clients would find messages that nobody here has looked at.
      const id = numberOf(retract.attrs.id ?? '');
      if (id === undefined)
        throw new StanzaError('item-not-found', 'A message is named by the id that the room gave it.');
      unmoderated(stanza.element);
      const meant = await graves.find(room, id, stanza.from.bare);
      if (room.clients.get(stanza.from.full) !== occupant)
        throw new StanzaError('not-acceptable', 'You are not in this room.'); // they left meanwhile
      const [said] = meant;
      // It may be older than the archive: those who have it still know its author's occupant id, and judge by it (§6).
      if (said === undefined || setsSubject(said)) return undefined;
      if (occupantIdOf(said.element) !== occupant.id)
        throw new StanzaError('forbidden', 'You retract only what you said yourself.');
      if (!isSettled(said.element)) found.set(talk, meant);
      return undefined;
    }
  },
};
