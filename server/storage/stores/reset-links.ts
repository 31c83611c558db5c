import { type Database, type Statement, sql } from '../database.ts';

/** A link by which somebody sets a password anew; the secret in it is not kept, only its hash. */
export interface ResetLink {
  readonly account: number;
  /** The help desk made it, and so had it in its hands. */
  readonly helped: boolean;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** The account's link stops working. */
export function withoutResetLink(account: number): Statement {
  return sql`DELETE FROM reset_link WHERE account = ${account}`;
}

/** Links for people who forgot their password, one an account. */
export class ResetLinks {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Makes a link; the one that the account had stops working. Throws StorageError `constraint` when the account is gone. */
  async put(hash: string, { account, helped, createdAt, expiresAt }: ResetLink): Promise<void> {
    await this.#db.run(sql`INSERT INTO reset_link (account, hash, helped, created_at, expires_at)
      VALUES (${account}, ${hash}, ${helped ? 1 : 0}, ${createdAt}, ${expiresAt})
      ON CONFLICT (account) DO UPDATE SET hash = excluded.hash, helped = excluded.helped, created_at = excluded.created_at,
        expires_at = excluded.expires_at`);
  }

  /** Expired or not. */
  async find(hash: string): Promise<ResetLink | undefined> {
    type Row = Omit<ResetLink, 'helped'> & { readonly helped: number };
    const row = await this.#db.get<Row>(sql`SELECT account, helped, created_at AS "createdAt",
      expires_at AS "expiresAt" FROM reset_link WHERE hash = ${hash}`);
    return row && { ...row, helped: row.helped === 1 };
  }

  /** Uses a link up: true for exactly one caller, and only before it expires. */
  async take(hash: string, now = Date.now()): Promise<boolean> {
    return (await this.#db.run(sql`DELETE FROM reset_link WHERE hash = ${hash} AND expires_at > ${now}`)) === 1;
  }

  /** The account needs no link any more. */
  async remove(account: number): Promise<void> {
    await this.#db.run(withoutResetLink(account));
  }

  /** Forgets links that expired before a time; there is at most one an account. */
  async expire(before: number): Promise<number> {
    return this.#db.run(sql`DELETE FROM reset_link WHERE expires_at < ${before}`);
  }
}
