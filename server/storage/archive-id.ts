/** Archive ids count from here: 2020-01-01T00:00:00Z. */
export const EPOCH = Date.UTC(2020, 0, 1);
/** Ids within one millisecond. 2^53 / 4096 milliseconds last until 2089. */
export const PER_MS = 4096;

/** The time (ms since 1970) at which an id was made. */
export function timeOf(id: number): number {
  return Math.floor(id / PER_MS) + EPOCH;
}

/** The hour (since 1970) from which ids count. */
export const FIRST_HOUR = EPOCH / 3_600_000;

/** The smallest id of a moment (ms since 1970), never negative. */
export function firstIdAt(time: number): number {
  return Math.max(0, Math.floor(time) - EPOCH) * PER_MS;
}

/**
 * Makes ids for archived messages: whole numbers of 53 bits, ordered by time and strictly increasing, also when the clock
 * steps back (then they run ahead of it until it catches up) and across restarts, given the largest id in the store.
 */
export class ArchiveIds {
  #last: number;
  readonly #now: () => number;

  constructor(largest = 0, now: () => number = Date.now) {
    this.#last = largest;
    this.#now = now;
  }

  next(): number {
    this.#last = Math.max(this.#last + 1, firstIdAt(this.#now()));
    return this.#last;
  }
}
