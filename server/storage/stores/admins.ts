import { compose, type Database, type Statement, sql } from '../database.ts';
import { withoutAdminReset } from './one-time-codes.ts';

/** Somebody who may run the house; not an account of a served domain. */
export interface Admin {
  readonly id: number;
  readonly name: string;
  /** As the password function wrote it; '' while there is none yet, as of who was only invited. */
  readonly passwordHash: string;
  readonly role: string;
  readonly createdAt: number;
  /** 1: may not sign in. */
  readonly disabled: number;
}

/** A browser that is signed in. The token itself is not kept, only its hash. Times are ms since 1970. */
export interface AdminSession {
  readonly tokenHash: string;
  readonly admin: number;
  readonly csrf: string;
  readonly createdAt: number;
  readonly lastSeen: number;
  readonly expiresAt: number;
  readonly address: string;
  readonly agent: string;
  /** When it was last shown in this session who it is. */
  readonly provenAt: number;
}

const ADMIN = sql`SELECT id, name, password_hash AS "passwordHash", role, created_at AS "createdAt", disabled
  FROM admin`;
const SESSION = sql`SELECT token_hash AS "tokenHash", admin, csrf, created_at AS "createdAt", last_seen AS "lastSeen",
  expires_at AS "expiresAt", address, agent, proven_at AS "provenAt" FROM admin_session`;

const MOST_SESSIONS = 50;

/** Holds when this one may go from being an owner: there is another who can sign in. One statement, so that two cannot both go. */
function sparing(id: number): Statement {
  return sql`role <> 'owner' OR EXISTS (SELECT 1 FROM admin AS other
    WHERE other.role = 'owner' AND other.disabled = 0 AND other.password_hash <> '' AND other.id <> ${id})`;
}

/** Administrators and their browser sessions. */
export class Admins {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async list(): Promise<Admin[]> {
    return this.#db.all<Admin>(compose(ADMIN, sql`ORDER BY name`));
  }

