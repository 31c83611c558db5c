import type { Database as Connection, Statement as Prepared } from 'better-sqlite3';
import { StorageError, type Value } from './database.ts';
import { toStorageError } from './sqlite-error.ts';
import { ALL, BATCH, GET, QUEUE, type Reply, type Request } from './sqlite-protocol.ts';

/** After these nothing more can be written in the transaction, or nothing can be trusted that was. */
const FATAL = new Set(['full', 'io', 'corrupt', 'busy']);

/**
 * How a message is carried out. `fast`: no savepoints, as hardly ever does an operation fail. `careful`: the second try
 * after one did, each operation under a savepoint. `reads`: writes are known to have failed, queries are still answered.
 */
type Manner = 'fast' | 'careful' | 'reads';

/** Thrown in `fast` when an operation failed half-way. */
const HALFWAY = new StorageError('io', 'an operation failed half-way');

interface Known {
  readonly text: string;
  readonly values: number;
  prepared: Prepared | undefined;
}

/** Carries out messages on one connection: each message with writes is one transaction. */
export class Executor {
  readonly #db: Connection;
  readonly #known: Known[] = [];
  readonly #begin: Prepared;
  readonly #commit: Prepared;
  readonly #savepoint: Prepared;
  readonly #release: Prepared;
  readonly #undo: Prepared;

  #operations: readonly Value[] = [];
  #at = 0;
  #from = 0;
  #inside = false;
  #results: unknown[] = [];
  #failures: (number | string)[] = [];

  constructor(db: Connection) {
    this.#db = db;
    this.#begin = db.prepare('BEGIN IMMEDIATE');
    this.#commit = db.prepare('COMMIT');
    this.#savepoint = db.prepare('SAVEPOINT operation');
    this.#release = db.prepare('RELEASE operation');
    this.#undo = db.prepare('ROLLBACK TO operation');
  }

  /** Never throws: what fails is in the reply, and what the reply does not call failed is committed. */
  execute(request: Request): Reply {
    const { texts } = request;
    for (let i = 0; i < texts.length; i += 2) {
      this.#known.push({ text: texts[i] as string, values: texts[i + 1] as number, prepared: undefined });
    }
    this.#operations = request.operations;
    if (!request.writes) this.#pass('reads');
    else {
      let outcome = this.#transaction('fast');
      if (outcome === HALFWAY) outcome = this.#transaction('careful');
      if (outcome !== undefined) this.#pass('reads', outcome);
    }
    const reply = { results: this.#results, failures: this.#failures };
    this.#operations = this.#results = this.#failures = [];
    return reply;
  }

  /** Undefined when committed; else nothing of it is in the store. */
  #transaction(manner: Manner): StorageError | undefined {
    try {
      this.#begin.run();
      this.#pass(manner);
      this.#commit.run();
      return undefined;
    } catch (error) {
      if (this.#db.inTransaction) this.#rollback();
      return toStorageError(error);
    }
  }

  #rollback(): void {
    try {
      this.#db.exec('ROLLBACK');
    } catch {
      // The engine may have rolled back by itself meanwhile. If it is stuck, the next BEGIN fails and is reported.
    }
  }

  /** One walk over the operations. With `reads`, writes are given `lost` as their error. */
  #pass(manner: Manner, lost?: StorageError): void {
    const operations = this.#operations;
    this.#results = [];
    this.#failures = [];
    this.#at = 0;
    this.#inside = manner !== 'reads';
    for (let number = 0; this.#at < operations.length; number++) {
      const kind = operations[this.#at++] as number;
      if (kind === ALL || kind === GET) this.#read(number, kind);
      else if (manner === 'reads') {
        for (let left = operations[this.#at++] as number; left > 0; left--) this.#skip();
        this.#fail(number, kind, lost ?? new StorageError('statement', 'a write in a message said to have none'));
      } else this.#write(number, kind, manner);
    }
  }

  #read(number: number, kind: number): void {
    try {
      const prepared = this.#next();
      if (!prepared.readonly) throw new StorageError('statement', `a query that writes: ${prepared.source}`);
      const bound = this.#operations.slice(this.#from, this.#at);
      this.#results.push(kind === ALL ? prepared.all(bound) : prepared.get(bound));
    } catch (error) {
      // A read error can end the transaction, too, and what followed would then be committed one by one.
      if (this.#inside && !this.#db.inTransaction) throw error;
      this.#fail(number, kind, toStorageError(error));
    }
  }

  #write(number: number, kind: number, manner: Manner): void {
    const count = this.#operations[this.#at++] as number;
    const changed: number[] | undefined = kind === BATCH ? [] : undefined;
    const guarded = manner === 'careful' && count > 1;
    let changes = 0;
    let done = 0;
    if (guarded) this.#savepoint.run();
    try {
      for (; done < count; done++) {
        changes = this.#runNext();
        changed?.push(changes);
      }
      if (guarded) this.#release.run();
      if (kind !== QUEUE) this.#results.push(changed ?? changes);
    } catch (error) {
      const failure = toStorageError(error);
      if (FATAL.has(failure.code) || !this.#db.inTransaction) throw failure;
      if (guarded) {
        this.#undo.run();
        this.#release.run();
      } else if (done > 0) throw HALFWAY;
      for (let left = count - done - 1; left > 0; left--) this.#skip();
      this.#fail(number, kind, failure);
    }
  }

  /** Runs the statement at the cursor. */
  #runNext(): number {
    const prepared = this.#next();
    const all = this.#operations;
    const from = this.#from;
    switch (this.#at - from) {
      case 0:
        return prepared.run().changes;
      case 1:
        return prepared.run(all[from]).changes;
      case 2:
        return prepared.run(all[from], all[from + 1]).changes;
      case 3:
        return prepared.run(all[from], all[from + 1], all[from + 2]).changes;
      default:
        return prepared.run(all.slice(from, this.#at)).changes;
    }
  }

  /** Moves the cursor behind the next statement, its values then being `#from` up to `#at`, and prepares it. */
  #next(): Prepared {
    const text = this.#operations[this.#at];
    this.#skip();
    if (typeof text === 'string') return this.#db.prepare(text);
    const known = this.#known[text as number]!;
    known.prepared ??= this.#db.prepare(known.text);
    return known.prepared;
  }

  #skip(): void {
    const text = this.#operations[this.#at]!;
    if (typeof text === 'string') {
      this.#from = this.#at + 2;
      this.#at = this.#from + (this.#operations[this.#at + 1] as number);
    } else {
      this.#from = this.#at + 1;
      this.#at = this.#from + this.#known[text as number]!.values;
    }
  }

  #fail(number: number, kind: number, error: StorageError): void {
    if (kind !== QUEUE) this.#results.push(undefined);
    this.#failures.push(number, error.code, error.message);
  }
}
