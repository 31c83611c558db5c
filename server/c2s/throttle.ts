import { setTimeout as sleep } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { addressGroup } from '../util/address-group.ts';

/** Failures that cost nothing: people mistype. */
const FREE = 3;
const FIRST_DELAY = 500;
const LONGEST_DELAY = 15_000;
/** A failure is forgotten after this time, in ms. */
const MEMORY = 15 * 60_000;
/** One address may guess at many accounts: it is slowed down after this many failures in all. */
const FREE_PER_ADDRESS = 20;

/**
 * Slows down guessing of passwords, per account and address together and per address: the owner of the account, coming
 * from elsewhere, is not slowed down by whoever guesses. The delay comes before the answer, right or wrong.
 */
export class Throttle {
  readonly #failures = new LRUCache<string, number>({ max: 50_000, ttl: MEMORY });

  /** Waits as long as this account and address have to. */
  async wait(bare: string, address: string): Promise<void> {
    const group = addressGroup(address);
    const delay = Math.max(this.#delay(`${group} ${bare}`, FREE), this.#delay(group, FREE_PER_ADDRESS));
    if (delay > 0) await sleep(delay);
  }

  failed(bare: string, address: string): void {
    const group = addressGroup(address);
    this.#count(`${group} ${bare}`);
    this.#count(group);
  }

  succeeded(bare: string, address: string): void {
    this.#failures.delete(`${addressGroup(address)} ${bare}`);
  }

  #delay(key: string, free: number): number {
    const failures = this.#failures.get(key) ?? 0;
    return failures < free ? 0 : Math.min(FIRST_DELAY * 2 ** Math.min(failures - free, 10), LONGEST_DELAY);
  }

  #count(key: string): void {
    this.#failures.set(key, (this.#failures.get(key) ?? 0) + 1);
  }
}
