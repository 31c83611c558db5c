import { type Database, sql } from '../database.ts';

/** Larger stores are not read through while people wait for them (64 MB). */
const CHECK_BELOW_BYTES = 64 * 1024 * 1024;

/** How the store itself is. */
export class Health {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** The version of the schema. */
  async schema(): Promise<number> {
    const row = await this.#db.get<{ version: number }>(sql`SELECT max(version) AS version FROM schema_version`);
    return row?.version ?? 0;
  }

  /** Bytes of the store. */
  async bytes(): Promise<number> {
    const row = await this.#db.get<{ bytes: number }>(
      sql`SELECT pages.page_count * size.page_size AS bytes FROM pragma_page_count() AS pages, pragma_page_size() AS size`,
    );
    return row?.bytes ?? 0;
  }

  /** What is wrong with it, '' for nothing; undefined when it is too large to be read through now. */
  async damage(below = CHECK_BELOW_BYTES): Promise<string | undefined> {
    if ((await this.bytes()) > below) return undefined;
    const row = await this.#db.get<{ found: string }>(sql`SELECT quick_check AS found FROM pragma_quick_check LIMIT 1`);
    return row === undefined || row.found === 'ok' ? '' : row.found;
  }
}
