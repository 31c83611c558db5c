import { Cached, type Soon } from '../cached.ts';
import { type Database, type Statement, sql } from '../database.ts';

export type Audience = 'all' | 'online';

/** Something told to the people of one domain. */
export interface Announcement {
  readonly id: number;
  readonly domain: string;
  readonly text: string;
  readonly audience: Audience;
  /** The number of the department that it is for, 0 for all of the domain; and how that was called. */
  readonly department: number;
  readonly departmentName: string;
  /** Who told it. */
  readonly actor: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** The local part of the last one who was given it, '' for nobody yet: it goes round in that order. */
  readonly reached: string;
  /** How many were given it. */
  readonly given: number;
  readonly finished: boolean;
}

/** The message of the day of one domain; a text of '' is none. The version counts up for ever. */
export interface Motd {
  readonly version: number;
  readonly text: string;
  /** Milliseconds since 1970. */
  readonly setAt: number;
  /** The last moment at which it is given to anybody, null for none. */
  readonly until: number | null;
}

interface Row extends Omit<Announcement, 'createdAt' | 'finished' | 'departmentName'> {
  readonly department_name: string;
  readonly created_at: number;
  readonly finished: number;
}

/** Of each domain; the oldest go first. */
export const KEPT = 200;

function read({ created_at: createdAt, department_name: departmentName, finished, ...row }: Row): Announcement {
  return { ...row, createdAt, departmentName, finished: finished === 1 };
}

/** What the office tells everybody, stored before it is told, so that a restart in the middle finishes it. */
export class Announcements {
  readonly #db: Database;
  readonly #motds: Cached<string, Motd | undefined>;
  readonly #watchers = new Map<string, () => void>();

  constructor(db: Database) {
    this.#db = db;
    this.#motds = new Cached(1_000, (domain) => this.#loadMotd(domain));
  }

  /** Stores one to be told. On disk when it resolves; whoever watches the domain is told then. */
  async add(one: {
    domain: string;
    text: string;
    audience: Audience;
    actor: string;
    createdAt: number;
    department?: { readonly id: number; readonly name: string };
  }): Promise<void> {
    const { domain, text, audience, actor, createdAt, department = { id: 0, name: '' } } = one;
    await this.#db.batch([
      sql`INSERT INTO announcement (domain, text, audience, actor, created_at, reached, given, finished,
        department, department_name)
        VALUES (${domain}, ${text}, ${audience}, ${actor}, ${createdAt}, '', 0, 0, ${department.id}, ${department.name})`,
      sql`DELETE FROM announcement WHERE domain = ${domain} AND finished = 1 AND id <= (
        SELECT id FROM announcement WHERE domain = ${domain} AND finished = 1 ORDER BY id DESC LIMIT 1 OFFSET ${KEPT})`,
    ]);
    this.#watchers.get(domain)?.();
  }

  /** Calls `watcher` when there is something new to be told in a domain. One watcher for each. */
  watch(domain: string, watcher: () => void): void {
    this.#watchers.set(domain, watcher);
  }

  unwatch(domain: string): void {
    this.#watchers.delete(domain);
  }

  /** The newest first, those under way before those that are finished. */
  async list(domain: string, limit: number): Promise<Announcement[]> {
    const rows = await this.#db.all<Row>(
      sql`SELECT * FROM announcement WHERE domain = ${domain} ORDER BY finished, id DESC LIMIT ${limit}`,
    );
    return rows.map(read);
  }

  /** The oldest that is under way. */
  async next(domain: string): Promise<Announcement | undefined> {
    const row = await this.#db.get<Row>(
      sql`SELECT * FROM announcement WHERE domain = ${domain} AND finished = 0 ORDER BY id LIMIT 1`,
    );
    return row && read(row);
  }

  async underWay(domain: string): Promise<number> {
    const row = await this.#db.get<{ n: number }>(
      sql`SELECT count(*) AS n FROM announcement WHERE domain = ${domain} AND finished = 0`,
    );
    return row?.n ?? 0;
  }

  /** The next of those whom it is for who may log in, by local part. */
  async people(
    { domain, department }: Pick<Announcement, 'domain' | 'department'>,
    after: string,
    limit: number,
  ): Promise<{ id: number; local: string }[]> {
    if (department !== 0) {
      return this.#db.all(
        sql`SELECT a.id, a.local FROM department_member m JOIN account a ON a.id = m.account
          WHERE m.department = ${department} AND a.local > ${after} AND a.status = 'active'
          ORDER BY a.local LIMIT ${limit}`,
      );
    }
    return this.#db.all(
      sql`SELECT id, local FROM account WHERE domain = ${domain} AND local > ${after} AND status = 'active'
        ORDER BY local LIMIT ${limit}`,
    );
  }

  /** How many those are. */
  async countPeople({ domain, department }: Pick<Announcement, 'domain' | 'department'>): Promise<number> {
    const row = await this.#db.get<{ n: number }>(
      department === 0
        ? sql`SELECT count(*) AS n FROM account WHERE domain = ${domain} AND status = 'active'`
        : sql`SELECT count(*) AS n FROM department_member m JOIN account a ON a.id = m.account
            WHERE m.department = ${department} AND a.status = 'active'`,
    );
    return row?.n ?? 0;
  }

  /** That somebody was given it, to be written with what they were given; 0 for one who could not be. */
  reached(id: number, local: string, given: 0 | 1): Statement {
    return sql`UPDATE announcement SET reached = ${local}, given = given + ${given} WHERE id = ${id}`;
  }

  async finish(id: number): Promise<void> {
    await this.#db.run(sql`UPDATE announcement SET finished = 1 WHERE id = ${id}`);
  }

  /** The message of the day, at hand once it was read. */
  motd(domain: string): Soon<Motd | undefined> {
    return this.#motds.get(domain);
  }

  /** Sets it. With `again` those who have seen the one before see this one, too. */
  async setMotd(
    domain: string,
    text: string,
    again: boolean,
    setAt: number,
    until: number | null = null,
  ): Promise<void> {
    const one = again ? 1 : 0;
    this.#motds.forget(domain);
    await this.#db.run(
      sql`INSERT INTO motd (domain, version, text, set_at, until) VALUES (${domain}, 1, ${text}, ${setAt}, ${until})
        ON CONFLICT (domain) DO UPDATE SET version = motd.version + ${one}, text = excluded.text,
          set_at = excluded.set_at, until = excluded.until`,
    );
  }

  /** Which version an account has seen, 0 for none. */
  async seen(account: number): Promise<number> {
    const row = await this.#db.get<{ version: number }>(sql`SELECT version FROM motd_seen WHERE account = ${account}`);
    return row?.version ?? 0;
  }

  /** That an account has seen a version, to be written with the message. */
  see(account: number, version: number): Statement {
    return sql`INSERT INTO motd_seen (account, version) VALUES (${account}, ${version})
      ON CONFLICT (account) DO UPDATE SET version = excluded.version`;
  }

  /** Forgets what was told in a domain that is not served any more. */
  async forget(domain: string): Promise<void> {
    this.#motds.forget(domain);
    await this.#db.batch([
      sql`DELETE FROM announcement WHERE domain = ${domain}`,
      sql`DELETE FROM motd WHERE domain = ${domain}`,
    ]);
  }

  async #loadMotd(domain: string): Promise<Motd | undefined> {
    const row = await this.#db.get<{ version: number; text: string; set_at: number; until: number | null }>(
      sql`SELECT version, text, set_at, until FROM motd WHERE domain = ${domain}`,
    );
    return row && { version: row.version, text: row.text, setAt: row.set_at, until: row.until };
  }
}
