import Sqlite, { type Database as Connection } from 'better-sqlite3';
import { StorageError } from './database.ts';
import { migrations } from './migrations/index.ts';
import { toStorageError } from './sqlite-error.ts';
import { versionOf } from './sqlite-file.ts';
import { addTextFunctions } from './sqlite-text-index.ts';

/** The newest version of the schema that this release knows. */
export const NEWEST_SCHEMA = migrations.at(-1)?.version ?? 0;

/** An uploaded file that the store knows of. */
export interface KnownFile {
  /** Its name in the folder of uploads. */
  readonly file: string;
  readonly bytes: number;
}

/**
 * A copy of the store that nobody else has open (`Database.copy`), or a store whose server is stopped. Answers at once, on the
 * thread that asks: not for the one that serves people.
 */
export interface Snapshot extends Disposable {
  /** The version of its schema. */
  readonly version: number;
  domains(): string[];
  /** How many rows each table has. */
  counts(): Record<string, number>;
  /** What is wrong with it, read from its first page to its last; undefined for nothing. */
  damage(): string | undefined;
  /** The uploaded files, by name in ascending order. */
  files(): Iterable<KnownFile>;
}

/** Opens one. Throws StorageError: `busy` when a server has it open, `corrupt` and others when it is no store. */
export function openSnapshot(file: string): Snapshot {
  let db: Connection | undefined;
  try {
    db = new Sqlite(file, { fileMustExist: true, timeout: 500 });
    addTextFunctions(db);
    return new OpenSnapshot(db);
  } catch (error) {
    db?.close();
    throw toStorageError(error);
  }
}

/** Tables that hold what is kept; not those by which an index keeps itself. */
const TABLES =
  "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name";

class OpenSnapshot implements Snapshot {
  readonly version: number;
  readonly #db: Connection;

  constructor(db: Connection) {
    this.#db = db;
    this.version = versionOf(db);
    if (this.version === 0) throw new StorageError('foreign', 'this is no store of Hallway');
  }

  domains(): string[] {
    return this.#guarded(() => this.#db.prepare<[], string>('SELECT name FROM domain ORDER BY name').pluck().all());
  }

  counts(): Record<string, number> {
    return this.#guarded(() => {
      const names = this.#db.prepare<[], string>(TABLES).pluck().all();
      const count = (name: string) => this.#db.prepare<[], number>(`SELECT count(*) FROM "${name}"`).pluck().get() ?? 0;
      return Object.fromEntries(names.map((name) => [name, count(name)]));
    });
  }

  damage(): string | undefined {
    try {
      const [found] = this.#db.prepare<[], string>('PRAGMA integrity_check(1)').pluck().all();
      if (found !== 'ok') return found ?? 'it cannot be read';
      const [loose] = this.#db.pragma('foreign_key_check') as { table: string }[];
      return loose === undefined ? undefined : `a row of ${loose.table} belongs to nothing`;
    } catch (error) {
      return toStorageError(error).message;
    }
  }

  *files(): Iterable<KnownFile> {
    // Older schemas had none.
    if (this.version >= 14)
      yield* this.#db.prepare<[], KnownFile>('SELECT file, bytes FROM upload ORDER BY file').iterate();
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }

  #guarded<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw toStorageError(error);
    }
  }
}
