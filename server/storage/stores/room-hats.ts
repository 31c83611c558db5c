import { type Database, type Statement, sql } from '../database.ts';

/** A hat that people in a room can wear (XEP-0317). */
export interface RoomHat {
  readonly uri: string;
  readonly title: string;
  /** The angle of its colour (XEP-0392), as it was given; '' for none. */
  readonly hue: string;
}

export interface WornHat {
  /** A bare address. */
  readonly jid: string;
  readonly uri: string;
}

/** What takes somebody's hats off in all rooms (SECURITY 50). */
export function takeOffHats(bare: string): Statement[] {
  return [sql`DELETE FROM room_hat_wearer WHERE jid = ${bare}`];
}

/** The hats of rooms and who wears them (XEP-0317). */
export class RoomHats {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async of(room: number): Promise<{ readonly hats: RoomHat[]; readonly worn: WornHat[] }> {
    const [hats, worn] = await Promise.all([
      this.#db.all<RoomHat>(sql`SELECT uri, title, hue FROM room_hat WHERE room = ${room} ORDER BY uri`),
      this.#db.all<WornHat>(sql`SELECT jid, uri FROM room_hat_wearer WHERE room = ${room} ORDER BY jid, uri`),
    ]);
    return { hats, worn };
  }

  async put(room: number, { uri, title, hue }: RoomHat): Promise<void> {
    await this.#db.run(sql`INSERT INTO room_hat (room, uri, title, hue) VALUES (${room}, ${uri}, ${title}, ${hue})
      ON CONFLICT (room, uri) DO UPDATE SET title = excluded.title, hue = excluded.hue`);
  }

  /** With it, it is taken off all who wear it. */
  async remove(room: number, uri: string): Promise<void> {
    await this.#db.run(sql`DELETE FROM room_hat WHERE room = ${room} AND uri = ${uri}`);
  }

  async assign(room: number, { jid, uri }: WornHat): Promise<void> {
    await this.#db.run(sql`INSERT INTO room_hat_wearer (room, jid, uri) VALUES (${room}, ${jid}, ${uri})
      ON CONFLICT (room, jid, uri) DO NOTHING`);
  }

  async unassign(room: number, { jid, uri }: WornHat): Promise<void> {
    await this.#db.run(sql`DELETE FROM room_hat_wearer WHERE room = ${room} AND jid = ${jid} AND uri = ${uri}`);
  }
}
