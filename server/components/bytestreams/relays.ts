import type { Transfer } from '../../host/transfers.ts';
import { largeTurns } from '../../util/large-turns.ts';
import type { Line } from './pace.ts';
import { type Ends, Relay } from './relay.ts';

/** How often it is looked whether transfers still move, in ms. */
const SWEEP = 5_000;

export interface RelayLimits {
  /** A transfer that has not moved for so long ends, in ms. */
  readonly idleMs: number;
  /** The same once one direction is over: whoever closes looks no different from who only has nothing more to send. */
  readonly lingerMs: number;
}

/** The transfers that are active. */
export class Relays {
  readonly #relays = new Map<string, Relay>();
  readonly #timer: NodeJS.Timeout;

  constructor(limits: RelayLimits) {
    this.#timer = setInterval(() => this.#sweep(limits), Math.min(SWEEP, limits.idleMs / 2, limits.lingerMs / 2));
    this.#timer.unref();
  }

  get size(): number {
    return this.#relays.size;
  }

  has(hash: string): boolean {
    return this.#relays.has(hash);
  }

  /** How many somebody has asked for, by bare address. */
  of(bare: string): number {
    let count = 0;
    for (const { ends } of this.#relays.values()) if (ends.requester.bare === bare) count++;
    return count;
  }

  begin(hash: string, ends: Ends, lines: readonly Line[]): void {
    const relay = new Relay(ends);
    this.#relays.set(hash, relay);
    void relay.run(largeTurns, lines).then(() => this.#relays.delete(hash));
  }

  list(): Transfer[] {
    return [...this.#relays.values()].map(({ view }) => view);
  }

  /** Breaks those off of which it is true. Gives how many. */
  end(which: (ends: Ends) => boolean): number {
    const ended = [...this.#relays.values()].filter(({ ends }) => which(ends));
    for (const relay of ended) relay.break();
    return ended.length;
  }

  close(): void {
    clearInterval(this.#timer);
    this.end(() => true);
  }

  #sweep({ idleMs, lingerMs }: RelayLimits): void {
    const now = Date.now();
    for (const relay of this.#relays.values())
      if (relay.quiet(now) >= (relay.halfClosed ? lingerMs : idleMs)) relay.break();
  }
}
