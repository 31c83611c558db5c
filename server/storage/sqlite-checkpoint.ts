import type { Database as Connection, Statement as Prepared } from 'better-sqlite3';

/** Pages in the journal from which they are folded into the file, even under load (8 MB). */
const MANY_PAGES = 2_000;
/** How much is written between two looks at the journal's length, in array entries of messages; each commit adds some. */
const LOOK_AFTER = 2_000;
const COMMIT_WEIGHT = 50;
/** After so long without a write all of it is folded, and the journal emptied: what was deleted is not in there either. */
const IDLE_MS = 2_000;

interface Progress {
  log: number;
}

/**
 * Folds the journal (WAL) into the file at moments of our choice instead of the library's, which would do it within
 * somebody's commit. It blocks no one but the queue, for some milliseconds.
 */
export class Checkpointer {
  readonly #db: Connection;
  readonly #length: Prepared<[], Progress>;
  readonly #fold: Prepared<[], Progress>;
  #commits = 0;
  #unseen = 0;
  #commitsWhenIdle = 0;
  #idle: NodeJS.Timeout | undefined;

  constructor(db: Connection) {
    this.#db = db;
    this.#length = db.prepare('PRAGMA wal_checkpoint(NOOP)');
    this.#fold = db.prepare('PRAGMA wal_checkpoint(PASSIVE)');
  }

  /** To be called after each commit, when its answer is on the way, with the length of the message. */
  wrote(length: number): void {
    this.#commits++;
    this.#unseen += COMMIT_WEIGHT + length;
    if (this.#unseen >= LOOK_AFTER) {
      this.#unseen = 0;
      this.#foldFrom(MANY_PAGES);
    }
    if (this.#idle === undefined) this.#watch();
  }

  /** Empties the journal. */
  close(): void {
    clearTimeout(this.#idle);
    this.#db.pragma('wal_checkpoint(TRUNCATE)');
  }

  #watch(): void {
    this.#commitsWhenIdle = this.#commits;
    this.#idle = setTimeout(() => {
      this.#idle = undefined;
      if (this.#commits !== this.#commitsWhenIdle) this.#watch();
      else this.#empty();
    }, IDLE_MS);
  }

  #empty(): void {
    try {
      if ((this.#length.get()?.log ?? 0) > 0) this.#db.pragma('wal_checkpoint(TRUNCATE)');
    } catch {
      // As below.
    }
  }

  #foldFrom(pages: number): void {
    try {
      if ((this.#length.get()?.log ?? 0) >= pages) this.#fold.get();
    } catch {
      // A full disk, most likely: the journal keeps what it has, and the next write reports what is wrong.
    }
  }
}