  async count(): Promise<number> {
    return (await this.#db.get<{ n: number }>(sql`SELECT count(*) AS n FROM admin`))?.n ?? 0;
  }

  async find(name: string): Promise<Admin | undefined> {
    return this.#db.get<Admin>(compose(ADMIN, sql`WHERE name = ${name}`));
  }

  async byId(id: number): Promise<Admin | undefined> {
    return this.#db.get<Admin>(compose(ADMIN, sql`WHERE id = ${id}`));
  }

  /** Throws StorageError `constraint` when the name is taken. */
  async create(admin: { name: string; passwordHash: string; role: string }, now = Date.now()): Promise<Admin> {
    const { name, passwordHash, role } = admin;
    const made = this.#db.run(sql`INSERT INTO admin (name, password_hash, role, created_at)
      VALUES (${name}, ${passwordHash}, ${role}, ${now})`);
    const [, found] = await Promise.all([made, this.find(name)]);
    if (found === undefined) throw new Error('an administrator was removed while it was made');
    return found;
  }

  /** The first administrator and no other: false when there is one already. */
  async createFirst(admin: { name: string; passwordHash: string; role: string }, now = Date.now()): Promise<boolean> {
    const { name, passwordHash, role } = admin;
    const made = await this.#db.run(sql`INSERT INTO admin (name, password_hash, role, created_at)
      SELECT ${name}, ${passwordHash}, ${role}, ${now} WHERE NOT EXISTS (SELECT 1 FROM admin)`);
    return made === 1;
  }

  /** Sets the password; a code to reset it, and the administrator's sessions but the one named, end. */
  async setPassword(id: number, passwordHash: string, keepTokenHash = ''): Promise<void> {
    await this.#db.batch([
      sql`UPDATE admin SET password_hash = ${passwordHash} WHERE id = ${id}`,
      sql`DELETE FROM admin_session WHERE admin = ${id} AND token_hash <> ${keepTokenHash}`,
      withoutAdminReset(id),
    ]);
  }

  /** Sets the role and ends the administrator's sessions. False: nothing was done, as that would leave no owner. */
  async setRole(id: number, role: string): Promise<boolean> {
    const done = await this.#db.run(
      compose(sql`UPDATE admin SET role = ${role} WHERE id = ${id} AND (${role} = 'owner' OR`, sparing(id), sql`)`),
    );
    if (done === 1) await this.endSessionsOf(id);
    return done === 1;
  }

  /** Keeps an administrator out, and ends the sessions, or lets them in again. False as for `setRole`. */
  async setDisabled(id: number, disabled: boolean): Promise<boolean> {
    const flag = disabled ? 1 : 0;
    const done = await this.#db.run(
      compose(sql`UPDATE admin SET disabled = ${flag} WHERE id = ${id} AND (${flag} = 0 OR`, sparing(id), sql`)`),
    );
    if (done === 1 && disabled) await this.endSessionsOf(id);
    return done === 1;
  }

  /** Removes an administrator with all sessions. False as for `setRole`. */
  async remove(id: number): Promise<boolean> {
    return (await this.#db.run(compose(sql`DELETE FROM admin WHERE id = ${id} AND (`, sparing(id), sql`)`))) === 1;
  }

  /** Adds a session; of the administrator's others those go that were used least lately, if there are very many. */
  async addSession(session: AdminSession): Promise<void> {
    await this.#db.batch([
      sql`DELETE FROM admin_session WHERE token_hash IN (SELECT token_hash FROM admin_session
        WHERE admin = ${session.admin} ORDER BY last_seen DESC LIMIT 1000 OFFSET ${MOST_SESSIONS - 1})`,
      sql`INSERT INTO admin_session
        (token_hash, admin, csrf, created_at, last_seen, expires_at, address, agent, proven_at)
        VALUES (${session.tokenHash}, ${session.admin}, ${session.csrf}, ${session.createdAt}, ${session.lastSeen},
          ${session.expiresAt}, ${session.address}, ${session.agent}, ${session.provenAt})`,
    ]);
  }

  /** Notes that whoever holds the session has just shown again who they are. */
  async prove(tokenHash: string, now: number): Promise<void> {
    await this.#db.run(sql`UPDATE admin_session SET proven_at = ${now} WHERE token_hash = ${tokenHash}`);
  }

  /** Ends the one session of an administrator whose hash begins so. False when there is none. */
  async endSessionOf(admin: number, start: string): Promise<boolean> {
    const done = await this.#db.run(
      sql`DELETE FROM admin_session WHERE admin = ${admin} AND substr(token_hash, 1, ${start.length}) = ${start}`,
    );
    return done > 0;
  }

  /** A session that has not expired. */
  async session(tokenHash: string, now = Date.now()): Promise<AdminSession | undefined> {
    return this.#db.get<AdminSession>(compose(SESSION, sql`WHERE token_hash = ${tokenHash} AND expires_at > ${now}`));
  }

  async sessionsOf(admin: number, now = Date.now()): Promise<AdminSession[]> {
    return this.#db.all<AdminSession>(
      compose(SESSION, sql`WHERE admin = ${admin} AND expires_at > ${now} ORDER BY created_at`),
    );
  }

  /** Notes that a session was used. Nobody waits for it. */
  touchSession(tokenHash: string, lastSeen: number, expiresAt: number): void {
    this.#db.queue([
      sql`UPDATE admin_session SET last_seen = ${lastSeen}, expires_at = ${expiresAt} WHERE token_hash = ${tokenHash}`,
    ]);
  }

  async endSession(tokenHash: string): Promise<void> {
    await this.#db.run(sql`DELETE FROM admin_session WHERE token_hash = ${tokenHash}`);
  }

  /**
   * Ends them all, but the one named; returns how many. A code to reset the password ends with them: whoever has got hold of one
   * would be back in by it.
   */
  async endSessionsOf(admin: number, keepTokenHash = ''): Promise<number> {
    const [ended = 0] = await this.#db.batch([
      sql`DELETE FROM admin_session WHERE admin = ${admin} AND token_hash <> ${keepTokenHash}`,
      withoutAdminReset(admin),
    ]);
    return ended;
  }

  /** Forgets sessions that have expired; returns how many. */
  async expireSessions(now = Date.now()): Promise<number> {
    return this.#db.run(sql`DELETE FROM admin_session WHERE expires_at <= ${now}`);
  }
}
