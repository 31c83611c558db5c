import { compose, type Database, type Statement, sql } from '../database.ts';
import type { Json } from './settings.ts';

/** The way of those who came from another server with all that it kept of them (XEP-0227). */
export const MOVED = 'server';

export type ImportState = 'running' | 'done' | 'stopped' | 'undoing' | 'undone';

/** One import of many people. */
export interface PeopleImport {
  readonly id: number;
  /** ms since 1970, as the next. */
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly actor: string;
  /** What the file was called. */
  readonly file: string;
  readonly way: string;
  readonly state: ImportState;
  /** Rows to do, and those that were left out for errors. */
  readonly total: number;
  readonly leftOut: number;
  /** What became of the rows. */
  readonly made: number;
  readonly changed: number;
  readonly invited: number;
  readonly failed: number;
  /** What was taken back of that, and what was not. */
  readonly undone: number;
  readonly kept: number;
}

/** `department`: one that was made for the import; `jid` is its domain, and its line is below 0. */
export type ItemKind = 'made' | 'changed' | 'invited' | 'failed' | 'kept' | 'department';

/** What an import did with one row. Rows of what it made go with that. */
export interface ImportItem {
  readonly line: number;
  readonly what: ItemKind;
  readonly jid: string;
  readonly account: number | null;
  readonly invitation: number | null;
  readonly detail: Json;
}

interface ItemRow extends Omit<ImportItem, 'detail'> {
  readonly detail_json: string;
}

const COLUMNS = sql`SELECT id, started_at AS "startedAt", ended_at AS "endedAt", actor, file, way, state, total,
  left_out AS "leftOut", made, changed, invited, failed, undone, kept FROM people_import`;
const COUNTED = ['made', 'changed', 'invited', 'failed', 'undone', 'kept'] as const;
export type Counted = (typeof COUNTED)[number];

/** Imports of many people, and what each has made. */
export class PeopleImports {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Notes that one begins; all older than the newest `keep` are forgotten. Gives its number. */
  async begin(
    one: Pick<PeopleImport, 'startedAt' | 'actor' | 'file' | 'way' | 'total' | 'leftOut'> & {
      readonly digest?: string;
    },
    keep: number,
  ): Promise<number> {
    const { startedAt, actor, file, way, total, leftOut, digest = '' } = one;
    const made = this.#db.batch([
      sql`INSERT INTO people_import (started_at, actor, file, way, state, total, left_out, digest)
        VALUES (${startedAt}, ${actor}, ${file}, ${way}, 'running', ${total}, ${leftOut}, ${digest})`,
      sql`DELETE FROM people_import WHERE id <= (SELECT max(id) FROM people_import) - ${keep}`,
    ]);
    const row = this.#db.get<{ id: number }>(sql`SELECT max(id) AS id FROM people_import`);
    await made;
    return (await row)!.id;
  }

  async get(id: number): Promise<PeopleImport | undefined> {
    return this.#db.get<PeopleImport>(compose(COLUMNS, sql`WHERE id = ${id}`));
  }

  /** The newest first. */
  async list(limit: number): Promise<PeopleImport[]> {
    return this.#db.all<PeopleImport>(compose(COLUMNS, sql`ORDER BY id DESC LIMIT ${limit}`));
  }

  /** The newest that was cut short, of those that came of the same files. */
  async unfinished(digest: string): Promise<PeopleImport | undefined> {
    return this.#db.get<PeopleImport>(
      compose(COLUMNS, sql`WHERE state = 'stopped' AND digest = ${digest} ORDER BY id DESC LIMIT 1`),
    );
  }

  async setState(id: number, state: ImportState, endedAt: number | null): Promise<void> {
    await this.#db.run(sql`UPDATE people_import SET state = ${state}, ended_at = ${endedAt} WHERE id = ${id}`);
  }

  /** What a stop of the server cut short is not under way any more. */
  async stopAll(now: number): Promise<void> {
    await this.#db.run(sql`UPDATE people_import SET state = 'stopped', ended_at = ${now}
      WHERE state IN ('running', 'undoing')`);
  }

  /** Notes what was done with a row that makes no account. */
  async note(id: number, item: Omit<ImportItem, 'account'> & { readonly account: number | null }): Promise<void> {
    const { line, what, jid, account, invitation, detail } = item;
    await this.#db.batch([
      sql`INSERT INTO people_import_item (import_id, line, what, jid, account, invitation, detail_json)
        VALUES (${id}, ${line}, ${what}, ${jid}, ${account}, ${invitation}, ${JSON.stringify(detail)})`,
      ...(what === 'department' ? [] : [count(id, what)]),
    ]);
  }

  /** Some of what it did, by line. */
  async items(id: number, after: number, limit: number, what?: ItemKind): Promise<ImportItem[]> {
    const rows = await this.#db.all<ItemRow>(
      compose(
        sql`SELECT line, what, jid, account, invitation, detail_json FROM people_import_item
          WHERE import_id = ${id} AND line > ${after}`,
        what && sql`AND what = ${what}`,
        sql`ORDER BY line LIMIT ${limit}`,
      ),
    );
    return rows.map(({ detail_json: detail, ...row }) => ({ ...row, detail: JSON.parse(detail) as Json }));
  }

  /** What was done with one row, undefined when nothing was. */
  async item(id: number, line: number): Promise<ImportItem | undefined> {
    const [found] = await this.items(id, line - 1, 1);
    return found?.line === line ? found : undefined;
  }

  /** The statement that says more of what was done with a row. */
  detail(id: number, line: number, detail: Json): Statement {
    return sql`UPDATE people_import_item SET detail_json = ${JSON.stringify(detail)}
      WHERE import_id = ${id} AND line = ${line}`;
  }

  /** What a row did was taken back. */
  async undone(id: number, line: number): Promise<void> {
    await this.#db.batch([
      sql`DELETE FROM people_import_item WHERE import_id = ${id} AND line = ${line}`,
      count(id, 'undone'),
    ]);
  }

  /** What a row did stays, for a reason that is told to people. */
  async keep(id: number, line: number, why: string): Promise<void> {
    await this.#db.batch([
      sql`UPDATE people_import_item SET what = 'kept', detail_json = ${JSON.stringify({ why })}
        WHERE import_id = ${id} AND line = ${line}`,
      count(id, 'kept'),
    ]);
  }
}

/** Notes that an account was made, in the batch that makes it, where its number is not known yet. */
export function madeByImport(id: number, line: number, domain: string, local: string, detail: Json = {}): Statement[] {
  return [
    sql`INSERT INTO people_import_item (import_id, line, what, jid, account, invitation, detail_json)
      SELECT ${id}, ${line}, 'made', ${`${local}@${domain}`}, id, NULL, ${JSON.stringify(detail)} FROM account
      WHERE domain = ${domain} AND local = ${local}`,
    count(id, 'made'),
  ];
}

function count(id: number, what: Counted): Statement {
  return { text: `UPDATE people_import SET ${what} = ${what} + 1 WHERE id = ?`, values: [id] };
}
