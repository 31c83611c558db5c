import { type Database, type Statement, sql } from '../database.ts';

/** By what somebody who has an affiliation with a room is known in it, and whether they know that they were spoken of. */
export interface Reach {
  readonly jid: string;
  /** The nickname that they had last, '' when they never were there. */
  readonly knownAs: string;
  /** They were told that somebody spoke of them, and have not come since. */
  readonly told: boolean;
}

/** How those are reached who belong to a room and are not in it. */
export class RoomReach {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async of(room: number): Promise<Reach[]> {
    const rows = await this.#db.all<{ jid: string; knownAs: string; told: number }>(
      sql`SELECT jid, known_as AS "knownAs", told FROM room_affiliation
        WHERE room = ${room} AND (known_as <> '' OR told = 1)`,
    );
    return rows.map((row) => ({ ...row, told: row.told === 1 }));
  }

  /** Changes nothing of who has no affiliation. */
  statement(room: number, { jid, knownAs, told }: Reach): Statement {
    return sql`UPDATE room_affiliation SET known_as = ${knownAs}, told = ${told ? 1 : 0}
      WHERE room = ${room} AND jid = ${jid}`;
  }

  /** The rooms that an account was given because everybody gets them. */
  async given(account: number): Promise<Set<number>> {
    const rows = await this.#db.all<{ room: number }>(sql`SELECT room FROM given_room WHERE account = ${account}`);
    return new Set(rows.map(({ room }) => room));
  }

  /** Throws `constraint` when account or room are gone. */
  async give(account: number, room: number): Promise<void> {
    await this.#db.run(
      sql`INSERT INTO given_room (account, room) VALUES (${account}, ${room}) ON CONFLICT (account, room) DO NOTHING`,
    );
  }
}
