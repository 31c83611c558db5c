import { compose, type Database, type Statement, sql } from '../database.ts';

/** What the name of a destroyed room says (XEP-0045 §10.9). */
export interface RetiredRoom {
  readonly reason: string;
  /** The address of the room to go to instead, '' for none. */
  readonly alternate: string;
  /** ms since 1970 */
  readonly retiredAt: number;
  /** The bare address of who destroyed it, '' for an administrator. */
  readonly retiredBy: string;
  /** Reason and alternate are for those alone who had an affiliation with the room. */
  readonly secret: boolean;
}

/** Names that the rooms of one person may leave behind; then the oldest of theirs is free again. */
const RETIRED_EACH = 1_000;

const COLUMNS = sql`SELECT name, reason, alternate, retired_at AS "retiredAt", retired_by AS "retiredBy", secret
  FROM retired_room`;

type Row = Omit<RetiredRoom, 'secret'> & { readonly name: string; readonly secret: number };

/** What retires the name of a room that is being removed; to be written before its affiliations are gone. */
export function retire(room: number, service: string, name: string, retired: RetiredRoom): Statement[] {
  const { reason, alternate, retiredAt, retiredBy, secret } = retired;
  const statements = [
    sql`DELETE FROM retired_room WHERE service = ${service} AND name = ${name}`,
    sql`INSERT INTO retired_room (service, name, reason, alternate, retired_at, retired_by, secret)
      VALUES (${service}, ${name}, ${reason}, ${alternate}, ${retiredAt}, ${retiredBy}, ${secret ? 1 : 0})`,
  ];
  if (secret) {
    statements.push(sql`INSERT INTO retired_member (service, name, jid)
      SELECT ${service}, ${name}, jid FROM room_affiliation
      WHERE room = ${room} AND affiliation IN ('owner', 'admin', 'member')`);
  }
  if (retiredBy !== '') {
    statements.push(sql`DELETE FROM retired_room WHERE service = ${service} AND retired_by = ${retiredBy}
      AND retired_by <> '' AND retired_at < (SELECT retired_at FROM retired_room
        WHERE retired_by = ${retiredBy} AND retired_by <> '' AND service = ${service}
        ORDER BY retired_at DESC LIMIT 1 OFFSET ${RETIRED_EACH - 1})`);
  }
  return statements;
}

/** What takes a person out of all that retired names remember (SECURITY 50). */
export function leaveRetired(bare: string): Statement[] {
  return [
    sql`DELETE FROM retired_member WHERE jid = ${bare}`,
    sql`UPDATE retired_room SET retired_by = '' WHERE retired_by = ${bare} AND retired_by <> ''`,
  ];
}

/** The names of destroyed rooms, which nobody else is to have unless they are freed (XEP-0045 §10.9). */
export class RetiredRooms {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async get(service: string, name: string): Promise<RetiredRoom | undefined> {
    const row = await this.#db.get<Row>(compose(COLUMNS, sql`WHERE service = ${service} AND name = ${name}`));
    return row && read(row);
  }

  /** Whether somebody may be told where a room went that was not everybody's. */
  async knew(service: string, name: string, bare: string): Promise<boolean> {
    const found = await this.#db.get(
      sql`SELECT jid FROM retired_member WHERE service = ${service} AND name = ${name} AND jid = ${bare}`,
    );
    return found !== undefined;
  }

  /** In the order of the names, from one on (at most `limit`, 1 to 1,000). */
  async page(
    service: string,
    { after = '', limit }: { readonly after?: string; readonly limit: number },
  ): Promise<(RetiredRoom & { readonly name: string })[]> {
    const rows = await this.#db.all<Row>(
      compose(COLUMNS, sql`WHERE service = ${service} AND name > ${after} ORDER BY name LIMIT ${limit}`),
    );
    return rows.map(read);
  }

  /** Makes a name free again; false when it was not retired. */
  async free(service: string, name: string): Promise<boolean> {
    return (await this.#db.run(sql`DELETE FROM retired_room WHERE service = ${service} AND name = ${name}`)) > 0;
  }

  /** Forgets the names of a service that is no more. */
  async freeAll(service: string): Promise<void> {
    await this.#db.run(sql`DELETE FROM retired_room WHERE service = ${service}`);
  }
}

function read(row: Row): RetiredRoom & { readonly name: string } {
  return { ...row, secret: row.secret === 1 };
}
