import { MessageChannel, Worker } from 'node:worker_threads';
import type { BaseLogger } from 'pino';
import { type Database, type Statement, StorageError, type StorageErrorCode } from './database.ts';
import { type Migration, migrations } from './migrations/index.ts';
import { Flush, type Settle } from './sqlite-flush.ts';
import {
  ALL,
  BATCH,
  CLOSE,
  type Copied,
  type CopyRequest,
  GET,
  type Opened,
  QUEUE,
  type Reply,
  RUN,
  type WorkerOptions,
} from './sqlite-protocol.ts';

export interface OpenOptions {
  /** Path of the store, made if it is not there (with its directory); ':memory:' for one that goes away on close. */
  readonly file: string;
  readonly log: Pick<BaseLogger, 'info' | 'warn' | 'error' | 'fatal'> & Partial<Pick<BaseLogger, 'debug'>>;
  /** How long a `queue`d write may wait for others to be committed with; 100 ms. */
  readonly lazyMs?: number;
  /** The schema's steps, when not the project's own (tests). */
  readonly migrations?: readonly Migration[];
  /** The file may not grow beyond so many pages of 4 KB (tests). */
  readonly maxPages?: number;
}

/** Queued operations and characters from which on there is `pressure`; at four times as many, more is refused. */
const MANY_OPERATIONS = 20_000;
const MANY_CHARACTERS = 64 * 1024 * 1024;
/** Lazy operations that are worth a commit of their own. */
const WORTH_A_FLUSH = 512;
/** Operations in one message, so that a read does not wait too long behind writes. */
const FLUSH_BOUND = 2_048;
/** Texts that are numbered; beyond, they travel with the statement and are prepared each time. */
const KNOWN_TEXTS = 1_000;

/**
 * Opens the store. Throws StorageError (`corrupt`, `foreign`, `newer`, …) with a text for the administrator that names the
 * file and the ways out; the file is then left as it was.
 */
export async function openDatabase(options: OpenOptions): Promise<Database> {
  const steps = options.migrations ?? migrations;
  const data: WorkerOptions = { file: options.file, migrations: steps, maxPages: options.maxPages };
  // No execArgv: what the main thread was told to load first is not for this one.
  const settings = { workerData: data, name: 'storage', execArgv: [] };
  const worker = new Worker(new URL('./sqlite-worker.ts', import.meta.url), settings);
  const opened = await new Promise<Opened>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', () => reject(new StorageError('io', 'the storage thread ended at its start')));
  });
  worker.removeAllListeners('error').removeAllListeners('exit');
  if (!opened.opened) throw new StorageError(opened.code, opened.text);
  tellMigrated(options, opened);
  if (opened.checked)
    options.log.warn({ file: options.file }, 'the store was not closed cleanly; it was checked and is whole');
  return new SqliteDatabase(worker, options);
}

/** One line, however many steps it took: whoever starts a server for the first time has other things to read. */
function tellMigrated({ file, log }: OpenOptions, { migrated, version, before }: Opened & { opened: true }): void {
  if (migrated.length === 0) return;
  for (const step of migrated) log.debug?.({ file, step }, 'a step of the schema');
  const fresh = migrated.length === version;
  log.info(
    { file, version, ...(!fresh && { steps: migrated.length }) },
    fresh ? 'made a store' : 'schema brought up to date',
  );
  if (before !== '') log.info({ file: before }, 'the store of before the upgrade is kept for two weeks');
}

/** The side of the engine that stays on the event loop: one ordered queue, one message on its way at a time. */
class SqliteDatabase implements Database {
  readonly #worker: Worker;
  readonly #log: OpenOptions['log'];
  readonly #lazyMs: number;
  readonly #ended: Promise<void>;

  readonly #numbers = new Map<string, number>();
  /** How many values the text of each number takes. */
  readonly #lengths: number[] = [];
  #newTexts: (string | number)[] = [];

  /** What is collected, in order; the last one takes what comes next. */
  #waiting: Flush[] = [];
  #sent: Flush | undefined;
  #operations = 0;
  #characters = 0;

