import { Cached, type Soon } from '../cached.ts';
import { type Database, type Statement, sql } from '../database.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** Settings that are changed while the house runs: a name and a JSON value. Meaning and defaults are the reader's. */
export class Settings {
  readonly #db: Database;
  readonly #cache: Cached<string, Json | undefined>;

  constructor(db: Database) {
    this.#db = db;
    this.#cache = new Cached(1_000, (name) => this.#load(name));
  }

  /** The value, or undefined when it was never set. */
  get(name: string): Soon<Json | undefined> {
    return this.#cache.get(name);
  }

  /** `and` is written in the same operation. */
  async set(name: string, value: Json, and: readonly Statement[] = []): Promise<void> {
    this.#cache.forget(name);
    const written = sql`INSERT INTO setting (name, value_json) VALUES (${name}, ${JSON.stringify(value)})
      ON CONFLICT (name) DO UPDATE SET value_json = excluded.value_json`;
    await this.#db.batch([written, ...and]);
  }

  async remove(name: string, and: readonly Statement[] = []): Promise<void> {
    this.#cache.forget(name);
    await this.#db.batch([sql`DELETE FROM setting WHERE name = ${name}`, ...and]);
  }

  async all(): Promise<Map<string, Json>> {
    const rows = await this.#db.all<{ name: string; value_json: string }>(sql`SELECT name, value_json
      FROM setting ORDER BY name`);
    return new Map(rows.map((row) => [row.name, JSON.parse(row.value_json)]));
  }

  async #load(name: string): Promise<Json | undefined> {
    const row = await this.#db.get<{ value_json: string }>(sql`SELECT value_json FROM setting WHERE name = ${name}`);
    return row && JSON.parse(row.value_json);
  }
}
