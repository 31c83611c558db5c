/** What a column holds. Numbers are whole, up to 53 bits; times are milliseconds since 1970. */
export type Value = string | number | null | Uint8Array;

/** One SQL statement, its text and its values kept apart. The text is the key of the prepared-statement cache. */
export interface Statement {
  readonly text: string;
  readonly values: readonly Value[];
}

/**
 * Why an operation failed:
 * `full` no space left, `busy` locked by another process or the queue is over its bound, `corrupt` the file is damaged,
 * `constraint` a rule of the schema was broken (a duplicate, for one), `quota` the rule that somebody may store so much, `io` the disk or the engine failed,
 * `foreign` not a store of ours, `newer` made by a newer release, `closed` used after close, `statement` a bug in the SQL.
 */
export type StorageErrorCode =
  | 'full'
  | 'busy'
  | 'corrupt'
  | 'constraint'
  | 'quota'
  | 'io'
  | 'foreign'
  | 'newer'
  | 'closed'
  | 'statement';

/** An operation was not done: nothing of it is in the store. */
export class StorageError extends Error {
  readonly code: StorageErrorCode;

  constructor(code: StorageErrorCode, message: string) {
    super(message);
    this.name = 'StorageError';
    this.code = code;
  }
}

/**
 * What an engine offers. Operations are carried out in the order in which they were asked for, whoever asked, so a read
 * sees every write asked for before it. Each write operation is atomic and fails alone with a StorageError.
 */
export interface Database {
  /** All rows of a query. A query whose answer depends on a write that could not be committed is answered without it. */
  all<Row>(statement: Statement): Promise<Row[]>;
  /** The first row of a query, or undefined. */
  get<Row>(statement: Statement): Promise<Row | undefined>;
  /** One write. Resolves with the number of rows changed, once it is on disk. */
  run(statement: Statement): Promise<number>;
  /** Several writes, all or none. Resolves with the rows changed by each, once they are on disk. */
  batch(statements: readonly Statement[]): Promise<number[]>;
  /**
   * Like `batch`, but nobody waits: committed within a tenth of a second, or with whatever is committed before.
   * `failed` is told when it could not be; without it the failure is logged.
   */
  queue(statements: readonly Statement[], failed?: (error: Error) => void): void;
  /**
   * Resolves when all that was asked for before is on disk, or its `failed` has been called. Never rejects. With `hurry`
   * false no commit is made for it: it waits, like `queue`, for the next one.
   */
  durable(hurry?: boolean): Promise<void>;
  /** More is queued than the engine likes: whoever feeds it should wait for `drained()` before reading on. */
  readonly pressure: boolean;
  /** Resolves when there is no pressure (at once, if there is none). */
  drained(): Promise<void>;
  /**
   * Copies the whole store into a file that is not there yet, as it is at the moment when it is done, while everything else goes
   * on; all that was asked for before is in it. `progress` is told which part is done, 0 to 1. What is left of a copy that
   * failed is the caller's to remove.
   */
  copy(file: string, progress?: (part: number) => void): Promise<void>;
  /** Commits what is queued, folds the journal into the file and lets go of it. Later calls fail with `closed`. */
  close(): Promise<void>;
}

const texts = new WeakMap<TemplateStringsArray, string>();

/** A statement from a template: every `${value}` becomes a bound value, never text. */
export function sql(strings: TemplateStringsArray, ...values: Value[]): Statement {
  let text = texts.get(strings);
  if (text === undefined) {
    text = strings.join('?').replace(/\s+/g, ' ').trim();
    texts.set(strings, text);
  }
  return { text, values };
}

/** One statement out of fragments, joined by spaces. The number of different results must be small: each is prepared once. */
export function compose(...parts: readonly (Statement | undefined)[]): Statement {
  const there = parts.filter((part) => part !== undefined);
  return { text: there.map((part) => part.text).join(' '), values: there.flatMap((part) => part.values) };
}

/**
 * `(?, ?, …)` for `IN`, its length rounded up to a power of two by repeating the last value, so that lists of all
 * lengths make few different texts. `values` must not be empty; callers bound its length (at most 1,000).
 */
export function among(values: readonly Value[]): Statement {
  if (values.length === 0 || values.length > 1_000) throw new RangeError('a list for IN has 1 to 1,000 values');
  const padded = [...values];
  while ((padded.length & (padded.length - 1)) !== 0) padded.push(padded[padded.length - 1]!);
  return { text: `(${padded.map(() => '?').join(', ')})`, values: padded };
}
