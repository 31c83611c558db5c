import { among, compose, type Database, type Statement, sql, type Value } from '../database.ts';
import type { Account, AccountStatus } from './accounts.ts';

/** `seen_at` of somebody who is connected: later than any moment. */
export const HERE = 8_640_000_000_000_000;

export type PeopleSort = 'address' | 'name' | 'seen' | 'created';

/** Where a page begins or ends: what it is ordered by, and what tells those apart that are alike in it. */
export interface PeopleEdge {
  readonly value: string | number;
  readonly next: string | number;
}

export interface PeopleQuery {
  readonly domain?: string;
  /** Part of the address or of the name, in any case. */
  readonly search?: string;
  /** `leaving`: to be deleted. Those are neither active nor disabled, and in no list but theirs and that of `all`. */
  readonly state?: 'all' | 'active' | 'disabled' | 'leaving';
  /** Connected now; never here. */
  readonly seen?: 'here' | 'never';
  /** Only these accounts; 1 to 1,000. */
  readonly only?: readonly number[];
  /** Only who has taken so many bytes of files or more: per domain, of those without a limit of their own; then what part of theirs. */
  readonly full?: { readonly domains: readonly FullDomain[]; readonly percent: number };
  /** Only members of this department. */
  readonly department?: number;
  readonly sort: PeopleSort;
  /** The last first. */
  readonly down: boolean;
  readonly after?: PeopleEdge;
  readonly before?: PeopleEdge;
  /** 1 to 1,000. */
  readonly limit: number;
}

export interface FullDomain {
  readonly domain: string;
  /** 0 for no limit. */
  readonly bytes: number;
}

/** One person in a list. */
export interface PersonRow extends Account {
  /** When somebody was last connected, ms since 1970; 0 for never, HERE while somebody is. */
  readonly seenAt: number;
  /** When the account is deleted, ms since 1970; null when it is not to be. */
  readonly removeAt: number | null;
  readonly files: number;
  readonly fileBytes: number;
  /** What they may take, where it was decided for them apart; 0 for no limit. */
  readonly fileLimit: number | null;
  readonly nameKey: string;
}

export interface PeoplePage {
  readonly people: readonly PersonRow[];
  readonly total: number;
  readonly hasBefore: boolean;
  readonly hasAfter: boolean;
}

type Row = Omit<PersonRow, 'status'> & { readonly status: AccountStatus };

const COLUMNS = sql`SELECT a.id, a.domain, a.local, a.name, a.status, a.reason, a.created_at AS "createdAt",
  a.seen_at AS "seenAt", a.name_key AS "nameKey", l.remove_at AS "removeAt", COALESCE(u.files, 0) AS files,
  COALESCE(u.bytes, 0) AS "fileBytes", q.file_bytes AS "fileLimit"`;
const FROM = sql`FROM account a LEFT JOIN account_leaving l ON l.account = a.id
  LEFT JOIN upload_use u ON u.account = a.id LEFT JOIN account_quota q ON q.account = a.id`;
const KEYS: Readonly<Record<PeopleSort, readonly [string, string]>> = {
  address: ['a.local', 'a.domain'],
  name: ['a.name_key', 'a.id'],
  seen: ['a.seen_at', 'a.id'],
  created: ['a.created_at', 'a.id'],
};

/** The people of the house as administrators look through them, each page by an index. */
export class People {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async page(query: PeopleQuery): Promise<PeoplePage> {
    if (!(query.limit >= 1 && query.limit <= 1_000)) throw new RangeError('limit is 1 to 1,000');
    const backwards = query.before !== undefined && query.after === undefined;
    const rows = this.#db.all<Row>(peopleStatement(query));
    const count = this.#db.get<{ n: number }>(countStatement(query));
    const people: PersonRow[] = [...(await rows)];
    const more = people.length > query.limit;
    if (more) people.pop();
    if (backwards) people.reverse();
    return {
      people,
      total: (await count)?.n ?? 0,
      hasBefore: backwards ? more : query.after !== undefined,
      hasAfter: backwards ? true : more,
    };
  }

  /** When somebody was last connected: 0 for never, HERE while somebody is. */
  async seenAt(account: number): Promise<number> {
    const row = await this.#db.get<{ at: number }>(sql`SELECT seen_at AS at FROM account WHERE id = ${account}`);
    return row?.at ?? 0;
  }