  #timer: NodeJS.Timeout | undefined;
  #hurried = false;
  #relief: PromiseWithResolvers<void> | undefined;
  #closed: Promise<void> | undefined;
  #dead: StorageError | undefined;

  constructor(worker: Worker, options: OpenOptions) {
    this.#worker = worker;
    this.#log = options.log;
    this.#lazyMs = options.lazyMs ?? 100;
    worker.on('message', (reply: Reply) => this.#answered(reply));
    worker.on('error', (error) => this.#die(error));
    this.#ended = new Promise((resolve) => {
      worker.once('exit', () => {
        this.#die(new Error('the storage thread ended'));
        resolve();
      });
    });
  }

  all<Row>(statement: Statement): Promise<Row[]> {
    return this.#read(ALL, statement) as Promise<Row[]>;
  }

  get<Row>(statement: Statement): Promise<Row | undefined> {
    return this.#read(GET, statement) as Promise<Row | undefined>;
  }

  run(statement: Statement): Promise<number> {
    return this.#write(RUN, [statement]) as Promise<number>;
  }

  batch(statements: readonly Statement[]): Promise<number[]> {
    return this.#write(BATCH, statements) as Promise<number[]>;
  }

  queue(statements: readonly Statement[], failed?: (error: Error) => void): void {
    const refused = this.#refused();
    if (refused !== undefined) {
      queueMicrotask(() => this.#tell(failed, refused));
      return;
    }
    const flush = this.#begin(QUEUE, statements);
    if (failed !== undefined) flush.watch(failed);
    if (flush.count >= WORTH_A_FLUSH) this.#hurry();
    else if (!this.#hurried) this.#timer ??= setTimeout(() => this.#hurry(), this.#lazyMs);
  }

  async durable(hurry = true): Promise<void> {
    const last = this.#waiting.at(-1);
    if (last === undefined) return this.#sent?.settled();
    if (hurry) this.#hurry();
    return last.settled();
  }

  get pressure(): boolean {
    return this.#operations >= MANY_OPERATIONS || this.#characters >= MANY_CHARACTERS;
  }

  async drained(): Promise<void> {
    if (!this.pressure) return;
    this.#relief ??= Promise.withResolvers();
    return this.#relief.promise;
  }

  async copy(file: string, progress?: (part: number) => void): Promise<void> {
    await this.durable();
    const gone = this.#dead ?? (this.#closed && new StorageError('closed', 'the store is closed'));
    if (gone !== undefined) throw gone;
    const { port1, port2 } = new MessageChannel();
    await new Promise<void>((resolve, reject) => {
      port1.on('message', ({ part, ended, code, text = '' }: Copied) => {
        if (code !== undefined) reject(new StorageError(code, text));
        else if (ended) resolve();
        else progress?.(part);
      });
      port1.once('close', () => reject(new StorageError('closed', 'the store was closed while it was copied')));
      this.#worker.postMessage({ copyTo: file, port: port2 } satisfies CopyRequest, [port2]);
    });
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  #read(kind: number, statement: Statement): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const refused = this.#refused();
      if (refused !== undefined) return reject(refused);
      const flush = this.#collecting();
      flush.count++;
      flush.operations.push(kind);
      this.#push(flush, statement);
      this.#operations++;
      flush.wait(resolve, reject);
      this.#hurry();
    });
  }

