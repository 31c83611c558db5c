import { bytesMoved } from './garbage.ts';

/** Bytes that all large files together may move before others are looked at: a quarter of a millisecond, up to one with TLS. */
const BUDGET = 256 * 1024;

interface Turn {
  readonly bytes: number;
  readonly go: () => void;
}

/**
 * Lets large files that are on their way take turns with each other, and with everybody else in the house. Left alone the system
 * hands over two megabytes of each connection at once, so that a few of them would keep every message waiting for tenths of a second.
 */
export class LargeTurns {
  readonly #budget: number;
  #left: number;
  #scheduled = false;
  /** Those whose turn has not come, in order; bounded by two for each file. */
  #waiting: Turn[] = [];

  constructor(budget = BUDGET) {
    this.#budget = budget;
    this.#left = budget;
  }

  /** Calls back at once while there is budget left, else when its turn has come. */
  take(bytes: number, go: () => void): void {
    this.#schedule();
    if (this.#left > 0 && this.#waiting.length === 0) this.#go({ bytes, go });
    else this.#waiting.push({ bytes, go });
  }

  #go({ bytes, go }: Turn): void {
    this.#left -= bytes;
    go();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#next());
  }

  #next(): void {
    this.#left = this.#budget;
    this.#scheduled = false;
    let n = 0;
    while (n < this.#waiting.length && this.#left > 0) this.#go(this.#waiting[n++]!);
    this.#waiting = this.#waiting.slice(n);
    if (this.#waiting.length > 0) this.#schedule();
  }
}

/** There is one event loop, and so one of these. */
export const largeTurns = new LargeTurns();

/** The pieces of a stream, each in its turn. The stream is not destroyed when nobody wants more. */
export async function* inTurns(source: {
  iterator(how: { destroyOnReturn: boolean }): AsyncIterable<Buffer>;
}): AsyncIterable<Buffer> {
  for await (const chunk of source.iterator({ destroyOnReturn: false })) {
    await new Promise<void>((go) => largeTurns.take(chunk.length, go));
    bytesMoved(chunk.length);
    yield chunk;
  }
}