  /** Somebody has connected. Nobody waits for it. */
  came(account: number): void {
    this.#db.queue([sql`UPDATE account SET seen_at = ${HERE} WHERE id = ${account} AND seen_at <> ${HERE}`]);
  }

  /** Nobody is connected any more. Nobody waits for it. */
  left(account: number, time: number): void {
    this.#db.queue([sql`UPDATE account SET seen_at = ${time} WHERE id = ${account}`]);
  }

  /** After a stop that left no time to say so, nobody of a domain is connected. */
  async allLeft(domain: string, time: number): Promise<void> {
    await this.#db.run(sql`UPDATE account SET seen_at = ${time} WHERE seen_at = ${HERE} AND domain = ${domain}`);
  }
}

/** One row more than the limit, so that it is known whether there are more. */
export function peopleStatement(query: PeopleQuery): Statement {
  const [key, next] = KEYS[query.sort];
  const backwards = query.before !== undefined && query.after === undefined;
  const edge = query.after ?? query.before;
  const falling = query.down !== backwards;
  const way = falling ? 'DESC' : 'ASC';
  return compose(
    COLUMNS,
    FROM,
    filter(query, true),
    edge && { text: `AND (${key}, ${next}) ${falling ? '<' : '>'} (?, ?)`, values: [edge.value, edge.next] },
    { text: `ORDER BY ${key} ${way}, ${next} ${way} LIMIT ?`, values: [query.limit + 1] },
  );
}

/** All that fit, on whatever page. */
export function countStatement(query: PeopleQuery): Statement {
  return compose(sql`SELECT count(*) AS n`, FROM, filter(query));
}

/** Where a row stands in its order. */
export function edgeOf(row: PersonRow, sort: PeopleSort): PeopleEdge {
  if (sort === 'address') return { value: row.local, next: row.domain };
  return { value: { name: row.nameKey, seen: row.seenAt, created: row.createdAt }[sort], next: row.id };
}

/**
 * `walks`: in the order of the list. What most people have in common (a domain; never having been here) is then written so that no
 * index is taken for it: that would find thousands, to be sorted for each page, where the order has an index of its own.
 */
function filter(query: PeopleQuery, walks = false): Statement {
  const { domain, search = '', state, seen, only, department, full, sort } = query;
  const at = seen === 'here' ? HERE : 0;
  const words = search.normalize('NFKC').toLowerCase().trim();
  const pattern = `%${words.replace(/[!%_]/g, '!$&')}%`;
  return compose(
    sql`WHERE 1 = 1`,
    domain === undefined
      ? undefined
      : walks && sort !== 'address'
        ? sql`AND a.domain || '' = ${domain}`
        : sql`AND a.domain = ${domain}`,
    words === ''
      ? undefined
      : words.includes('@')
        ? sql`AND (a.local || '@' || a.domain) LIKE ${pattern} ESCAPE '!'`
        : sql`AND a.search LIKE ${pattern} ESCAPE '!'`,
    state === 'active' ? sql`AND a.status = 'active'` : undefined,
    state === 'disabled' ? sql`AND a.status = 'disabled'` : undefined,
    state === 'leaving' ? sql`AND a.id IN (SELECT account FROM account_leaving)` : undefined,
    state === 'leaving' || state === 'all' ? undefined : sql`AND l.account IS NULL`,
    seen === undefined
      ? undefined
      : walks && sort !== 'seen'
        ? sql`AND a.seen_at + 0 = ${at}`
        : sql`AND a.seen_at = ${at}`,
    only === undefined ? undefined : compose(sql`AND a.id IN`, among(only)),
    department === undefined
      ? undefined
      : sql`AND a.id IN (SELECT account FROM department_member WHERE department = ${department})`,
    full && fuller(full),
  );
}

/** In whole numbers: `percent` of what somebody may take, if there is a limit. */
function fuller({ domains, percent }: { domains: readonly FullDomain[]; percent: number }): Statement {
  const values: Value[] = [];
  const cases = domains.map(({ domain, bytes }) => {
    values.push(domain, bytes);
    return 'WHEN ? THEN ?';
  });
  const limit = `COALESCE(q.file_bytes, CASE a.domain ${cases.join(' ')} ELSE 0 END)`;
  return {
    text: `AND ${limit} > 0 AND COALESCE(u.bytes, 0) * 100 >= ${limit} * ?`,
    values: [...values, ...values, percent],
  };
}