  #write(kind: number, statements: readonly Statement[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const refused = this.#refused();
      if (refused !== undefined) return reject(refused);
      this.#begin(kind, statements).wait(resolve, reject);
      this.#hurry();
    });
  }

  /** Adds one write operation to what is collected. */
  #begin(kind: number, statements: readonly Statement[]): Flush {
    const flush = this.#collecting();
    flush.count++;
    flush.writes = true;
    flush.operations.push(kind, statements.length);
    for (const statement of statements) this.#push(flush, statement);
    this.#operations++;
    return flush;
  }

  #collecting(): Flush {
    let flush = this.#waiting[this.#waiting.length - 1];
    if (flush === undefined || flush.count >= FLUSH_BOUND) {
      flush = new Flush();
      this.#waiting.push(flush);
    }
    return flush;
  }

  #push(flush: Flush, { text, values }: Statement): void {
    const { operations } = flush;
    const number = this.#numbers.get(text) ?? this.#number(text, values.length);
    // With a wrong number of values the statement must fail alone, not shift all that follows.
    if (number === undefined || this.#lengths[number] !== values.length) operations.push(text, values.length);
    else operations.push(number);
    let characters = text.length;
    for (const value of values) {
      if (typeof value === 'string') characters += value.length;
      else if (value instanceof Uint8Array) {
        characters += value.length;
        // A view on a larger buffer would be copied with all that lies around it.
        operations.push(value.length === value.buffer.byteLength ? value : new Uint8Array(value));
        continue;
      }
      operations.push(value);
    }
    flush.characters += characters;
    this.#characters += characters;
  }

  #number(text: string, values: number): number | undefined {
    if (this.#numbers.size >= KNOWN_TEXTS) return undefined;
    const number = this.#numbers.size;
    this.#numbers.set(text, number);
    this.#lengths.push(values);
    this.#newTexts.push(text, values);
    return number;
  }

  #refused(): StorageError | undefined {
    if (this.#closed !== undefined) return new StorageError('closed', 'the store is closed');
    if (this.#dead !== undefined) return this.#dead;
    if (this.#operations >= 4 * MANY_OPERATIONS || this.#characters >= 4 * MANY_CHARACTERS) {
      return new StorageError('busy', 'more is waiting to be stored than the disk can take');
    }
    return undefined;
  }

  /** Sends what is collected at the end of this turn of the event loop, so that all its sockets share one commit. */
  #hurry(): void {
    if (this.#hurried) return;
    this.#hurried = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#sent === undefined) setImmediate(() => this.#send());
  }

  #send(): void {
    const flush = this.#waiting.shift();
    if (flush === undefined || this.#dead !== undefined) return;
    this.#sent = flush;
    // When more is waiting, or comes in meanwhile, the answer sends it.
    this.#hurried = this.#waiting.length > 0;
    this.#worker.postMessage({ texts: this.#newTexts, operations: flush.operations, writes: flush.writes });
    if (this.#newTexts.length > 0) this.#newTexts = [];
  }

  #answered(reply: Reply): void {
    const flush = this.#sent!;
    this.#sent = undefined;
    if (this.#hurried) setImmediate(() => this.#send());
    this.#done(flush);
    flush.settle(reply.results, reply.failures, this.#tell);
  }

  #done(flush: Flush): void {
    this.#operations -= flush.count;
    this.#characters -= flush.characters;
    if (this.#relief === undefined) return;
    if (this.#operations >= MANY_OPERATIONS / 2 || this.#characters >= MANY_CHARACTERS / 2) return;
    this.#relief.resolve();
    this.#relief = undefined;
  }

  /** Tells the one who queued a write that it failed. */
  readonly #tell: Settle = (failed, error) => {
    if (failed === undefined) {
      this.#log.error({ err: error }, 'a queued write failed');
      return;
    }
    try {
      failed(error);
    } catch (thrown) {
      this.#log.error({ err: thrown }, 'the handler of a failed write failed itself');
    }
  };

  async #close(): Promise<void> {
    const last = this.#waiting.at(-1);
    if (last !== undefined) {
      this.#hurry();
      await last.settled();
    } else await this.#sent?.settled();
    if (this.#dead === undefined) this.#worker.postMessage(CLOSE);
    await this.#ended;
  }

  /** The thread is gone: everything that waits fails, and so does everything after it. */
  #die(error: unknown): void {
    if (this.#dead !== undefined) return;
    const text = error instanceof Error ? error.message : String(error);
    const code: StorageErrorCode = this.#closed === undefined ? 'io' : 'closed';
    this.#dead = new StorageError(code, `the storage engine stopped: ${text}`);
    if (code === 'io') this.#log.fatal({ err: error }, 'the storage engine stopped');
    clearTimeout(this.#timer);
    const lost = this.#sent === undefined ? this.#waiting : [this.#sent, ...this.#waiting];
    this.#sent = undefined;
    this.#waiting = [];
    for (const flush of lost) {
      this.#done(flush);
      flush.fail(this.#dead, this.#tell);
    }
  }
}
