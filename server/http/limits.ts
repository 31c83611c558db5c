import { setTimeout as pause } from 'node:timers/promises';
import type { FastifyRequest } from 'fastify';
import { CommandError } from '../commands/command-error.ts';
import { addressGroup } from '../util/address-group.ts';
import { TokenBuckets } from '../util/token-bucket.ts';
import { HttpError } from './errors.ts';

const LONGEST_PAUSE_MS = 5_000;
const MOST_WAITING = 32;

/**
 * How often a secret may be tried. An address (an IPv6 /64) that tries too often is refused for a while. A name that is
 * tried too often, from wherever, is only answered late: nobody can lock its owner out by guessing at it.
 */
export class AttemptLimits {
  readonly #addresses: TokenBuckets;
  readonly #names: TokenBuckets;
  #waiting = 0;

  constructor(now: () => number = Date.now) {
    this.#addresses = new TokenBuckets({ capacity: 10, perSecond: 1 / 10, keys: 10_000, now });
    this.#names = new TokenBuckets({ capacity: 10, perSecond: 1 / 2, keys: 10_000, now });
  }

  /**
   * Runs one attempt of a request; a wrong secret is logged, without what was typed, and with the name of who is signed in.
   * Throws HttpError 429, or what the attempt throws.
   */
  async of<T>(request: FastifyRequest, name: string, run: () => Promise<T>): Promise<T> {
    try {
      return await this.attempt(request.ip, name, run);
    } catch (error) {
      if (error instanceof CommandError && error.code.startsWith('wrong-')) {
        const { ip: address, log, routeOptions } = request;
        // Who calls at the socket has a name everywhere, and signs in like anybody else.
        const actor = routeOptions.config?.access === 'public' ? undefined : request.actor;
        const text = actor === undefined ? 'a sign-in failed' : 'somebody signed in did not show who they are';
        log.warn({ address, route: routeOptions.url, ...(actor !== undefined && { admin: actor.name }) }, text);
      }
      throw error;
    }
  }

  /** Runs one attempt; one that succeeds is not counted. Throws HttpError 429, or what the attempt throws. */
  async attempt<T>(address: string, name: string, run: () => Promise<T>): Promise<T> {
    const group = addressGroup(address);
    const wait = this.#addresses.take(group);
    if (wait > 0) throw tooMany(wait);
    const late = this.#names.take(name);
    if (late > 0) {
      if (this.#waiting >= MOST_WAITING) throw tooMany(late);
      this.#waiting += 1;
      try {
        await pause(Math.min(late, LONGEST_PAUSE_MS));
      } finally {
        this.#waiting -= 1;
      }
    }
    const result = await run();
    this.#addresses.give(group);
    if (late === 0) this.#names.give(name);
    return result;
  }
}

function tooMany(waitMs: number): HttpError {
  const seconds = Math.ceil(waitMs / 1_000);
  return new HttpError(429, 'too-many-attempts', `Too many attempts. Try again in ${seconds} seconds.`);
}
