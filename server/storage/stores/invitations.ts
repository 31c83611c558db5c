import { compose, type Database, type Statement, sql } from '../database.ts';

/**
 * What an invitation is good for: an account of one's own, a place in the contact list of who invites (XEP-0379), or both
 * (XEP-0401: who has no account yet may make one).
 */
export type InvitationPurpose = 'account' | 'contact' | 'both';

/** A link that lets somebody in. Times are ms since 1970. */
export interface Invitation {
  readonly id: number;
  readonly domain: string;
  readonly purpose: InvitationPurpose;
  /** The one name that it is for, '' when whoever comes may choose. */
  readonly local: string;
  /** What the newcomer is called, '' when that is not known. */
  readonly name: string;
  /** The account whose contact whoever comes will be; null for nobody's. */
  readonly account: number | null;
  /** Made by the person of `account`, not by an administrator. */
  readonly byPerson: boolean;
  /** Who made it, for people to read. */
  readonly creator: string;
  /** How many may use it in all, and how many still may. */
  readonly uses: number;
  readonly left: number;
  readonly revoked: boolean;
  readonly createdAt: number;
  readonly expiresAt: number;
}

export type NewInvitation = Omit<Invitation, 'id' | 'left' | 'revoked'> & {
  readonly hash: string;
  /** Numbers of the departments that whoever comes is put into. */
  readonly departments?: readonly number[];
};

interface Row extends Omit<Invitation, 'byPerson' | 'revoked'> {
  readonly byPerson: number;
  readonly revoked: number;
}

const COLUMNS = sql`SELECT id, domain, purpose, local, name, account, by_person AS "byPerson", creator, uses,
  left_uses AS "left", revoked, created_at AS "createdAt", expires_at AS "expiresAt" FROM invitation`;

const read = (row: Row): Invitation => ({ ...row, byPerson: row.byPerson === 1, revoked: row.revoked === 1 });

/** Invitations; the secret of a link is not kept, only its hash. */
export class Invitations {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Throws StorageError `constraint` when the account that it is for is gone. */
  async add(one: NewInvitation): Promise<Invitation> {
    const [made] = await this.addAll([one]);
    return made!;
  }

  /** The same for many, all or none. */
  async addAll(all: readonly NewInvitation[]): Promise<Invitation[]> {
    const made = this.#db.batch(all.flatMap(insert));
    const [, ...found] = await Promise.all([made, ...all.map(({ hash }) => this.byHash(hash))]);
    return found.map((one) => {
      if (one === undefined) throw new Error('an invitation was removed while it was made');
      return one;
    });
  }

  /** Whatever became of it. */
  async byHash(hash: string): Promise<Invitation | undefined> {
    const row = await this.#db.get<Row>(compose(COLUMNS, sql`WHERE hash = ${hash}`));
    return row && read(row);
  }

  async byId(id: number): Promise<Invitation | undefined> {
    const row = await this.#db.get<Row>(compose(COLUMNS, sql`WHERE id = ${id}`));
    return row && read(row);
  }

