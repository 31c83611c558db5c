import { LRUCache } from 'lru-cache';
import type { Field } from '../../xmpp/data-form.ts';
import { child } from '../../xmpp/element.ts';
import { NS } from '../../xmpp/ns.ts';
import type { RoomFeature } from './feature.ts';
import type { Room } from './room.ts';
import type { Rooms } from './rooms.ts';

const HOUR_MS = 60 * 60 * 1_000;
/** Hours that are looked back on: older than three days nothing may count. */
const HOURS = 24;
/** Rooms whose messages are counted; of the one that nobody spoke in or asked about for the longest, the archive is asked again. */
const ROOMS = 10_000;
/** Messages of the archive that are looked at. In a room where more is said, less than a day is looked back on. */
const LOOKED_AT = 2_000;

/**
 * How much is said in a public room (XEP-0502): messages of the last day, by the hour, counted in memory. What was said before
 * the service began is counted once in the archive, when somebody asks; what is not known is not told.
 */
export const activity: RoomFeature = {
  name: 'activity',
  xep: [502, '0.1.0'],
  start(rooms) {
    const began = hourNow();
    const known = new LRUCache<number, Hours>({ max: ROOMS });
    const { archiveIds, log } = rooms.host.house;
    const hoursOf = ({ id, createdAt }: Room, archiveId: number): Hours => {
      const there = known.get(id);
      if (there !== undefined) return there;
      const hours = new Hours(Math.max(began, hourOf(createdAt)), archiveId || archiveIds.next());
      known.set(id, hours);
      return hours;
    };
    return {
      groupchat: {
        // §4: what somebody wrote, corrections not again.
        after({ room, archiveId, stanza: { element } }) {
          if (child(element, 'body') === undefined || child(element, 'replace', NS.messageCorrect) !== undefined)
            return;
          hoursOf(room, archiveId).count();
        },
      },
      async info(room): Promise<readonly Field[]> {
        if (!isForAll(room)) return [];
        const hours = hoursOf(room, 0);
        if (rooms.keeps(room)) {
          hours.before ??= lookBack(rooms, room, hours); // once: whoever asks all the time costs nothing (§8)
          try {
            await hours.before;
          } catch (error) {
            hours.before = undefined;
            log.error({ err: error }, 'what was said in a room could not be counted');
          }
        }
        const { perHour } = hours;
        if (perHour === undefined) return [];
        const value = String(Math.round(perHour * 100) / 100);
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

const hourOf = (time: number): number => Math.floor(time / HOUR_MS);
const hourNow = (): number => hourOf(Date.now());

/** §3.1, §9: of rooms that everybody may find and go into. */
function isForAll({ config }: Room): boolean {
  return config.persistent && config.public && !config.membersOnly && config.password === '';
}

/** Counts what the archive has of the last day from before it was counted here. */
async function lookBack({ host }: Rooms, { id, createdAt }: Room, hours: Hours): Promise<void> {
  const first = Math.max(hourNow() - HOURS, hourOf(createdAt));
  const range = { start: first * HOUR_MS, beforeId: hours.since };
  const { counts, from } = await host.house.stores.archives.hourly(id, range, LOOKED_AT);
  hours.learn(Math.max(first, from), counts);
}

/** Messages in each of the last hours, the one that is not over first (§5). */
class Hours {
  /** The archive id from which on messages are counted as they are said. */
  readonly since: number;
  /** The look at what was before, once somebody asked. */
  before: Promise<void> | undefined;
  readonly #counts = new Uint32Array(HOURS + 1);
  #hour = hourNow();
  /** The first hour of which all is known. */
  #from: number;

  constructor(from: number, since: number) {
    this.#from = from;
    this.since = since;
  }

  count(): void {
    this.#turn();
    this.#counts[0]!++;
  }

  /** What the archive says, of the hours from this one on. */
  learn(from: number, counts: ReadonlyMap<number, number>): void {
    this.#turn();
    for (const [hour, count] of counts) {
      const ago = this.#hour - hour;
      if (ago >= 0 && ago <= HOURS) this.#counts[ago]! += count;
    }
    this.#from = from;
  }

  /** Of the hours that are over, undefined when none is known. */
  get perHour(): number | undefined {
    this.#turn();
    const known = Math.min(HOURS, this.#hour - this.#from);
    if (known < 1) return undefined;
    let sum = 0;
    for (let i = 1; i <= known; i++) sum += this.#counts[i]!;
    return sum / known;
  }

  #turn(): void {
    const passed = hourNow() - this.#hour;
    if (passed <= 0) return; // a clock that was set back stands still here
    this.#hour += passed;
    if (passed <= HOURS) this.#counts.copyWithin(passed, 0);
    this.#counts.fill(0, 0, Math.min(passed, HOURS + 1));
  }
}
