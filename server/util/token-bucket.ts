import { LRUCache } from 'lru-cache';

export interface BucketOptions {
  /** How many may come at once after a quiet time. */
  readonly capacity: number;
  /** How many come back a second. */
  readonly perSecond: number;
  /** Keys remembered; the longest unused is forgotten first. */
  readonly keys: number;
  readonly now?: () => number;
}

interface Level {
  tokens: number;
  at: number;
}

/** One token bucket a key, for a bounded number of keys. */
export class TokenBuckets {
  readonly #options: BucketOptions;
  readonly #levels: LRUCache<string, Level>;
  readonly #now: () => number;

  constructor(options: BucketOptions) {
    this.#options = options;
    this.#levels = new LRUCache({ max: options.keys });
    this.#now = options.now ?? Date.now;
  }

  /** Takes one token, or several. 0 when they were there, else the milliseconds until they will be (nothing is taken then). */
  take(key: string, count = 1): number {
    const level = this.#level(key);
    if (level.tokens >= count) {
      level.tokens -= count;
      return 0;
    }
    return Math.ceil(((count - level.tokens) / this.#options.perSecond) * 1_000);
  }

  /** Takes as many as that, there or not: at most as many are owed as may be there. Gives the ms until none is owed. */
  spend(key: string, amount: number): number {
    const level = this.#level(key);
    level.tokens = Math.max(level.tokens - amount, -this.#options.capacity);
    return level.tokens >= 0 ? 0 : Math.ceil((-level.tokens / this.#options.perSecond) * 1_000);
  }

  /** Gives back a token that was taken for something which turned out harmless. */
  give(key: string): void {
    const level = this.#level(key);
    level.tokens = Math.min(this.#options.capacity, level.tokens + 1);
  }

  #level(key: string): Level {
    const { capacity, perSecond } = this.#options;
    const now = this.#now();
    const known = this.#levels.get(key);
    if (known === undefined) {
      const full = { tokens: capacity, at: now };
      this.#levels.set(key, full);
      return full;
    }
    // A clock that is set back must not empty the bucket.
    known.tokens = Math.min(capacity, known.tokens + (Math.max(0, now - known.at) / 1_000) * perSecond);
    known.at = now;
    return known;
  }
}
