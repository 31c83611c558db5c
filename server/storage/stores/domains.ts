import { type Database, sql } from '../database.ts';

export interface Domain {
  /** Prepared (RFC 7622 §3.2). */
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

/** The domains that the house serves. */
export class Domains {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** All of them, the oldest first. */
  async list(): Promise<Domain[]> {
    return this.#db.all<Domain>(sql`SELECT name, created_at AS "createdAt" FROM domain ORDER BY created_at, name`);
  }

  /** Throws StorageError `constraint` when it is served already. */
  async add(name: string, now = Date.now()): Promise<void> {
    await this.#db.run(sql`INSERT INTO domain (name, created_at) VALUES (${name}, ${now})`);
  }

  /** True when it was there. What belongs to its accounts is theirs and stays. */
  async remove(name: string): Promise<boolean> {
    return (await this.#db.run(sql`DELETE FROM domain WHERE name = ${name}`)) > 0;
  }
}
