import { type Database, type Statement, sql } from '../database.ts';

export interface OneTimeCode {
  readonly purpose: string;
  /** For whom or what it is, '' for nobody in particular. */
  readonly subject: string;
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** What a code is for that sets an administrator's password; its subject is their id, never given to another, as a name may be. */
export const ADMIN_RESET = 'admin-reset';

/** The administrator's reset code stops working. */
export function withoutAdminReset(admin: number): Statement {
  return sql`DELETE FROM one_time_code WHERE purpose = ${ADMIN_RESET} AND subject = ${String(admin)}`;
}

/** Codes that work once (claiming the house, resetting a password). The code is not kept, only its hash. */
export class OneTimeCodes {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Adds a code; those of the same purpose and subject stop working. */
  async put(hash: string, code: OneTimeCode): Promise<void> {
    await this.#db.batch([
      sql`DELETE FROM one_time_code WHERE purpose = ${code.purpose} AND subject = ${code.subject}`,
      sql`INSERT INTO one_time_code (hash, purpose, subject, created_at, expires_at)
        VALUES (${hash}, ${code.purpose}, ${code.subject}, ${code.createdAt}, ${code.expiresAt})`,
    ]);
  }

  /** A code that has not expired. */
  async find(hash: string, now = Date.now()): Promise<OneTimeCode | undefined> {
    return this.#db.get<OneTimeCode>(sql`SELECT purpose, subject, created_at AS "createdAt", expires_at AS "expiresAt"
      FROM one_time_code WHERE hash = ${hash} AND expires_at > ${now}`);
  }

  /** Uses a code up: true for exactly one caller, and only before it expires. */
  async take(hash: string, purpose: string, now = Date.now()): Promise<boolean> {
    const used = await this.#db.run(sql`DELETE FROM one_time_code
      WHERE hash = ${hash} AND purpose = ${purpose} AND expires_at > ${now}`);
    return used === 1;
  }

  /** Forgets codes that have expired. */
  async expire(now = Date.now()): Promise<number> {
    return this.#db.run(sql`DELETE FROM one_time_code WHERE expires_at <= ${now}`);
  }
}
