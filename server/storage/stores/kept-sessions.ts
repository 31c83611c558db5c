import { type Database, sql } from '../database.ts';

/** Rows in one write, and in one read. */
const SLICE = 100;

export interface KeptSession {
  readonly account: number;
  readonly resource: string;
  /** Ms since 1970. */
  readonly keptAt: number;
  /** JSON; what is in it is the business of who keeps sessions. */
  readonly state: string;
}

/** Sessions that go on over a restart of the server. */
export class KeptSessions {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Resolves when all of them are on disk, in the place of older ones of the same resource. */
  async put(sessions: readonly KeptSession[]): Promise<void> {
    for (let at = 0; at < sessions.length; at += SLICE) {
      await this.#db.batch(
        sessions.slice(at, at + SLICE).map(
          ({ account, resource, keptAt, state }) => sql`INSERT INTO kept_session (account, resource, kept_at, state)
            VALUES (${account}, ${resource}, ${keptAt}, ${state})
            ON CONFLICT (account, resource) DO UPDATE SET kept_at = excluded.kept_at, state = excluded.state`,
        ),
      );
    }
  }

  /** All of them, some at a time. */
  async *all(): AsyncGenerator<KeptSession> {
    let last = { account: -1, resource: '' };
    for (;;) {
      const rows = await this.#db.all<KeptSession>(sql`SELECT account, resource, kept_at AS "keptAt", state
        FROM kept_session WHERE (account, resource) > (${last.account}, ${last.resource})
        ORDER BY account, resource LIMIT ${SLICE}`);
      yield* rows;
      if (rows.length < SLICE) return;
      last = rows.at(-1)!;
    }
  }

  /** Nobody waits for it: one that came back after a crash, once more, would have its counters wrong and be refused. */
  remove(account: number, resource: string): void {
    this.#db.queue([sql`DELETE FROM kept_session WHERE account = ${account} AND resource = ${resource}`]);
  }
}
