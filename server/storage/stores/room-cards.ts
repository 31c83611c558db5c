import { Cached, type Soon } from '../cached.ts';
import { type Database, sql } from '../database.ts';

export interface RoomPhoto {
  /** As in `image/png`. */
  readonly type: string;
  readonly data: Uint8Array;
  /** SHA-1 in hexadecimal. */
  readonly hash: string;
}

export interface RoomCard {
  /** A `<vCard/>` without its photo, as XML. */
  readonly xml: string;
  readonly photo: RoomPhoto | undefined;
}

/** What rooms say of themselves (XEP-0054), and their pictures. */
export class RoomCards {
  readonly #db: Database;
  readonly #hashes: Cached<number, string>;

  constructor(db: Database) {
    this.#db = db;
    this.#hashes = new Cached(5_000, (room) => this.#loadHash(room));
  }

  /** The hash of a room's picture, '' for none. */
  hash(room: number): Soon<string> {
    return this.#hashes.get(room);
  }

  async get(room: number): Promise<RoomCard | undefined> {
    const row = await this.#db.get<{ card: string; type: string; hash: string; photo: Uint8Array | null }>(
      sql`SELECT card, photo_type AS type, photo_hash AS hash, photo FROM room_card WHERE room = ${room}`,
    );
    if (row === undefined) return undefined;
    const { card: xml, type, hash, photo: data } = row;
    return { xml, photo: data === null ? undefined : { type, hash, data } };
  }

  /** Puts a card in place of the one before, or takes it away. Resolves once on disk. Throws `constraint` for a room that is gone. */
  async set(room: number, card: RoomCard | undefined): Promise<void> {
    this.#hashes.forget(room);
    if (card === undefined) {
      await this.#db.run(sql`DELETE FROM room_card WHERE room = ${room}`);
      return;
    }
    const { type = '', hash = '', data = null } = card.photo ?? {};
    await this.#db.run(sql`INSERT INTO room_card (room, card, photo_type, photo_hash, photo)
      VALUES (${room}, ${card.xml}, ${type}, ${hash}, ${data})
      ON CONFLICT (room) DO UPDATE SET card = excluded.card, photo_type = excluded.photo_type,
        photo_hash = excluded.photo_hash, photo = excluded.photo`);
  }

  async #loadHash(room: number): Promise<string> {
    const row = await this.#db.get<{ hash: string }>(
      sql`SELECT photo_hash AS hash FROM room_card WHERE room = ${room}`,
    );
    return row?.hash ?? '';
  }
}
