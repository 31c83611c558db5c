import { type Database, type Statement, sql } from '../database.ts';

/** How long an invitation can be declined, in ms. */
const OPEN_MS = 14 * 24 * 60 * 60 * 1_000;
/** Open ones of one inviter; then the oldest is forgotten. */
const OPEN_EACH = 1_000;

export interface RoomInvitation {
  readonly room: number;
  /** Bare addresses. */
  readonly invitee: string;
  readonly inviter: string;
  /** What the invitation called the inviter. */
  readonly knownAs: string;
}

/** What takes a person out of all invitations (SECURITY 50). */
export function forgetInvitations(bare: string): Statement[] {
  return [
    sql`DELETE FROM room_invitation WHERE inviter = ${bare}`,
    sql`DELETE FROM room_invitation WHERE invitee = ${bare}`,
  ];
}

/** What takes a room out of them that is removed. */
export function withoutInvitations(room: number): Statement {
  return sql`DELETE FROM room_invitation WHERE room = ${room}`;
}

/** Invitations through rooms (XEP-0045 §7.8.2) that may still be declined. */
export class RoomInvitations {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Remembers one; those that are too old go. */
  async add({ room, invitee, inviter, knownAs }: RoomInvitation, now = Date.now()): Promise<void> {
    await this.#db.batch([
      sql`DELETE FROM room_invitation WHERE invited_at < ${now - OPEN_MS}`,
      sql`INSERT INTO room_invitation (room, invitee, inviter, known_as, invited_at)
        VALUES (${room}, ${invitee}, ${inviter}, ${knownAs}, ${now})
        ON CONFLICT (room, invitee, inviter) DO UPDATE SET known_as = excluded.known_as, invited_at = excluded.invited_at`,
      sql`DELETE FROM room_invitation WHERE inviter = ${inviter} AND invited_at < (SELECT invited_at FROM room_invitation
        WHERE inviter = ${inviter} ORDER BY invited_at DESC LIMIT 1 OFFSET ${OPEN_EACH - 1})`,
    ]);
  }

  /**
   * Takes the newest open invitation of somebody into a room whose inviter had one of these names, or else the only one there
   * is, and gives the inviter's bare address; undefined for none. Nobody else gets the same one.
   */
  async take(
    room: number,
    invitee: string,
    names: readonly [string, string],
    now = Date.now(),
  ): Promise<string | undefined> {
    const [full, bare] = names;
    const rows = await this.#db.all<{ inviter: string; named: number }>(sql`SELECT inviter,
        CASE WHEN known_as IN (${full}, ${bare}) THEN 1 ELSE 0 END AS named FROM room_invitation
      WHERE room = ${room} AND invitee = ${invitee} AND invited_at >= ${now - OPEN_MS}
      ORDER BY named DESC, invited_at DESC LIMIT 2`);
    const [one, other] = rows;
    if (one === undefined || (one.named === 0 && other !== undefined)) return undefined;
    const taken = await this.#db.run(sql`DELETE FROM room_invitation
      WHERE room = ${room} AND invitee = ${invitee} AND inviter = ${one.inviter}`);
    return taken > 0 ? one.inviter : undefined;
  }

  async forget(bare: string): Promise<void> {
    await this.#db.batch(forgetInvitations(bare));
  }
}
