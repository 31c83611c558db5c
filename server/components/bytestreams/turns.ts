import { bytesMoved } from '../../util/garbage.ts';

/** Bytes that all transfers together may move before others are looked at: about a quarter of a millisecond. */
const BUDGET = 256 * 1024;

/**
 * Lets transfers take turns with each other, and with everybody else in the house. Left alone the system hands over two megabytes
 * of each connection at once, so that a few transfers would keep every message waiting for tenths of a second.
 */
export class Turns {
  readonly #budget: number;
  #left: number;
  #scheduled = false;
  /** Those whose turn has not come, in order; bounded by two for each transfer. */
  #waiting: (() => void)[] = [];

  constructor(budget = BUDGET) {
    this.#budget = budget;
    this.#left = budget;
  }

  /** Calls back at once while there is budget left, else when its turn has come. */
  take(bytes: number, go: () => void): void {
    if (!this.#scheduled) {
      this.#scheduled = true;
      setImmediate(this.#next);
    }
    if (this.#left <= 0) {
      this.#waiting.push(() => this.take(bytes, go));
      return;
    }
    this.#left -= bytes;
    bytesMoved(bytes);
    go();
  }

  readonly #next = (): void => {
    this.#left = this.#budget;
    this.#scheduled = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const go of waiting) go();
  };
}
