import { type Database, sql } from '../database.ts';

/** A program of somebody else's that may answer for a domain (XEP-0114). */
export interface ComponentRow {
  /** Prepared (RFC 7622 §3.2). */
  readonly domain: string;
  readonly secret: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

/** The external components that may connect. */
export class Components {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** All of them, in the order of the alphabet. */
  async list(): Promise<ComponentRow[]> {
    return this.#db.all<ComponentRow>(sql`SELECT domain, secret, created_at AS "createdAt"
      FROM component ORDER BY domain`);
  }

  async has(domain: string): Promise<boolean> {
    return (await this.#db.get(sql`SELECT 1 AS one FROM component WHERE domain = ${domain}`)) !== undefined;
  }

  /** Throws StorageError `constraint` when there is one for this domain. */
  async add({ domain, secret, createdAt }: ComponentRow): Promise<void> {
    await this.#db.run(sql`INSERT INTO component (domain, secret, created_at)
      VALUES (${domain}, ${secret}, ${createdAt})`);
  }

  /** True when it was there. */
  async remove(domain: string): Promise<boolean> {
    return (await this.#db.run(sql`DELETE FROM component WHERE domain = ${domain}`)) > 0;
  }
}
