import { type Database, type Statement, sql } from '../database.ts';

/** Notes that the help desk may know the password of an account, or that nobody of it does any more. */
export function noteHelped(account: number, helped: boolean): Statement {
  return helped
    ? sql`INSERT INTO account_helped (account) VALUES (${account}) ON CONFLICT (account) DO NOTHING`
    : sql`DELETE FROM account_helped WHERE account = ${account}`;
}

/** Accounts whose password came by the help desk. */
export class Helped {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async has(account: number): Promise<boolean> {
    return (await this.#db.get(sql`SELECT account FROM account_helped WHERE account = ${account}`)) !== undefined;
  }
}
