import { among, compose, type Database, type Statement, sql } from '../database.ts';

/** One attempt to have a link, or several that failed alike within a short time. */
export interface AttemptRow {
  readonly domain: string;
  readonly local: string;
  readonly direction: 'in' | 'out';
  /** Whoever it was has shown to be of that domain; of what we began ourselves always true. */
  readonly proven: boolean;
  /** ms since 1970, of the first and of the last of them. */
  readonly at: number;
  readonly lastAt: number;
  readonly times: number;
  readonly outcome: 'connected' | 'failed';
  /** Why it failed, '' when it did not. */
  readonly code: string;
  /** All that is known of the last one. */
  readonly attempt: unknown;
}

export interface StoredAttempt extends AttemptRow {
  readonly id: number;
}

/** What is known of one other server: the last attempt (a mere claim only where there is nothing else), and how often it worked and failed, as far as that is kept. */
export interface KnownDomain {
  readonly domain: string;
  readonly lastAt: number;
  readonly connected: number;
  readonly failed: number;
  readonly last: StoredAttempt;
}

interface Row {
  readonly id: number;
  readonly domain: string;
  readonly local: string;
  readonly direction: 'in' | 'out';
  readonly kind: Kind;
  readonly at: number;
  readonly last_at: number;
  readonly times: number;
  readonly outcome: 'connected' | 'failed';
  readonly code: string;
  readonly attempt_json: string;
}

type Kind = 'out' | 'in' | 'claim';

/** Of each domain: what we began ourselves, and of what others began half for those who have shown who they are. */
const KEPT: Readonly<Record<Kind, number>> = { out: 100, in: 50, claim: 50 };
const DOMAINS = 5_000;

/** What became of links to and from other servers, to explain it. */
export class FederationAttempts {
  readonly #db: Database;
  readonly #domains: number;

  constructor(db: Database, domains = DOMAINS) {
    this.#db = db;
    this.#domains = domains;
  }

  /**
   * Keeps some, the oldest first; then the oldest go of a domain that has too many, and domains that nobody has proven to be
   * before others. Resolves with their ids when they are on disk.
   */
  async add(rows: readonly AttemptRow[]): Promise<void> {
    const kinds = new Map(
      rows.map((row) => [`${kindOf(row)} ${row.domain}`, { domain: row.domain, kind: kindOf(row) }]),
    );
    await this.#db.batch([
      ...rows.map(insert),
      ...[...kinds.values()].map(({ domain, kind }) => this.#trim(domain, kind)),
      // In one order, the least worth keeping first.
      sql`DELETE FROM federation_domain WHERE (rank, last_at, domain) <= (SELECT rank, last_at, domain
        FROM federation_domain ORDER BY rank DESC, last_at DESC, domain DESC LIMIT 1 OFFSET ${this.#domains})`,
    ]);
  }

  /** The last one of a kind has happened again, so many times; `attempt` is what is known of the last time. */
  async repeat(
    row: Pick<AttemptRow, 'domain' | 'direction' | 'proven' | 'lastAt' | 'times' | 'attempt'>,
  ): Promise<void> {
    const { domain, lastAt, times, attempt } = row;
    await this.#db.run(sql`UPDATE federation_attempt SET times = times + ${times}, last_at = ${lastAt},
      attempt_json = ${JSON.stringify(attempt)} WHERE id = (SELECT id FROM federation_attempt
      WHERE domain = ${domain} AND kind = ${kindOf(row)} ORDER BY last_at DESC, id DESC LIMIT 1)`);
  }

  /** The last ones of a domain, the newest first. */
  async of(domain: string, limit: number): Promise<StoredAttempt[]> {
    const rows =
      await this.#db.all<Row>(sql`SELECT id, domain, local, direction, kind, at, last_at, times, outcome, code,
      attempt_json FROM federation_attempt WHERE domain = ${domain} ORDER BY last_at DESC, id DESC LIMIT ${limit}`);
    return rows.map(read);
  }

  /** Of which domains something is known, in the order of the alphabet; those that were mere claims of somebody only if wanted. */
  async names(claimed: boolean): Promise<string[]> {
    const rows = await this.#db.all<{ domain: string }>(
      claimed
        ? sql`SELECT domain FROM federation_domain ORDER BY domain`
        : sql`SELECT domain FROM federation_domain WHERE rank > 0 ORDER BY domain`,
    );
    return rows.map(({ domain }) => domain);
  }

  /** What is known of some, at most 1,000. */
  async known(domains: readonly string[]): Promise<KnownDomain[]> {
    if (domains.length === 0) return [];
    return this.#known(compose(sql`WHERE federation_domain.domain IN`, among(domains)));
  }

  /** What is known of one. */
  async domain(domain: string): Promise<KnownDomain | undefined> {
    return (await this.known([domain]))[0];
  }

  /** Forgets some of those that are older; gives how many it were: fewer than `limit` when there are no more. */
  async expire(before: number, limit = 500): Promise<number> {
    return this.#db.run(sql`DELETE FROM federation_attempt WHERE id IN (SELECT id FROM federation_attempt
      WHERE last_at < ${before} ORDER BY last_at LIMIT ${limit})`);
  }

  async #known(which: Statement): Promise<KnownDomain[]> {
    const rows = await this.#db.all<Row & { connected: number; failed: number; domain_at: number }>(
      compose(
        sql`SELECT id, federation_attempt.domain, local, direction, kind, at, federation_attempt.last_at, times, outcome,
          code, attempt_json, connected, failed, federation_domain.last_at AS domain_at
          FROM federation_domain JOIN federation_attempt ON id = (SELECT id FROM federation_attempt
            WHERE domain = federation_domain.domain ORDER BY claimed, last_at DESC, id DESC LIMIT 1)`,
        which,
      ),
    );
    return rows.map((row) => ({
      domain: row.domain,
      lastAt: row.domain_at,
      connected: row.connected,
      failed: row.failed,
      last: read(row),
    }));
  }

  #trim(domain: string, kind: Kind): Statement {
    return sql`DELETE FROM federation_attempt WHERE domain = ${domain} AND kind = ${kind}
      AND (last_at, id) <= (SELECT last_at, id FROM federation_attempt WHERE domain = ${domain} AND kind = ${kind}
        ORDER BY last_at DESC, id DESC LIMIT 1 OFFSET ${KEPT[kind]})`;
  }
}

function kindOf({ direction, proven }: Pick<AttemptRow, 'direction' | 'proven'>): Kind {
  if (direction === 'out') return 'out';
  return proven ? 'in' : 'claim';
}

function insert(row: AttemptRow): Statement {
  return sql`INSERT INTO federation_attempt (domain, local, direction, kind, claimed, at, last_at, times, outcome,
      code, attempt_json)
    VALUES (${row.domain}, ${row.local}, ${row.direction}, ${kindOf(row)}, ${kindOf(row) === 'claim' ? 1 : 0}, ${row.at}, ${row.lastAt}, ${row.times},
      ${row.outcome}, ${row.code}, ${JSON.stringify(row.attempt)})`;
}

function read(row: Row): StoredAttempt {
  const { id, domain, local, direction, kind, at, last_at: lastAt, times, outcome, code, attempt_json: json } = row;
  const attempt: unknown = JSON.parse(json);
  return { id, domain, local, direction, proven: kind !== 'claim', at, lastAt, times, outcome, code, attempt };
}
