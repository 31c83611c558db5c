import { setTimeout as sleep } from 'node:timers/promises';
import { type Database, type Statement, StorageError, type StorageErrorCode } from '../../server/storage/database.ts';

/** A database that knows whether it is busy, and whose commits a test can hold back or let fail. */
export class WatchedDatabase implements Database {
  readonly #inner: Database;
  /** Operations that somebody waits for. */
  pending = 0;
  /** Operations so far, of all kinds. */
  operations = 0;
  /** How long a disk takes to have it, in ms. */
  lag = 0;
  #gate: Promise<void> | undefined;
  #open: (() => void) | undefined;

  constructor(inner: Database) {
    this.#inner = inner;
  }

  #refusal: StorageError | undefined;

  /** From now on every write fails for this reason; with undefined, none any more. */
  refuseWrites(reason: StorageErrorCode | undefined): void {
    this.#refusal = reason === undefined ? undefined : new StorageError(reason, `the test says: ${reason}`);
  }

  /** From now on nothing counts as being on disk. */
  hold(): void {
    this.#gate = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  release(): void {
    this.#open?.();
    this.#gate = undefined;
  }

  all<Row>(statement: Statement): Promise<Row[]> {
    return this.#watch(this.#inner.all<Row>(statement));
  }

  get<Row>(statement: Statement): Promise<Row | undefined> {
    return this.#watch(this.#inner.get<Row>(statement));
  }

  run(statement: Statement): Promise<number> {
    return this.#watch(this.#committed(this.#inner.run(statement)));
  }

  batch(statements: readonly Statement[]): Promise<number[]> {
    return this.#watch(this.#committed(this.#inner.batch(statements)));
  }

  copy(file: string, progress?: (part: number) => void): Promise<void> {
    return this.#inner.copy(file, progress);
  }

  queue(statements: readonly Statement[], failed?: (error: Error) => void): void {
    this.operations++;
    const refusal = this.#refusal;
    if (refusal === undefined) this.#inner.queue(statements, failed);
    else queueMicrotask(() => failed?.(refusal));
  }

  async durable(hurry?: boolean): Promise<void> {
    await this.#inner.durable(hurry);
    await this.#gate;
  }

  /** What is really on disk, gate or not. */
  flushed(): Promise<void> {
    return this.#inner.durable();
  }

  get pressure(): boolean {
    return this.#inner.pressure;
  }

  drained(): Promise<void> {
    return this.#inner.drained();
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  async #committed<T>(write: Promise<T>): Promise<T> {
    const result = await write;
    if (this.lag > 0) await sleep(this.lag);
    return result;
  }

  async #watch<T>(operation: Promise<T>): Promise<T> {
    this.pending++;
    this.operations++;
    try {
      return await operation;
    } finally {
      this.pending--;
    }
  }
}
