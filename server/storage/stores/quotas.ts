import { Cached, type Soon } from '../cached.ts';
import { type Database, type Statement, sql } from '../database.ts';

/** How much space one person may take, where that was decided for them apart. */
export class Quotas {
  readonly #db: Database;
  readonly #known: Cached<number, number | undefined>;

  constructor(db: Database) {
    this.#db = db;
    this.#known = new Cached(5_000, async (account) => {
      const row = await db.get<{ bytes: number }>(
        sql`SELECT file_bytes AS bytes FROM account_quota WHERE account = ${account}`,
      );
      return row?.bytes;
    });
  }

  /** Bytes of files, 0 for no limit; undefined when what holds for everybody holds. */
  files(account: number): Soon<number | undefined> {
    return this.#known.get(account);
  }

  /** Decides it, or with undefined not any more. Throws `constraint` when there is no such account. */
  async setFiles(account: number, bytes: number | undefined): Promise<void> {
    this.#known.forget(account);
    await this.#db.run(quotaOf(account, bytes));
  }

  /** The account is gone: nothing of it may be remembered. */
  forget(account: number): void {
    this.#known.forget(account);
  }
}

function quotaOf(account: number, bytes: number | undefined): Statement {
  if (bytes === undefined) return sql`DELETE FROM account_quota WHERE account = ${account}`;
  return sql`INSERT INTO account_quota (account, file_bytes) VALUES (${account}, ${bytes})
    ON CONFLICT (account) DO UPDATE SET file_bytes = excluded.file_bytes`;
}
