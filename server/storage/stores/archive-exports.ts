import { type Database, sql } from '../database.ts';

export type ExportKind = 'domain' | 'person' | 'room';
export type ExportState = 'running' | 'done' | 'failed' | 'cancelled' | 'swept';

/** Something that was carried out of the archives. Times are ms since 1970. */
export interface StoredExport {
  readonly id: number;
  readonly domain: string;
  readonly kind: ExportKind;
  /** An address, or the domain. */
  readonly subject: string;
  readonly since: number | null;
  readonly until: number | null;
  readonly actor: string;
  readonly reason: string;
  readonly createdAt: number;
  readonly state: ExportState;
  /** Why it failed, in plain English. */
  readonly error: string;
  readonly messages: number;
  /** Its name in the folder of exports. */
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly expiresAt: number | null;
}

type New = Pick<
  StoredExport,
  'domain' | 'kind' | 'subject' | 'since' | 'until' | 'actor' | 'reason' | 'createdAt' | 'file'
>;

/** Rows that are kept of a domain. */
const KEPT = 100;

/** What was exported, and is still there. */
export class ArchiveExports {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async add(one: New): Promise<number> {
    const { domain, kind, subject, since, until, actor, reason, createdAt, file } = one;
    await this.#db.batch([
      sql`INSERT INTO archive_export (domain, kind, subject, since, until, actor, reason, created_at, state, error, messages,
          file, bytes, sha256, expires_at)
        VALUES (${domain}, ${kind}, ${subject}, ${since}, ${until}, ${actor}, ${reason}, ${createdAt}, 'running', '', 0,
          ${file}, 0, '', NULL)`,
      sql`DELETE FROM archive_export WHERE domain = ${domain} AND state <> 'running' AND state <> 'done' AND id <= (
        SELECT id FROM archive_export WHERE domain = ${domain} ORDER BY id DESC LIMIT 1 OFFSET ${KEPT})`,
    ]);
    const row = await this.#db.get<{ id: number }>(
      sql`SELECT max(id) AS id FROM archive_export WHERE domain = ${domain}`,
    );
    return row!.id;
  }

  /** The newest first. */
  list(domain: string, limit: number): Promise<StoredExport[]> {
    return this.#db.all(sql`SELECT id, domain, kind, subject, since, until, actor, reason, created_at AS "createdAt", state,
      error, messages, file, bytes, sha256, expires_at AS "expiresAt" FROM archive_export
      WHERE domain = ${domain} ORDER BY id DESC LIMIT ${limit}`);
  }

  get(id: number): Promise<StoredExport | undefined> {
    return this.#db.get(sql`SELECT id, domain, kind, subject, since, until, actor, reason, created_at AS "createdAt", state,
      error, messages, file, bytes, sha256, expires_at AS "expiresAt" FROM archive_export WHERE id = ${id}`);
  }

  /** Those in a state, at most 1,000. */
  inState(state: ExportState): Promise<{ id: number; file: string; expiresAt: number | null }[]> {
    return this.#db.all(sql`SELECT id, file, expires_at AS "expiresAt" FROM archive_export WHERE state = ${state}
      ORDER BY id LIMIT 1000`);
  }

  async done(id: number, what: { messages: number; bytes: number; sha256: string; expiresAt: number }): Promise<void> {
    const { messages, bytes, sha256, expiresAt } = what;
    await this.#db.run(sql`UPDATE archive_export SET state = 'done', messages = ${messages}, bytes = ${bytes},
      sha256 = ${sha256}, expires_at = ${expiresAt} WHERE id = ${id}`);
  }

  async ended(id: number, state: ExportState, error = ''): Promise<void> {
    await this.#db.run(sql`UPDATE archive_export SET state = ${state}, error = ${error} WHERE id = ${id}`);
  }

  /** Forgets what was carried out of a domain that is not served any more; its files are to be removed before. */
  async forget(domain: string): Promise<void> {
    await this.#db.run(sql`DELETE FROM archive_export WHERE domain = ${domain}`);
  }
}
