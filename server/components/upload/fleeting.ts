import { LRUCache } from 'lru-cache';

const DAY_MS = 86_400_000;
/** Files of one person that are told apart. */
const EACH = 500;
const PEOPLE = 10_000;

interface Gone {
  readonly at: number;
  readonly expiresAt: number;
  bytes: number;
}

/**
 * Files that were uploaded to be gone soon (XEP-0363 §4.1.3). The store does not know them any more once they are, yet they count
 * for what somebody may upload in a day: else there would be no such limit for who lets files live for a second. In memory only.
 */
export class Fleeting {
  readonly #people = new LRUCache<number, Gone[]>({ max: PEOPLE });

  /** Somebody uploaded one. Times are ms since 1970. */
  add(account: number, bytes: number, at: number, expiresAt: number): void {
    const known = (this.#people.get(account) ?? []).filter((one) => one.at > at - DAY_MS);
    if (known.length >= EACH) known.at(-1)!.bytes += bytes;
    else known.push({ at, expiresAt, bytes });
    this.#people.set(account, known);
  }

  /** Bytes that somebody uploaded in the last day, of what is gone by now. */
  bytes(account: number, now: number): number {
    let sum = 0;
    for (const one of this.#people.get(account) ?? []) {
      if (one.at > now - DAY_MS && one.expiresAt <= now) sum += one.bytes;
    }
    return sum;
  }
}
