import type { Host } from '../../host/host.ts';
import type { Option } from '../../host/options.ts';
import { TokenBuckets } from '../../util/token-bucket.ts';
import type { Jid } from '../../xmpp/jid.ts';
import { StanzaError } from '../../xmpp/stanza-error.ts';
import type { Occupant } from './occupant.ts';
import type { Room } from './room.ts';
import { joinRateOption, personRateOption, roomRateOption } from './rules.ts';

/** Whose pace is remembered, of each kind; the longest quiet is forgotten first. */
const KEYS = 20_000;
const now = (): number => Date.now();
const NICKS = { capacity: 10, perSecond: 1 / 10, keys: KEYS, now };
const PRESENCES = { capacity: 20, perSecond: 1 / 2, keys: KEYS, now };
const SETTINGS = { capacity: 20, perSecond: 1 / 3, keys: KEYS, now };
/** Characters of a message as people write them: who says more to many at once rests in between. */
const ORDINARY = 2_000;
/** People in a list that is shown for nothing. */
const FEW = 100;
/** Hundreds of people in longer ones that one person is shown: thirty times a room as full as it gets, and then every two seconds. */
const LISTS = { capacity: 3_000, perSecond: 50, keys: KEYS, now };
/** Characters of a message that are kept for nothing. */
const SHORT = 10_000;
/** Thousands of characters beside those that one person leaves in the archives of rooms. */
const KEPT = { capacity: 5_000, perSecond: 10, keys: KEYS, now };

/** Buckets of which an administrator may change the size at any time. */
class Rate {
  readonly #host: Host;
  readonly #option: Option<number>;
  /** How much of a minute's share may come at once. */
  readonly #burst: number;
  #perMinute = -1;
  #buckets: TokenBuckets | undefined;

  constructor(host: Host, option: Option<number>, burst: number) {
    this.#host = host;
    this.#option = option;
    this.#burst = burst;
  }

  /** Takes one; gives the milliseconds to wait, 0 when there was one. */
  take(key: string): number {
    const perMinute = this.#host.option(this.#option);
    if (perMinute !== this.#perMinute) {
      this.#perMinute = perMinute;
      const capacity = Math.max(1, Math.ceil(perMinute * this.#burst));
      this.#buckets =
        perMinute === 0 ? undefined : new TokenBuckets({ capacity, perSecond: perMinute / 60, keys: KEYS });
    }
    return this.#buckets === undefined ? 0 : this.#buckets.take(key);
  }
}

/** How fast people may do what many others have to hear of (XEP-0045 §14.6). */
export class Pace {
  readonly #host: Host;
  readonly #people: Rate;
  readonly #rooms: Rate;
  readonly #joins: Rate;
  readonly #nicks = new TokenBuckets(NICKS);
  readonly #presences = new TokenBuckets(PRESENCES);
  readonly #settings = new TokenBuckets(SETTINGS);
  readonly #kept = new TokenBuckets(KEPT);
  readonly #lists = new TokenBuckets(LISTS);
  /** Whose last presence is still to be told. */
  readonly #late = new WeakSet<Occupant>();

  constructor(host: Host) {
    this.#host = host;
    this.#people = new Rate(host, personRateOption, 1 / 3);
    this.#rooms = new Rate(host, roomRateOption, 1 / 3);
    this.#joins = new Rate(host, joinRateOption, 1);
  }

  /** Somebody says something, to all or to one. Throws StanzaError; then it is not passed on. */
  says(room: Room, occupant: Occupant): void {
    check(this.#people.take(occupant.id), 'policy-violation', 'You send too many messages to this room.');
    check(this.#rooms.take(room.name), 'resource-constraint', 'Too much is said in this room at once.');
  }

  /** Something long went to all who are in: nobody makes all of them wait, or lose their connections, by much of that. */
  told(room: Room, by: Jid, characters: number): void {
    if (characters > ORDINARY) this.#host.fanOut.spent(by, characters * room.clients.size);
  }

  /** So much is to be kept for somebody: nobody fills the disk. Throws StanzaError. */
  keeps({ bare }: Occupant, characters: number): void {
    if (characters <= SHORT) return;
    const wait = this.#kept.take(bare, Math.ceil((characters - SHORT) / 1_000));
    check(wait, 'policy-violation', 'You send too many long messages.');
  }

  /** A device comes, be it let in or not: guessing a password is no faster. Throws StanzaError. */
  comes(room: Room, who: Jid): void {
    const wait = this.#joins.take(`${room.id} ${who.bare}`);
    check(wait, 'policy-violation', 'You come into this room too often.');
  }

  /** Throws StanzaError. */
  renames(occupant: Occupant): void {
    check(this.#nicks.take(occupant.id), 'policy-violation', 'You change your name too often.');
  }

  /** Somebody asks who has an affiliation or a role, and so many have it. Throws StanzaError. */
  lists(who: Jid, people: number): void {
    if (people <= FEW) return;
    check(
      this.#lists.take(who.bare, Math.ceil(people / 100)),
      'resource-constraint',
      'You ask for long lists too often.',
    );
  }

  /** Throws StanzaError. */
  configures(room: Room): void {
    check(this.#settings.take(room.name), 'policy-violation', 'This room is changed too often.');
  }

  /**
   * Has `tell` called when it is time to tell the others that a presence changed: at once, or, when it changes too often,
   * once for all the changes until then. A refusal would be taken for having been thrown out.
   */
  changes(occupant: Occupant, tell: () => void): void {
    if (this.#late.has(occupant)) return;
    const wait = this.#presences.take(occupant.id);
    if (wait === 0) {
      tell();
      return;
    }
    this.#late.add(occupant);
    const then = (): void => {
      this.#late.delete(occupant);
      this.changes(occupant, tell);
    };
    setTimeout(then, wait).unref();
  }
}

function check(wait: number, condition: 'policy-violation' | 'resource-constraint', text: string): void {
  if (wait === 0) return;
  const seconds = Math.ceil(wait / 1_000);
  const when = seconds === 1 ? 'Please wait a second.' : `Please wait ${seconds} seconds.`;
  throw new StanzaError(condition, `${text} ${when}`, { type: 'wait' });
}
