import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { LRUCache } from 'lru-cache';

const LIFETIME_MS = 5 * 60 * 1_000;
const RANDOM = 16;
const TIME = 6;
const MAC = 32;
/** Those that were answered rightly are remembered until they expire; nobody without a key makes one more. */
const REMEMBERED = 10_000;

/**
 * Challenges that are good for five minutes, for one purpose and for one use. They carry their proof with them, so that whoever only
 * asks for them takes no memory here, and cannot push another's out.
 */
export class Challenges {
  readonly #key = randomBytes(32);
  readonly #used = new LRUCache<string, true>({ max: REMEMBERED });
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Base64url. `purpose` says for what and for whom it is, and must be the same when it is checked. */
  make(purpose: string): string {
    const head = Buffer.alloc(RANDOM + TIME);
    randomBytes(RANDOM).copy(head);
    head.writeUIntBE(this.#now(), RANDOM, TIME);
    return Buffer.concat([head, this.#mac(head, purpose)]).toString('base64url');
  }

  /** Whether it was made here for that, a short while ago, and was not used yet. */
  holds(challenge: string, purpose: string): boolean {
    const bytes = Buffer.from(challenge, 'base64url');
    if (bytes.length !== RANDOM + TIME + MAC || bytes.toString('base64url') !== challenge) return false;
    const head = bytes.subarray(0, RANDOM + TIME);
    if (!timingSafeEqual(bytes.subarray(RANDOM + TIME), this.#mac(head, purpose))) return false;
    const age = this.#now() - head.readUIntBE(RANDOM, TIME);
    return age >= 0 && age < LIFETIME_MS && !this.#used.has(challenge);
  }

  /** Uses it up: true for exactly one caller. */
  spend(challenge: string): boolean {
    if (this.#used.has(challenge)) return false;
    this.#used.set(challenge, true);
    return true;
  }

  #mac(head: Uint8Array, purpose: string): Buffer {
    return createHmac('sha256', this.#key).update(head).update(purpose).digest();
  }
}
