import { among, compose, type Database, type Statement, sql } from '../database.ts';
import { readUpload, UPLOAD_COLUMNS, type Upload, type UploadRow, type UploadUse } from './uploads.ts';

/** A file, with whose it is. */
export interface OwnedUpload extends Upload {
  readonly jid: string;
}

/** Where a page begins: what it is ordered by and the id of the last one of the page before. */
export interface UploadEdge {
  readonly value: number;
  readonly id: number;
}

export interface UploadQuery {
  /** The largest, or the oldest, or the newest first. */
  readonly order: 'largest' | 'oldest' | 'newest';
  /** Of one person, or shown to one room; not both. */
  readonly account?: number;
  readonly room?: string;
  readonly after?: UploadEdge;
  /** 1 to 1,000 */
  readonly limit: number;
}

/** Files that go together: all of a person, all that were shown to a room, or all from before a time. */
export type UploadLot = { readonly account: number } | { readonly room: string } | { readonly before: number };

export interface PersonUse extends UploadUse {
  readonly account: number;
  readonly jid: string;
}

export interface RoomUse extends UploadUse {
  readonly room: string;
}

const plain = (text: string): Statement => ({ text, values: [] });
// CROSS JOIN says in which order: files by their index, and the person of each.
const OWNED = `SELECT ${UPLOAD_COLUMNS}, a.local || '@' || a.domain AS jid FROM upload u CROSS JOIN account a
  WHERE a.id = u.account`;

/** What there is of files as administrators see it, each page by an index, however far down. */
export class UploadLists {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async page(query: UploadQuery): Promise<OwnedUpload[]> {
    if (!(query.limit >= 1 && query.limit <= 1_000)) throw new RangeError('limit is 1 to 1,000');
    return this.#read(filesStatement(query));
  }

  /** Those of some ids that are there; at most 1,000. */
  async some(ids: readonly number[]): Promise<OwnedUpload[]> {
    if (ids.length === 0) return [];
    return this.#read(compose(plain(`${OWNED} AND u.id IN`), among(ids)));
  }

  /** Who has most first, in a domain or in all. */
  async people(query: PeopleQuery): Promise<PersonUse[]> {
    return this.#db.all(peopleStatement(query));
  }

  /** The rooms to which most was shown first. */
  async rooms(query: RoomsQuery): Promise<RoomUse[]> {
    return this.#db.all(roomsStatement(query));
  }

  /** What was shown to a room. */
  async room(room: string): Promise<UploadUse> {
    const row = await this.#db.get<UploadUse>(sql`SELECT files, bytes FROM upload_room WHERE room = ${room}`);
    return row ?? { files: 0, bytes: 0 };
  }

  /** What came before a time, but for pictures of profiles. */
  async before(time: number): Promise<UploadUse> {
    const row = await this.#db.get<UploadUse>(olderStatement(time));
    return row ?? { files: 0, bytes: 0 };
  }

  /** The ids and sizes of some files of a lot, beyond the one with which the last such slice ended; the oldest first. */
  async lot(lot: UploadLot, after: UploadEdge | undefined, limit: number): Promise<LotFile[]> {
    return this.#db.all(lotStatement(lot, after, limit));
  }

  async #read(statement: Statement): Promise<OwnedUpload[]> {
    return (await this.#db.all<UploadRow & { readonly jid: string }>(statement)).map(readUpload);
  }
}

export interface LotFile {
  readonly id: number;
  readonly createdAt: number;
  readonly bytes: number;
}

export interface PeopleQuery {
  readonly domain?: string;
  /** `value` is bytes, `id` that of the account. */
  readonly after?: UploadEdge;
  readonly limit: number;
}

export interface RoomsQuery {
  readonly after?: { readonly bytes: number; readonly room: string };
  readonly limit: number;
}

export function filesStatement({ order, account, room, after, limit }: UploadQuery): Statement {
  const column = order === 'largest' ? 'u.bytes' : 'u.created_at';
  const [than, way] = order === 'oldest' ? ['>', 'ASC'] : ['<', 'DESC'];
  return compose(
    plain(OWNED),
    account === undefined ? undefined : sql`AND u.account = ${account}`,
    room === undefined ? undefined : sql`AND u.room <> '' AND u.room = ${room}`,
    after && { text: `AND (${column}, u.id) ${than} (?, ?)`, values: [after.value, after.id] },
    plain(`ORDER BY ${column} ${way}, u.id ${way}`),
    sql`LIMIT ${limit}`,
  );
}

export function peopleStatement({ domain, after, limit }: PeopleQuery): Statement {
  return compose(
    sql`SELECT s.account, a.local || '@' || a.domain AS jid, s.files, s.bytes FROM upload_use s CROSS JOIN account a
      WHERE a.id = s.account`,
    domain === undefined ? undefined : sql`AND a.domain = ${domain}`,
    after && sql`AND (s.bytes, s.account) < (${after.value}, ${after.id})`,
    sql`ORDER BY s.bytes DESC, s.account DESC LIMIT ${limit}`,
  );
}

export function roomsStatement({ after, limit }: RoomsQuery): Statement {
  return compose(
    sql`SELECT room, files, bytes FROM upload_room`,
    after && sql`WHERE (bytes, room) < (${after.bytes}, ${after.room})`,
    sql`ORDER BY bytes DESC, room DESC LIMIT ${limit}`,
  );
}

export function olderStatement(time: number): Statement {
  return sql`SELECT count(*) AS files, COALESCE(SUM(bytes), 0) AS bytes FROM upload
    WHERE created_at < ${time} AND purpose <> 'profile'`;
}

export function lotStatement(lot: UploadLot, after: UploadEdge | undefined, limit: number): Statement {
  return compose(
    sql`SELECT id, created_at AS "createdAt", bytes FROM upload`,
    'account' in lot
      ? sql`WHERE account = ${lot.account}`
      : 'room' in lot
        ? sql`WHERE room <> '' AND room = ${lot.room}`
        : sql`WHERE created_at < ${lot.before} AND purpose <> 'profile'`,
    after && sql`AND (created_at, id) > (${after.value}, ${after.id})`,
    sql`ORDER BY created_at, id LIMIT ${limit}`,
  );
}
