import { Cached, type Soon } from '../cached.ts';
import { type Database, sql } from '../database.ts';

/** Block lists (XEP-0191). Addresses are kept as the client gave them, prepared: bare, full, or a domain. */
export class Blocking {
  readonly #db: Database;
  readonly #cache: Cached<number, ReadonlySet<string>>;

  constructor(db: Database) {
    this.#db = db;
    this.#cache = new Cached(
      200_000,
      (account) => this.#load(account),
      (list) => list.size + 1,
    );
  }

  list(account: number): Soon<ReadonlySet<string>> {
    return this.#cache.get(account);
  }

  /** Adds addresses; those blocked already stay so. Throws `constraint` when there is no such account. */
  async add(account: number, jids: readonly string[]): Promise<void> {
    this.#cache.forget(account);
    await this.#db.batch(
      jids.map(
        (jid) =>
          sql`INSERT INTO blocked (account, jid) VALUES (${account}, ${jid}) ON CONFLICT (account, jid) DO NOTHING`,
      ),
    );
  }

  async remove(account: number, jids: readonly string[]): Promise<void> {
    this.#cache.forget(account);
    await this.#db.batch(jids.map((jid) => sql`DELETE FROM blocked WHERE account = ${account} AND jid = ${jid}`));
  }

  async clear(account: number): Promise<void> {
    this.#cache.forget(account);
    await this.#db.run(sql`DELETE FROM blocked WHERE account = ${account}`);
  }

  /** The account is gone: nothing of it may be remembered. */
  forget(account: number): void {
    this.#cache.forget(account);
  }

  async #load(account: number): Promise<ReadonlySet<string>> {
    const rows = await this.#db.all<{ jid: string }>(
      sql`SELECT jid FROM blocked WHERE account = ${account} ORDER BY jid`,
    );
    return new Set(rows.map((row) => row.jid));
  }
}
