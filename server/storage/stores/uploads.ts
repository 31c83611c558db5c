import { createHash } from 'node:crypto';
import { among, compose, type Database, type Statement, sql } from '../database.ts';

/** What a file is for (XEP-0363 §4.1), and so how long it stays. */
export type UploadPurpose = 'message' | 'profile' | 'ephemeral';

/** A file that somebody uploaded. */
export interface Upload {
  readonly id: number;
  /** Its name in the folder of uploads. */
  readonly file: string;
  /** Whose it is (`Account.id`). */
  readonly account: number;
  /** As its owner called it. */
  readonly name: string;
  /** Its media type, as its owner said. */
  readonly type: string;
  readonly bytes: number;
  readonly purpose: UploadPurpose;
  /** The bare address of the room it was first shown to; '' for none that we know of. */
  readonly room: string;
  /** ms since 1970 */
  readonly createdAt: number;
  /** When it may not be had any more, ms since 1970, whatever the settings say. */
  readonly expiresAt: number | undefined;
}

export interface UploadUse {
  readonly files: number;
  readonly bytes: number;
}

export interface UploadRow extends Omit<Upload, 'expiresAt'> {
  readonly expiresAt: number | null;
}

export const UPLOAD_COLUMNS = `u.id, u.file, u.account, u.name, u.type, u.bytes, u.purpose, u.room, u.created_at AS "createdAt",
  u.expires_at AS "expiresAt"`;
/** A row as it is. */
export function readUpload<T extends UploadRow>({ expiresAt, ...rest }: T): Omit<T, 'expiresAt'> & Upload {
  return { ...rest, expiresAt: expiresAt ?? undefined };
}

/** What is stored of the secret in a link. */
export function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}

/** The files that people uploaded; the bytes are in a folder (`FileFolder`). */
export class Uploads {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /**
   * Puts one in whose bytes are on disk already. On disk itself when it resolves. `token` is the secret in its link. False, with
   * nothing done, when its owner is gone or may not log in any more.
   */
  async add(token: string, one: Omit<Upload, 'id' | 'room'>): Promise<boolean> {
    const changed = await this.#db.run(sql`INSERT INTO upload
        (token, file, account, domain, name, type, bytes, purpose, created_at, expires_at)
      SELECT ${hashOf(token)}, ${one.file}, id, domain, ${one.name}, ${one.type}, ${one.bytes}, ${one.purpose}, ${one.createdAt},
        ${one.expiresAt ?? null} FROM account WHERE id = ${one.account} AND status = 'active'`);
    return changed > 0;
  }

  /** The file to which a link leads. */
  async find(token: string): Promise<Upload | undefined> {
    const columns: Statement = { text: `SELECT ${UPLOAD_COLUMNS} FROM upload u`, values: [] };
    const row = await this.#db.get<UploadRow>(compose(columns, sql`WHERE u.token = ${hashOf(token)}`));
    return row && readUpload(row);
  }

  /** Its owner showed it to a room: the first counts. Nobody waits for it. */
  shownTo(token: string, account: number, room: string): void {
    this.#db.queue([
      sql`UPDATE upload SET room = ${room} WHERE token = ${hashOf(token)} AND account = ${account} AND room = ''`,
    ]);
  }

  /** What somebody has. */
  async use(account: number): Promise<UploadUse> {
    const row = await this.#db.get<UploadUse>(sql`SELECT files, bytes FROM upload_use WHERE account = ${account}`);
    return row ?? { files: 0, bytes: 0 };
  }

  /** What everybody has together. */
  async total(): Promise<UploadUse> {
    const row = await this.#db.get<UploadUse>(
      sql`SELECT COALESCE(SUM(files), 0) AS files, COALESCE(SUM(bytes), 0) AS bytes FROM upload_use`,
    );
    return row ?? { files: 0, bytes: 0 };
  }

  /** Bytes that somebody uploaded since some time, of what is still there, and when the first of that came. */
  async since(account: number, time: number): Promise<{ readonly bytes: number; readonly first: number | undefined }> {
    const row = await this.#db.get<{ bytes: number; first: number | null }>(
      sql`SELECT COALESCE(SUM(bytes), 0) AS bytes, MIN(created_at) AS first FROM upload
        WHERE account = ${account} AND created_at >= ${time}`,
    );
    return { bytes: row?.bytes ?? 0, first: row?.first ?? undefined };
  }

  /** Takes files out: from now on their links lead nowhere. Gives how many there were. At most 1,000 at once. */
  async remove(ids: readonly number[]): Promise<number> {
    if (ids.length > 1_000) throw new RangeError('at most 1,000 at once');
    const changed = await this.#db.batch(ids.map((id) => sql`DELETE FROM upload WHERE id = ${id}`));
    return changed.reduce((sum, n) => sum + n, 0);
  }

  /** Takes out some of those that may not be had any more at that time. Gives how many. */
  async expire(now: number, limit: number): Promise<number> {
    return this.#db.run(sql`DELETE FROM upload WHERE id IN
      (SELECT id FROM upload WHERE expires_at IS NOT NULL AND expires_at <= ${now} ORDER BY expires_at LIMIT ${limit})`);
  }

  /** Takes out some files of a domain that came before a time, but for those of profiles. Gives how many. */
  async expireOlder(domain: string, before: number, limit: number): Promise<number> {
    return this.#db.run(sql`DELETE FROM upload WHERE id IN
      (SELECT id FROM upload WHERE domain = ${domain} AND created_at < ${before} AND purpose <> 'profile'
        ORDER BY created_at LIMIT ${limit})`);
  }

  /** Some of the names in the folder that nobody needs any more. */
  async gone(limit: number): Promise<string[]> {
    const rows = await this.#db.all<{ file: string }>(sql`SELECT file FROM upload_gone LIMIT ${limit}`);
    return rows.map(({ file }) => file);
  }

  /** Those were taken off the disk. */
  async forgetGone(files: readonly string[]): Promise<void> {
    if (files.length === 0) return;
    await this.#db.batch(files.map((file) => sql`DELETE FROM upload_gone WHERE file = ${file}`));
  }

  /** Which of these names in the folder have a row; at most 1,000. */
  async known(files: readonly string[]): Promise<Set<string>> {
    if (files.length === 0) return new Set();
    const rows = await this.#db.all<{ file: string }>(
      compose(sql`SELECT file FROM upload WHERE file IN`, among(files)),
    );
    return new Set(rows.map(({ file }) => file));
  }
}
