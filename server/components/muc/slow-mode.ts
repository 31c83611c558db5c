import { LRUCache } from 'lru-cache';
import { child } from '../../xmpp/element.ts';
import { StanzaError } from '../../xmpp/stanza-error.ts';
import { atLeast } from './affiliations.ts';
import type { RoomFeature, Talk } from './feature.ts';

/** People whose last message is remembered. */
const PEOPLE = 20_000;

/** Seconds between two messages of one person (XEP-0500). */
export const slowMode: RoomFeature = {
  name: 'slow mode',
  xep: [500, '0.1.1'],
  start() {
    /** When somebody last spoke, by their id in the room: the same for all their devices and nicknames (§5 there). */
    const spoke = new LRUCache<string, number>({ max: PEOPLE });
    return {
      info: ({ config: { slowMode } }) => [
        {
          name: 'muc#roominfo_slow_mode_duration',
          type: 'text-single',
          label: 'Seconds between two messages of one person',
          values: [String(slowMode)],
        },
      ],
      groupchat: {
        check(talk) {
          if (talk.room.config.slowMode > 0) wait(talk, spoke);
        },
      },
    };
  },
};

function wait({ room, occupant, stanza }: Talk, spoke: LRUCache<string, number>): void {
  if (child(stanza.element, 'body') === undefined) return;
  if (atLeast(room.affiliationOf(stanza.from), 'admin')) return;
  const { slowMode } = room.config;
  const now = Date.now();
  const left = (spoke.get(occupant.id) ?? 0) + slowMode * 1_000 - now;
  // A clock that is set back must not silence anybody for longer.
  if (left > 0 && left <= slowMode * 1_000) {
    const text = `In this room one waits ${slowMode} seconds between two messages. Please try again in ${Math.ceil(left / 1_000)} seconds.`;
    throw new StanzaError('policy-violation', text, { type: 'wait' });
  }
  spoke.set(occupant.id, now);
}
