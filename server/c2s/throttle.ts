import { setTimeout } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { addressGroup } from '../util/address-group.ts';
import { KeyedMutex } from '../util/keyed-mutex.ts';

/** Failures that cost nothing: people mistype. */
const FREE = 3;
const FIRST_DELAY = 500;
const LONGEST_DELAY = 15_000;
/** Tries for one account and address that may stand in line; more are refused unchecked. */
const LINE = 10;
/** A failure is forgotten after this time, in ms. */
const MEMORY = 15 * 60_000;
/** One address may guess at many accounts: it is slowed down after this many failures in all. */
const FREE_PER_ADDRESS = 50;
/** For so long, in ms, an account that logged in from an address does not wait for the failures of others there. */
const KNOWN = 30 * 24 * 60 * 60_000;

/**
 * Slows down guessing of passwords, per account and address together and per address. Whoever owns the account is not slowed
 * down by whoever guesses elsewhere, nor by a forgotten phone in the same office. The delay comes before the answer, right
 * or wrong.
 */
export class Throttle {
  readonly #failures = new LRUCache<string, number>({ max: 50_000, ttl: MEMORY });
  readonly #known = new LRUCache<string, true>({ max: 50_000, ttl: KNOWN });
  readonly #turns = new KeyedMutex<string>();
  readonly #line = new Map<string, number>();
  readonly #sleep: (ms: number) => Promise<unknown>;

  constructor(sleep: (ms: number) => Promise<unknown> = (ms) => setTimeout(ms)) {
    this.#sleep = sleep;
  }

  /**
   * Checks a try when this account and address have waited as long as they have to: one after the other, as guessing on many
   * connections at once must not be faster. Gives what the check gives, or undefined when too many stand in line already.
   */
  async turn<T>(bare: string, address: string, check: () => T | Promise<T>): Promise<T | undefined> {
    const group = addressGroup(address);
    const pair = `${group} ${bare}`;
    const line = this.#line.get(pair) ?? 0;
    if (line >= LINE) return undefined;
    this.#line.set(pair, line + 1);
    try {
      return await this.#turns.run(pair, async () => {
        const own = this.#delay(pair, FREE);
        const delay = this.#known.has(pair) ? own : Math.max(own, this.#delay(group, FREE_PER_ADDRESS));
        if (delay > 0) await this.#sleep(delay);
        return check();
      });
    } finally {
      const left = this.#line.get(pair)! - 1;
      if (left === 0) this.#line.delete(pair);
      else this.#line.set(pair, left);
    }
  }

  failed(bare: string, address: string): void {
    const group = addressGroup(address);
    this.#count(`${group} ${bare}`);
    this.#count(group);
  }

  succeeded(bare: string, address: string): void {
    const pair = `${addressGroup(address)} ${bare}`;
    this.#failures.delete(pair);
    this.#known.set(pair, true);
  }

  #delay(key: string, free: number): number {
    const failures = this.#failures.get(key) ?? 0;
    return failures < free ? 0 : Math.min(FIRST_DELAY * 2 ** Math.min(failures - free, 10), LONGEST_DELAY);
  }

  #count(key: string): void {
    this.#failures.set(key, (this.#failures.get(key) ?? 0) + 1);
  }
}
