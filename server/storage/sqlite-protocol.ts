import type { MessagePort } from 'node:worker_threads';
import type { StorageErrorCode, Value } from './database.ts';
import type { Migration } from './migrations/index.ts';

/**
 * How the two sides of the engine speak. A message carries many operations in one flat array, since making and copying an
 * object for each would cost more than the operation. Each operation is its kind, then for a read one statement, for a
 * write their number and the statements. A statement is the number of its text and its values. A text that is not
 * numbered (there are too many different ones) stands there itself, followed by the number of its values.
 */
export const ALL = 0;
export const GET = 1;
export const RUN = 2;
export const BATCH = 3;
export const QUEUE = 4;

export interface Request {
  /** New texts: text, number of its values, text, … They get the next numbers, from 0. */
  readonly texts: readonly (string | number)[];
  readonly operations: readonly Value[];
  /** Whether a transaction is needed. */
  readonly writes: boolean;
}

export interface Reply {
  /** One for each operation but QUEUE, in order; undefined for one that failed. */
  readonly results: readonly unknown[];
  /** Number of the operation in its message, code, text, number, … */
  readonly failures: readonly (number | string)[];
}

/** The first thing the worker says. */
export type Opened =
  | {
      readonly opened: true;
      readonly version: number;
      readonly migrated: readonly string[];
      /** Where the store of before that is, '' where there was none. */
      readonly before: string;
      readonly checked: boolean;
    }
  | { readonly opened: false; readonly code: StorageErrorCode; readonly text: string };

export interface WorkerOptions {
  readonly file: string;
  readonly migrations: readonly Migration[];
  /** The file may not grow beyond this; only tests set it. */
  readonly maxPages: number | undefined;
}

/** Asks the worker to fold the journal into the file and end. */
export const CLOSE = 'close';

/** Asks the worker for a copy of the store as it is, in a new file; `port` is where it says how far it is. */
export interface CopyRequest {
  readonly copyTo: string;
  readonly port: MessagePort;
}

/** Which part is done, 0 to 1; at the end once more, with what went wrong if something did. */
export interface Copied {
  readonly part: number;
  readonly ended?: true;
  readonly code?: StorageErrorCode;
  readonly text?: string;
}
