import { LRUCache } from 'lru-cache';
import type { Field } from '../../xmpp/data-form.ts';
import { child } from '../../xmpp/element.ts';
import { NS } from '../../xmpp/ns.ts';
import type { RoomFeature } from './feature.ts';
import type { Room } from './room.ts';

const HOUR_MS = 60 * 60 * 1_000;
/** Hours that are looked back on: older than three days nothing may count. */
const HOURS = 24;
/** Rooms whose messages are counted; what was said in the one that was quiet for the longest is forgotten first. */
const ROOMS = 10_000;

/**
 * How much is said in a public room (XEP-0502): messages of the last day, by the hour, counted in memory. What is not known is
 * not told, as after a start.
 */
export const activity: RoomFeature = {
  name: 'activity',
  xep: [502, '0.1.0'],
  start() {
    const rooms = new LRUCache<number, Hours>({ max: ROOMS });
    const since = hourNow();
    return {
      groupchat: {
        // §4: what somebody wrote, corrections not again.
        after({ room, stanza: { element } }) {
          if (child(element, 'body') === undefined || child(element, 'replace', NS.messageCorrect) !== undefined)
            return;
          let hours = rooms.get(room.id);
          if (hours === undefined) {
            hours = new Hours();
            rooms.set(room.id, hours);
          }
          hours.count();
        },
      },
      info(room): readonly Field[] {
        const known = Math.min(HOURS, hourNow() - since);
        if (known < 1 || !isForAll(room)) return [];
        const value = String(Math.round(((rooms.peek(room.id)?.sum() ?? 0) / known) * 100) / 100);
        return [
          {
            name: '{urn:xmpp:muc-activity}message-activity',
            type: 'text-single',
            label: 'Messages per hour',
            values: [value],
          },
        ];
      },
    };
  },
};

const hourNow = (): number => Math.floor(Date.now() / HOUR_MS);

/** §3.1, §9: of rooms that everybody may find and go into. */
function isForAll({ config }: Room): boolean {
  return config.persistent && config.public && !config.membersOnly && config.password === '';
}

/** Messages in each of the last hours, the one that is not over first (§5). */
class Hours {
  readonly #counts = new Uint32Array(HOURS + 1);
  #hour = hourNow();

  count(): void {
    this.#turn();
    this.#counts[0]!++;
  }

  /** Of the hours that are over. */
  sum(): number {
    this.#turn();
    let sum = 0;
    for (let i = 1; i <= HOURS; i++) sum += this.#counts[i]!;
    return sum;
  }

  #turn(): void {
    const passed = hourNow() - this.#hour;
    if (passed <= 0) return; // a clock that was set back stands still here
    this.#hour += passed;
    if (passed <= HOURS) this.#counts.copyWithin(passed, 0);
    this.#counts.fill(0, 0, Math.min(passed, HOURS + 1));
  }
}
