import { hint } from '../../host/hints.ts';
import { child, el, removeChildren } from '../../xmpp/element.ts';
import { NS } from '../../xmpp/ns.ts';
import type { Stanza } from '../../xmpp/stanza.ts';
import { StanzaError } from '../../xmpp/stanza-error.ts';
import type { RoomFeature, Talk } from './feature.ts';
import { isTold } from './history.ts';
import { isPassable } from './masking.ts';
import { setsSubject } from './subject.ts';

/** What somebody says to all (XEP-0045 §7.4), with the ids of message (XEP-0359) and occupant (XEP-0421). */
export const talking: RoomFeature = {
  name: 'talking',
  xep: [45, '1.35.3'],
  also: [
    [359, '0.7.0'],
    [421, '1.0.1'],
  ],
  start(rooms) {
    const { house } = rooms.host;
    return {
      serviceFeatures: [NS.occupantId],
      features: () => [NS.occupantId, NS.sid],
      groupchat: {
        check({ occupant, stanza }) {
          if (occupant.role === 'visitor' && !setsSubject(stanza)) {
            throw new StanzaError('forbidden', 'You may listen here, and not speak.'); // §7.4, moderated rooms
          }
        },
        stamp: (talk) => stamp(talk),
        archive(talk) {
          const { room, occupant, said, ledger } = talk;
          if (!lasts(said)) return;
          talk.archiveId = house.archiveIds.next();
          const id = el('stanza-id', { xmlns: NS.sid, by: room.jid.bare, id: String(talk.archiveId) });
          id.parent = said.element;
          said.element.children.push(id);
          if (!room.stored || !rooms.keeps(room)) return;
          rooms.pace.keeps(occupant, said.text.length);
          const entry = { owner: room.id, peer: occupant.jid.full };
          ledger.statements.push(...house.stores.archives.appendStatements(talk.archiveId, said.text, [entry]));
        },
        broadcast({ room, stanza, said, archiveId }) {
          if (archiveId !== 0 && isTold(said)) rooms.remember(room, archiveId, said);
          room.tellAll(said);
          rooms.pace.told(room, stanza.from, said.text.length);
        },
      },
    };
  },
};

/** SECURITY 42: takes off all that only the room may say, and says it. */
function stamp(talk: Talk): void {
  const { occupant, stanza, said } = talk;
  const { element } = said;
  removeChildren(element, (node) => !isPassable(node, stanza));
  const id = el('occupant-id', { xmlns: NS.occupantId, id: occupant.id });
  id.parent = element;
  element.children.push(id);
}

/** Whether a message is for who was not there, too (XEP-0313 §5.1.1, XEP-0334). */
function lasts(said: Stanza): boolean {
  const { element } = said;
  if (setsSubject(said)) return true;
  if (hint(element, 'no-store') || hint(element, 'no-permanent-store')) {
    return child(element, 'retract', NS.retract) !== undefined; // XEP-0424 §6: it MUST be stored
  }
  if (child(element, 'body') !== undefined || hint(element, 'store')) return true;
  return element.children.some(
    (node) => typeof node !== 'string' && node.attrs.xmlns !== undefined && !PASSING.has(node.attrs.xmlns),
  );
}

/** Payloads that say nothing that is true later. */
const PASSING: ReadonlySet<string> = new Set([NS.chatStates, NS.hints, NS.sid, NS.delay, NS.occupantId]);
