import { compose, type Database, type Statement, sql } from '../database.ts';

/** A stanza of or for a domain of which an administrator has not decided yet. */
export interface NewHeld {
  /** The other server's. */
  readonly domain: string;
  readonly direction: 'in' | 'out';
  /** Full addresses. */
  readonly sender: string;
  readonly recipient: string;
  /** The bare address of ours among the two: with an account goes what waits of it here. */
  readonly ours: string;
  readonly kind: 'message' | 'presence';
  readonly xml: string;
  /** ms since 1970. */
  readonly at: number;
}

export interface Held extends NewHeld {
  readonly id: number;
}

/** What waits for a decision of one domain. */
export interface HeldDomain {
  readonly domain: string;
  readonly count: number;
  readonly since: number;
  readonly last: number;
}

/** Of one domain, and of all; what comes from outside leaves room for what our people say. */
export const HELD_LIMITS = { domain: { in: 80, out: 100 }, all: { in: 4_000, out: 5_000 } } as const;

/** The inbox of an administrator who is asked about every new domain. */
export class FederationHeld {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Keeps one; false when too much waits already. Resolves when it is on disk. */
  async add(held: NewHeld): Promise<boolean> {
    const { domain, direction, sender, recipient, ours, kind, xml, at } = held;
    const from = direction === 'in' ? sql`AND direction = 'in'` : undefined;
    const changed = await this.#db.run(
      compose(
        sql`INSERT INTO federation_held (domain, direction, sender, recipient, ours, kind, at, xml)
          SELECT ${domain}, ${direction}, ${sender}, ${recipient}, ${ours}, ${kind}, ${at}, ${xml}
          WHERE (SELECT count(*) FROM federation_held WHERE domain = ${domain}`,
        from,
        sql`) < ${HELD_LIMITS.domain[direction]} AND (SELECT count(*) FROM federation_held WHERE direction IN ('in', 'out')`,
        from,
        sql`) < ${HELD_LIMITS.all[direction]}`,
      ),
    );
    return changed === 1;
  }

  /** What waits of one domain, in the order in which it was said; `after` is an id. */
  async of(domain: string, limit: number, after = 0): Promise<Held[]> {
    return this.#db.all<Held>(sql`SELECT id, domain, direction, sender, recipient, ours, kind, xml, at FROM federation_held
      WHERE domain = ${domain} AND id > ${after} ORDER BY id LIMIT ${limit}`);
  }

  /** Of which domains something waits, and how much, in the order of the alphabet. */
  async domains(): Promise<HeldDomain[]> {
    return this.#db.all<HeldDomain>(sql`SELECT domain, count(*) AS count, min(at) AS since, max(at) AS last
      FROM federation_held GROUP BY domain ORDER BY domain`);
  }

  async count(): Promise<number> {
    return (await this.#db.get<{ n: number }>(sql`SELECT count(*) AS n FROM federation_held`))?.n ?? 0;
  }

  /** True when it was there. */
  async remove(id: number): Promise<boolean> {
    return (await this.#db.run(sql`DELETE FROM federation_held WHERE id = ${id}`)) === 1;
  }
}

/** With an account goes what it left for other servers, and what waits of it for a decision. */
export function leaveFederation(bare: string): Statement[] {
  return [
    sql`DELETE FROM federation_queue WHERE sender = ${bare}`,
    sql`DELETE FROM federation_held WHERE ours = ${bare}`,
  ];
}
