import { type Database, sql } from '../database.ts';

/** How a test restore of a backup ended, if there was one. */
export type BackupState = 'unchecked' | 'good' | 'bad';
/** Who wanted it: the timer, or somebody by one of the doors. */
export type BackupHow = 'timer' | 'panel' | 'cli';

/** What is known of a backup. */
export interface BackupRow {
  /** The name of its file. */
  readonly name: string;
  /** ms since 1970 */
  readonly madeAt: number;
  readonly how: BackupHow;
  readonly bytes: number;
  /** How many people and uploaded files are in it. */
  readonly people: number;
  readonly files: number;
  /** The release that made it. */
  readonly version: string;
  readonly state: BackupState;
  /** What is wrong with a bad one. */
  readonly problem: string;
  /** ms since 1970, null before it was checked. */
  readonly checkedAt: number | null;
}

/** More backups than anybody keeps. */
const MOST = 1_000;

/** What is known of the backups; the files themselves are in a folder that an administrator chooses. */
export class Backups {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** The newest first; 1,000 at most. */
  async all(): Promise<BackupRow[]> {
    return this.#db.all<BackupRow>(sql`SELECT name, made_at AS "madeAt", how, bytes, people, files, version, state, problem,
      checked_at AS "checkedAt" FROM backup ORDER BY name DESC LIMIT ${MOST}`);
  }

  /** Notes one that was made. On disk when it resolves. */
  async add(one: BackupRow): Promise<void> {
    await this.#db.run(sql`INSERT INTO backup
        (name, made_at, how, bytes, people, files, version, state, problem, checked_at)
      VALUES (${one.name}, ${one.madeAt}, ${one.how}, ${one.bytes}, ${one.people}, ${one.files}, ${one.version}, ${one.state},
        ${one.problem}, ${one.checkedAt})
      ON CONFLICT (name) DO UPDATE SET made_at = excluded.made_at, how = excluded.how, bytes = excluded.bytes,
        people = excluded.people, files = excluded.files, version = excluded.version, state = excluded.state,
        problem = excluded.problem, checked_at = excluded.checked_at`);
  }

  /** Notes how a test restore ended. */
  async checked(name: string, state: BackupState, problem: string, at: number): Promise<void> {
    await this.#db.run(
      sql`UPDATE backup SET state = ${state}, problem = ${problem}, checked_at = ${at} WHERE name = ${name}`,
    );
  }

  /** Forgets one whose file is gone. */
  async remove(name: string): Promise<void> {
    await this.#db.run(sql`DELETE FROM backup WHERE name = ${name}`);
  }
}
