import { Transform, type TransformCallback } from 'node:stream';
import { bytesMoved } from '../../util/garbage.ts';
import type { LargeTurns } from '../../util/large-turns.ts';

/** What a quiet time may be made up for, in ms. */
const BURST = 100;
/** Less is not worth a timer, in ms: it is owed, and waited for with what comes next. */
const SHORT = 2;

/** A line of so many bytes a second, for one or for many. */
export class Line {
  readonly #perSecond: () => number;
  readonly #now: () => number;
  /** When all that was let through has had its time. */
  #free = 0;

  /** `perSecond` is asked each time; 0 stands for no limit. */
  constructor(perSecond: () => number, now: () => number = () => performance.now()) {
    this.#perSecond = perSecond;
    this.#now = now;
  }

  /** Lets bytes through. Gives how long they have to wait, in ms. */
  take(bytes: number): number {
    const rate = this.#perSecond();
    if (rate === 0) return 0;
    const now = this.#now();
    this.#free = Math.max(this.#free, now - BURST) + (bytes / rate) * 1_000;
    return Math.max(0, this.#free - now);
  }
}

/** Passes on what comes, in its turn and no faster than the lines allow. */
export class Pace extends Transform {
  readonly #lines: readonly Line[];
  readonly #turns: LargeTurns;
  #timer: NodeJS.Timeout | undefined;

  constructor(turns: LargeTurns, lines: readonly Line[]) {
    super();
    this.#turns = turns;
    this.#lines = lines;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    let wait = 0;
    for (const line of this.#lines) wait = Math.max(wait, line.take(chunk.length));
    const go = (): void => {
      if (!this.destroyed) this.#turns.take(chunk.length, () => this.#pass(chunk, done));
    };
    if (wait < SHORT) go();
    else this.#timer = setTimeout(go, wait);
  }

  #pass(chunk: Buffer, done: TransformCallback): void {
    bytesMoved(chunk.length);
    done(null, chunk);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearTimeout(this.#timer);
    done(error);
  }
}
