import { StorageError, type StorageErrorCode, type Value } from './database.ts';

type Failed = (error: Error) => void;
/** Tells the failure of a queued write to whoever queued it. */
export type Settle = (failed: Failed | undefined, error: StorageError) => void;

/** Operations that go to the worker together, and those who wait for their outcome. */
export class Flush {
  readonly operations: Value[] = [];
  count = 0;
  characters = 0;
  writes = false;

  /** Three entries for each operation that somebody awaits: its number, resolve, reject; their order is the results'. */
  readonly #numbers: number[] = [];
  readonly #resolves: ((value: unknown) => void)[] = [];
  readonly #rejects: Failed[] = [];
  /** The same for queued operations whose failure somebody wants to know. */
  readonly #watched: number[] = [];
  readonly #watchers: Failed[] = [];
  #done: PromiseWithResolvers<void> | undefined;

  /** The operation just added is awaited. */
  wait(resolve: (value: unknown) => void, reject: Failed): void {
    this.#numbers.push(this.count - 1);
    this.#resolves.push(resolve);
    this.#rejects.push(reject);
  }

  /** The failure of the operation just added is of interest. */
  watch(failed: Failed): void {
    this.#watched.push(this.count - 1);
    this.#watchers.push(failed);
  }

  /** Resolves when the outcome of all operations is known, and told. */
  settled(): Promise<void> {
    this.#done ??= Promise.withResolvers();
    return this.#done.promise;
  }

  /** `failures` as in `Reply`. */
  settle(results: readonly unknown[], failures: readonly (number | string)[], tell: Settle): void {
    if (failures.length === 0) {
      for (let i = 0; i < results.length; i++) this.#resolves[i]!(results[i]);
    } else {
      const failed = new Map<number, StorageError>();
      for (let i = 0; i < failures.length; i += 3) {
        const error = new StorageError(failures[i + 1] as StorageErrorCode, failures[i + 2] as string);
        failed.set(failures[i] as number, error);
      }
      this.#settleSome(results, failed, tell);
    }
    this.#done?.resolve();
  }

  /** Nothing of it was done. */
  fail(error: StorageError, tell: Settle): void {
    const failed = new Map<number, StorageError>();
    for (let i = 0; i < this.count; i++) failed.set(i, error);
    this.#settleSome([], failed, tell);
    this.#done?.resolve();
  }

  #settleSome(results: readonly unknown[], failed: Map<number, StorageError>, tell: Settle): void {
    for (const [i, number] of this.#numbers.entries()) {
      const error = failed.get(number);
      if (error === undefined) this.#resolves[i]!(results[i]);
      else this.#rejects[i]!(error);
      failed.delete(number);
    }
    for (const [i, number] of this.#watched.entries()) {
      const error = failed.get(number);
      if (error !== undefined) tell(this.#watchers[i], error);
      failed.delete(number);
    }
    for (const error of failed.values()) tell(undefined, error);
  }
}
