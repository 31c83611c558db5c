import { LRUCache } from 'lru-cache';

/** A value that is at hand, or the promise of one. */
export type Soon<T> = T | Promise<T>;

interface Box<Value> {
  readonly value: Value;
}

interface Load<Value> {
  promise: Promise<Value> | undefined;
}

/**
 * A bounded memory of what a store has read. A hit is returned as it is, without a promise.
 *
 * The rule that keeps it right: a store calls `forget` or `put` in the same turn in which it hands the write to the
 * database. The database keeps order, so whatever is read after that sees the write, and an answer still on its way from
 * before is given to its waiters but not remembered.
 */
export class Cached<Key extends string | number, Value> {
  readonly #known: LRUCache<Key, Box<Value>>;
  readonly #loading = new Map<Key, Load<Value>>();
  readonly #load: (key: Key) => Promise<Value>;

  /** `weigh` gives the size of one value; the sum stays below `bound`. Without it each value weighs 1. */
  constructor(bound: number, load: (key: Key) => Promise<Value>, weigh?: (value: Value) => number) {
    this.#known =
      weigh === undefined
        ? new LRUCache({ max: bound })
        : new LRUCache({ maxSize: bound, sizeCalculation: (box) => weigh(box.value) });
    this.#load = load;
  }

  get(key: Key): Soon<Value> {
    const box = this.#known.get(key);
    if (box !== undefined) return box.value;
    const underway = this.#loading.get(key)?.promise;
    if (underway !== undefined) return underway;
    const load: Load<Value> = { promise: undefined };
    this.#loading.set(key, load);
    load.promise = this.#fill(key, load);
    return load.promise;
  }

  /** What is remembered, without asking the database. */
  peek(key: Key): Value | undefined {
    return this.#known.get(key)?.value;
  }

  put(key: Key, value: Value): void {
    this.#loading.delete(key);
    this.#known.set(key, { value });
  }

  forget(key: Key): void {
    this.#loading.delete(key);
    this.#known.delete(key);
  }

  clear(): void {
    this.#loading.clear();
    this.#known.clear();
  }

  async #fill(key: Key, load: Load<Value>): Promise<Value> {
    try {
      const value = await this.#load(key);
      if (this.#loading.get(key) === load) this.put(key, value);
      return value;
    } finally {
      if (this.#loading.get(key) === load) this.#loading.delete(key);
    }
  }
}
