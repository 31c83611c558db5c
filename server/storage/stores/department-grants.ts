import { type Database, sql } from '../database.ts';

/** A room that somebody was given because of a department. */
export interface Grant {
  readonly account: number;
  readonly room: number;
  /** What the room is called: what stands before the @. */
  readonly name: string;
  /** They are a member because of it, and were none before. */
  readonly member: boolean;
}

/** Which rooms people were given because of their departments, so that these can be taken again. */
export class DepartmentGrants {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** The numbers of the rooms that somebody was given. */
  async of(account: number): Promise<Set<number>> {
    const rows = await this.#db.all<{ room: number }>(
      sql`SELECT room FROM department_grant WHERE account = ${account}`,
    );
    return new Set(rows.map(({ room }) => room));
  }

  /** Throws `constraint` when account or room are gone. */
  async give(account: number, room: number, member: boolean): Promise<void> {
    await this.#db.run(sql`INSERT INTO department_grant (account, room, member)
      VALUES (${account}, ${room}, ${member ? 1 : 0}) ON CONFLICT (account, room) DO NOTHING`);
  }

  async take(account: number, room: number): Promise<void> {
    await this.#db.run(sql`DELETE FROM department_grant WHERE account = ${account} AND room = ${room}`);
  }

  /** Those of one service's rooms that no department of theirs gives any more; at most `limit`. */
  async stale(service: string, limit: number): Promise<Grant[]> {
    const rows = await this.#db.all<Omit<Grant, 'member'> & { member: number }>(
      sql`SELECT g.account, g.room, r.name, g.member FROM room r JOIN department_grant g ON g.room = r.id
        WHERE r.service = ${service} AND NOT EXISTS (
          SELECT 1 FROM department_member m JOIN department_room d ON d.department = m.department
          WHERE m.account = g.account AND d.name = r.name)
        LIMIT ${limit}`,
    );
    return rows.map((row) => ({ ...row, member: row.member === 1 }));
  }
}
