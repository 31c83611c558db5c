import { type Database, sql } from '../database.ts';

export interface Activity {
  /** When the last session ended, ms since 1970. */
  readonly time: number;
  /** The status text of its unavailable presence, '' for none. */
  readonly status: string;
}

/** When people were last here (XEP-0012). */
export class LastActivity {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async get(account: number): Promise<Activity | undefined> {
    return this.#db.get<Activity>(sql`SELECT time, status FROM last_activity WHERE account = ${account}`);
  }

  /** Nobody waits for it. */
  set(account: number, time: number, status: string): void {
    this.#db.queue([
      sql`INSERT INTO last_activity (account, time, status) VALUES (${account}, ${time}, ${status})
        ON CONFLICT (account) DO UPDATE SET time = excluded.time, status = excluded.status`,
    ]);
  }
}
