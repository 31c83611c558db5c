import { compose, type Database, type Statement, sql } from '../database.ts';
import type { AuditDoor } from './audit-chain.ts';
import type { Json } from './settings.ts';

/** One change of a setting; undefined stands for what the server comes with. */
export interface NewSettingChange {
  readonly key: string;
  /** '' for what is the same for all domains. */
  readonly domain: string;
  readonly at: number;
  readonly actor: string;
  readonly door: AuditDoor;
  /** Of a secret there is only whether there was one, of what is too long nothing. */
  readonly kept: 'all' | 'secret' | 'long';
  readonly old: Json | undefined;
  readonly new: Json | undefined;
}

export interface SettingChange extends NewSettingChange {
  readonly id: number;
}

export interface SettingChangeQuery {
  readonly key?: string;
  readonly domain?: string;
  /** Only changes with a smaller number. */
  readonly before?: number;
  readonly limit: number;
}

interface Row {
  id: number;
  key: string;
  domain: string;
  at: number;
  actor: string;
  door: AuditDoor;
  kept: SettingChange['kept'];
  old_json: string | null;
  new_json: string | null;
}

/** Changes that are kept of one setting. */
export const MOST_CHANGES = 50;

const COLUMNS = sql`SELECT id, key, domain, at, actor, door, kept, old_json, new_json FROM setting_change`;

const text = (value: Json | undefined): string | null => (value === undefined ? null : JSON.stringify(value));
const json = (stored: string | null): Json | undefined => (stored === null ? undefined : (JSON.parse(stored) as Json));

function change({ id, key, domain, at, actor, door, kept, old_json: was, new_json: is }: Row): SettingChange {
  return { id, key, domain, at, actor, door, kept, old: json(was), new: json(is) };
}

/** What settings were before. */
export class SettingChanges {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Notes a change, to be written in the same operation; the oldest of many goes. */
  noting({ key, domain, at, actor, door, kept, old, new: is }: NewSettingChange): Statement[] {
    return [
      sql`INSERT INTO setting_change (key, domain, at, actor, door, kept, old_json, new_json)
        VALUES (${key}, ${domain}, ${at}, ${actor}, ${door}, ${kept}, ${text(old)}, ${text(is)})`,
      sql`DELETE FROM setting_change WHERE key = ${key} AND domain = ${domain} AND id <=
        (SELECT id FROM setting_change WHERE key = ${key} AND domain = ${domain} ORDER BY id DESC LIMIT 1 OFFSET ${MOST_CHANGES})`,
    ];
  }

  /** The newest first: of one setting, or of all. */
  async page({ key, domain, before, limit }: SettingChangeQuery): Promise<SettingChange[]> {
    const rows = await this.#db.all<Row>(
      compose(
        COLUMNS,
        sql`WHERE id < ${before ?? Number.MAX_SAFE_INTEGER}`,
        key === undefined ? undefined : sql`AND key = ${key}`,
        domain === undefined ? undefined : sql`AND domain = ${domain}`,
        sql`ORDER BY id DESC LIMIT ${limit}`,
      ),
    );
    return rows.map(change);
  }

  async find(id: number): Promise<SettingChange | undefined> {
    const row = await this.#db.get<Row>(compose(COLUMNS, sql`WHERE id = ${id}`));
    return row && change(row);
  }

  /** Forgets what was decided for a domain. */
  async forget(domain: string): Promise<void> {
    await this.#db.run(sql`DELETE FROM setting_change WHERE domain = ${domain}`);
  }
}