  /** The newest first, at most `limit`; `before` is an id. */
  async page(domain: string, limit: number, before = Number.MAX_SAFE_INTEGER): Promise<Invitation[]> {
    const rows = await this.#db.all<Row>(
      compose(COLUMNS, sql`WHERE domain = ${domain} AND id < ${before} ORDER BY id DESC LIMIT ${limit}`),
    );
    return rows.map(read);
  }

  /** Numbers of the departments that whoever comes is put into. */
  async departmentsOf(id: number): Promise<number[]> {
    const rows = await this.#db.all<{ department: number }>(
      sql`SELECT department FROM invitation_department WHERE invitation = ${id} ORDER BY department`,
    );
    return rows.map(({ department }) => department);
  }

  /** Bare addresses of who used it, the first first; at most 100. */
  async usersOf(id: number): Promise<string[]> {
    const rows = await this.#db.all<{ jid: string }>(sql`SELECT jid FROM invitation_use
      WHERE invitation = ${id} ORDER BY time, jid LIMIT 100`);
    return rows.map(({ jid }) => jid);
  }

  /** How many can still be used: of one person, or those that administrators made for a domain. */
  async open(of: { readonly account: number } | { readonly domain: string }, now = Date.now()): Promise<number> {
    const whose =
      'account' in of
        ? sql`WHERE account = ${of.account} AND by_person = 1`
        : sql`WHERE domain = ${of.domain} AND by_person = 0`;
    const row = await this.#db.get<{ n: number }>(
      compose(
        sql`SELECT count(*) AS n FROM invitation`,
        whose,
        sql`AND revoked = 0 AND left_uses > 0 AND expires_at > ${now}`,
      ),
    );
    return row?.n ?? 0;
  }

  /** The invitation that keeps this name for somebody, if there is one that can still be used. */
  async reserving(domain: string, local: string, now = Date.now()): Promise<number | undefined> {
    const row = await this.#db.get<{ id: number }>(sql`SELECT id FROM invitation
      WHERE domain = ${domain} AND local = ${local} AND revoked = 0 AND left_uses > 0 AND expires_at > ${now}`);
    return row?.id;
  }

  /** Takes an invitation back; false when there is none. The uses there were are still told. */
  async revoke(id: number): Promise<boolean> {
    return (await this.#db.run(sql`UPDATE invitation SET revoked = 1, left_uses = 0 WHERE id = ${id}`)) > 0;
  }

  /** Gives it another link: the one before it opens nothing any more. */
  async relink(id: number, hash: string, expiresAt: number): Promise<void> {
    await this.#db.run(sql`UPDATE invitation SET hash = ${hash}, expires_at = ${expiresAt} WHERE id = ${id}`);
  }

  /** Uses it for an address that is there. Throws StorageError `constraint` when it is used up, or was used by the same. */
  async use(id: number, jid: string, account: number | null, now = Date.now()): Promise<void> {
    await this.#db.batch([
      sql`INSERT INTO invitation_use (invitation, jid, account, time) VALUES (${id}, ${jid}, ${account}, ${now})`,
      spend(id),
    ]);
  }

  /** Forgets those of a person that cannot be used any more, but for their newest `keep` invitations; returns how many. */
  async trim(account: number, keep: number, now = Date.now()): Promise<number> {
    return this.#db.run(sql`DELETE FROM invitation WHERE account = ${account} AND by_person = 1
      AND (revoked = 1 OR left_uses = 0 OR expires_at <= ${now})
      AND id <= (SELECT id FROM invitation WHERE account = ${account} AND by_person = 1
        ORDER BY id DESC LIMIT 1 OFFSET ${keep})`);
  }

  /** Forgets invitations that expired before a time; returns how many. */
  async expire(before: number): Promise<number> {
    return this.#db.run(sql`DELETE FROM invitation WHERE expires_at < ${before}`);
  }

  /** Forgets all of a domain that is not served any more. */
  async removeOf(domain: string): Promise<void> {
    await this.#db.run(sql`DELETE FROM invitation WHERE domain = ${domain}`);
  }
}

function insert(one: NewInvitation): Statement[] {
  return [
    sql`INSERT INTO invitation
      (hash, domain, purpose, local, name, account, by_person, creator, uses, left_uses, revoked, created_at, expires_at)
      VALUES (${one.hash}, ${one.domain}, ${one.purpose}, ${one.local}, ${one.name}, ${one.account},
        ${one.byPerson ? 1 : 0}, ${one.creator}, ${one.uses}, ${one.uses}, 0, ${one.createdAt}, ${one.expiresAt})`,
    ...(one.departments ?? []).map(
      (id) => sql`INSERT INTO invitation_department (invitation, department)
        SELECT id, ${id} FROM invitation WHERE hash = ${one.hash}`,
    ),
  ];
}

const spend = (id: number): Statement => sql`UPDATE invitation SET left_uses = left_uses - 1 WHERE id = ${id}`;

/** Uses an invitation in the batch that makes the account: all of it fails when the invitation is used up or gone. */
export function useForAccount(id: number, domain: string, local: string, now = Date.now()): Statement[] {
  return [
    sql`INSERT INTO invitation_use (invitation, jid, account, time)
      SELECT ${id}, ${`${local}@${domain}`}, id, ${now} FROM account WHERE domain = ${domain} AND local = ${local}`,
    spend(id),
  ];
}
