import { CommandError } from '../command-error.ts';
import type { Separator } from '../csv.ts';
import type { HandOver } from './work.ts';

/** For how long what is to be handed over can be had (ms). */
const HAND_OVER_MS = 60 * 60 * 1_000;

/** What one import has for people. */
export interface Handed {
  /** The import's. */
  readonly id: number;
  readonly people: readonly HandOver[];
  /** Between the columns of the list: the spreadsheet that has written the file reads it as well. */
  readonly separator: Separator;
}

/** What is under way with people in great number: one thing at a time, as each would make what the other has planned. */
export class ImportJobs {
  readonly #now: () => number;
  #work: Promise<void> | undefined;
  /** What was made for whom, for a while and in memory only. */
  #handOver: (Handed & { readonly until: number }) | undefined;
  readonly #closing = new AbortController();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Aborted when the server stops. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  get busy(): boolean {
    return this.#work !== undefined;
  }

  /**
   * Takes the one place there is, then begins: nothing comes in between. `run` must not reject. Gives what `prepare` gives as the
   * number. Throws CommandError while something else is under way.
   */
  async begin(prepare: () => Promise<{ id: number; run: () => Promise<void> }>): Promise<number> {
    if (this.#work !== undefined)
      throw new CommandError('import-running', 'Another import is under way. Wait until it is done.');
    const prepared = Promise.withResolvers<void>();
    this.#work = prepared.promise;
    try {
      const { id, run } = await prepare();
      this.#work = run().finally(() => {
        this.#work = undefined;
        prepared.resolve();
      });
      return id;
    } catch (error) {
      this.#work = undefined;
      prepared.resolve();
      throw error;
    }
  }

  /** What an import has for people; `done`: it is over, and this is had for a while. */
  hand(handed: Handed, done: boolean): void {
    this.#handOver = { ...handed, until: done ? this.#now() + HAND_OVER_MS : Number.POSITIVE_INFINITY };
  }

  /** What is to be handed over of it, undefined when there is nothing (any more). */
  handed(id: number): Handed | undefined {
    if (this.#handOver?.id !== id || this.#handOver.until <= this.#now()) return undefined;
    return this.#handOver.people.length > 0 ? this.#handOver : undefined;
  }

  forget(id: number): void {
    if (this.#handOver?.id === id) this.#handOver = undefined;
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    await this.#work;
  }

  close(): void {
    this.#closing.abort();
  }
}
