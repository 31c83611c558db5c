import { type Database, type Statement, sql } from '../database.ts';
import type { Account, AccountStatus } from './accounts.ts';

/** An account that is closed and will be deleted, with what it was before. */
export interface Leaver {
  readonly account: number;
  /** ms since 1970, as the next. */
  readonly askedAt: number;
  readonly removeAt: number;
  readonly status: AccountStatus;
  readonly reason: string;
}

const COLUMNS = sql`account, asked_at AS "askedAt", remove_at AS "removeAt", status, reason`;

/** Accounts that are to be deleted, and can be brought back until then. Their rows change with their account (`Accounts.setStatus`). */
export class Leaving {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async of(account: number): Promise<Leaver | undefined> {
    return this.#db.get<Leaver>({
      text: `SELECT ${COLUMNS.text} FROM account_leaving WHERE account = ?`,
      values: [account],
    });
  }

  /** Some of those whose time has come, the first first. */
  async due(now: number, limit: number): Promise<Leaver[]> {
    return this.#db.all<Leaver>({
      text: `SELECT ${COLUMNS.text} FROM account_leaving WHERE remove_at <= ? ORDER BY remove_at LIMIT ?`,
      values: [now, limit],
    });
  }
}

/** Notes that an account is to be deleted; a second time nothing changes. */
export function leave({ id, status, reason }: Account, askedAt: number, removeAt: number): Statement {
  return sql`INSERT INTO account_leaving (account, asked_at, remove_at, status, reason)
    VALUES (${id}, ${askedAt}, ${removeAt}, ${status}, ${reason}) ON CONFLICT (account) DO NOTHING`;
}

/** Takes that back. */
export function stay(account: number): Statement {
  return sql`DELETE FROM account_leaving WHERE account = ${account}`;
}
