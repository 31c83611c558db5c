import { TokenBuckets } from '../util/token-bucket.ts';
import type { Jid } from '../xmpp/jid.ts';
import type { Sessions } from './sessions.ts';

/** Characters that one person's stanzas may become for many at once, and each second from then on. */
const BURST = 8_000_000;
const RATE = 1_000_000;
/** What is not worth to be counted. */
const LITTLE = 10_000;
/** The longest rest after one stanza, in ms. */
const LONGEST = 5_000;

/**
 * What one stanza becomes that many get a copy of: who sends many of these must rest in between, so that TCP makes the client
 * wait. Nothing is refused or lost by that.
 */
export class FanOut {
  readonly #sessions: Sessions;
  readonly #spent: TokenBuckets;

  constructor(sessions: Sessions, now?: () => number) {
    this.#sessions = sessions;
    this.#spent = new TokenBuckets({ capacity: BURST, perSecond: RATE, keys: 20_000, ...(now && { now }) });
  }

  /** Something of somebody's went to many: so many characters, all copies together. */
  spent({ bare }: Jid, characters: number): void {
    if (characters < LITTLE) return;
    const rest = Math.min(this.#spent.spend(bare, characters), LONGEST);
    if (rest === 0) return;
    for (const session of this.#sessions.of(bare)) session.rest = rest;
  }
}
