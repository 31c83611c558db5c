import { compose, type Database, sql } from '../database.ts';

/** The codes of an app that change every half minute. */
export interface StoredTotp {
  readonly sealed: string;
  /** 1 once a code from it was typed in; until then it is asked for by nobody. */
  readonly confirmed: number;
  readonly lastStep: number;
  readonly createdAt: number;
}

/** A key that an administrator's device keeps. Times are ms since 1970. */
export interface StoredPasskey {
  readonly id: number;
  readonly admin: number;
  /** Its name for browsers, base64url, as the public key. */
  readonly credential: string;
  readonly publicKey: string;
  /** How often it was used as it says itself; 0 for those that do not count. */
  readonly counter: number;
  /** The name of this server for which the browser made it. */
  readonly host: string;
  /** How it is reached, as `usb internal`. */
  readonly transports: string;
  readonly name: string;
  readonly createdAt: number;
  readonly lastUsed: number | null;
}

const PASSKEY = sql`SELECT id, admin, credential, public_key AS "publicKey", counter, host, transports, name,
  created_at AS "createdAt", last_used AS "lastUsed" FROM admin_passkey`;

/** What administrators prove themselves by, beside the password. All of it goes with its administrator. */
export class AdminProofs {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async totp(admin: number): Promise<StoredTotp | undefined> {
    return this.#db.get<StoredTotp>(sql`SELECT sealed, confirmed, last_step AS "lastStep", created_at AS "createdAt"
      FROM admin_totp WHERE admin = ${admin}`);
  }

  /** Begins anew with a secret that nobody has shown to have yet; one that was confirmed stays: false then. */
  async beginTotp(admin: number, sealed: string, now: number): Promise<boolean> {
    const done = await this.#db.run(sql`INSERT INTO admin_totp (admin, sealed, confirmed, last_step, created_at)
      VALUES (${admin}, ${sealed}, 0, 0, ${now})
      ON CONFLICT (admin) DO UPDATE SET sealed = excluded.sealed, last_step = 0, created_at = excluded.created_at
        WHERE admin_totp.confirmed = 0`);
    return done === 1;
  }

  /** From now on it counts. False when it does already, or another was begun meanwhile. */
  async confirmTotp(admin: number, sealed: string, step: number): Promise<boolean> {
    const done = await this.#db.run(sql`UPDATE admin_totp SET confirmed = 1, last_step = ${step}
      WHERE admin = ${admin} AND sealed = ${sealed} AND confirmed = 0`);
    return done === 1;
  }

  /** Uses up the code of a half minute, and all before it: true for exactly one caller. */
  async useStep(admin: number, step: number): Promise<boolean> {
    const done = await this.#db.run(sql`UPDATE admin_totp SET last_step = ${step}
      WHERE admin = ${admin} AND confirmed = 1 AND last_step < ${step}`);
    return done === 1;
  }

  /** True when there was one. */
  async removeTotp(admin: number): Promise<boolean> {
    return (await this.#db.run(sql`DELETE FROM admin_totp WHERE admin = ${admin}`)) === 1;
  }

  /** These take the place of those that there are. */
  async setRecovery(admin: number, hashes: readonly string[]): Promise<void> {
    await this.#db.batch([
      sql`DELETE FROM admin_recovery WHERE admin = ${admin}`,
      ...hashes.map((hash) => sql`INSERT INTO admin_recovery (admin, hash) VALUES (${admin}, ${hash})`),
    ]);
  }

  async countRecovery(admin: number): Promise<number> {
    return (
      (await this.#db.get<{ n: number }>(sql`SELECT count(*) AS n FROM admin_recovery WHERE admin = ${admin}`))?.n ?? 0
    );
  }

  /** Uses one up: true for exactly one caller. */
  async useRecovery(admin: number, hash: string): Promise<boolean> {
    return (await this.#db.run(sql`DELETE FROM admin_recovery WHERE admin = ${admin} AND hash = ${hash}`)) === 1;
  }

  async passkeys(admin: number): Promise<StoredPasskey[]> {
    return this.#db.all<StoredPasskey>(compose(PASSKEY, sql`WHERE admin = ${admin} ORDER BY id`));
  }

  async passkey(credential: string): Promise<StoredPasskey | undefined> {
    return this.#db.get<StoredPasskey>(compose(PASSKEY, sql`WHERE credential = ${credential}`));
  }

  /** False when the administrator has `most` already. Throws StorageError `constraint` when the key is known already. */
  async addPasskey(key: Omit<StoredPasskey, 'id' | 'lastUsed'>, most: number): Promise<boolean> {
    const done = await this.#db.run(sql`INSERT INTO admin_passkey
      (admin, credential, public_key, counter, host, transports, name, created_at)
      SELECT ${key.admin}, ${key.credential}, ${key.publicKey}, ${key.counter}, ${key.host}, ${key.transports}, ${key.name},
        ${key.createdAt} WHERE (SELECT count(*) FROM admin_passkey WHERE admin = ${key.admin}) < ${most}`);
    return done === 1;
  }

  /** Notes a use, if it still counts from `before`: true for exactly one caller who says the same count. */
  async usePasskey(id: number, before: number, counter: number, now: number): Promise<boolean> {
    const done = await this.#db.run(sql`UPDATE admin_passkey SET counter = ${counter}, last_used = ${now}
      WHERE id = ${id} AND counter = ${before}`);
    return done === 1;
  }

  async namePasskey(admin: number, id: number, name: string): Promise<boolean> {
    return (
      (await this.#db.run(sql`UPDATE admin_passkey SET name = ${name} WHERE id = ${id} AND admin = ${admin}`)) === 1
    );
  }

  async removePasskey(admin: number, id: number): Promise<boolean> {
    return (await this.#db.run(sql`DELETE FROM admin_passkey WHERE id = ${id} AND admin = ${admin}`)) === 1;
  }

  /** Takes all of them: the password alone counts then. */
  async removeAll(admin: number): Promise<void> {
    await this.#db.batch([
      sql`DELETE FROM admin_totp WHERE admin = ${admin}`,
      sql`DELETE FROM admin_recovery WHERE admin = ${admin}`,
      sql`DELETE FROM admin_passkey WHERE admin = ${admin}`,
    ]);
  }
}
