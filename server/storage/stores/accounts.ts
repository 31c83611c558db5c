import { Cached, type Soon } from '../cached.ts';
import { compose, type Database, type Statement, sql } from '../database.ts';
import type { Archives } from './archives.ts';
import { type Credential, firstCredential } from './credentials.ts';
import type { Departments } from './departments.ts';
import { withoutTokens } from './devices.ts';
import { leaveFederation } from './federation-held.ts';
import { leaveNodes } from './pubsub-nodes.ts';
import { leaveRooms } from './rooms.ts';

export type AccountStatus = 'active' | 'disabled';

export interface Account {
  /** Never given to another account, not even after removal. */
  readonly id: number;
  readonly domain: string;
  readonly local: string;
  readonly name: string;
  readonly status: AccountStatus;
  /** Why it is disabled, for people; '' when it is not. */
  readonly reason: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

export interface AccountQuery {
  readonly domain?: string;
  /** Part of the local part or of the name, in any case. */
  readonly search?: string;
  readonly status?: AccountStatus;
  /** A bare address: only what comes after it in order. */
  readonly after?: string;
  /** A bare address: the last ones before it. */
  readonly before?: string;
  /** 1 to 1,000. */
  readonly limit: number;
}

export interface AccountPage {
  readonly accounts: readonly Account[];
  /** How many the filter fits in all, whatever the page. */
  readonly total: number;
  readonly hasBefore: boolean;
  readonly hasAfter: boolean;
}

interface Row {
  id: number;
  domain: string;
  local: string;
  name: string;
  status: AccountStatus;
  reason: string;
  created_at: number;
}

const COLUMNS = sql`SELECT id, domain, local, name, status, reason, created_at FROM account`;
const OWNED = [
  'credential',
  'roster',
  'roster_item',
  'roster_removed',
  'blocked',
  'archive_preference',
  'device',
  'kept_session',
  'push_registration',
  'profile',
  'profile_photo',
  'private_xml',
  'invitation_use',
  'reset_link',
  'pubsub_node',
  'department_member',
  'department_grant',
  'account_leaving',
  'account_quota',
  'account_helped',
  'people_import_item',
];
const OWNED_LATER = ['motd_seen', 'offline', 'last_activity', 'report'];
/** Files that go in one write: each has its place in many indexes, and one person may have tens of thousands. */
const FILES = 500;

function read(row: Row): Account {
  const { created_at: createdAt, ...rest } = row;
  return { ...rest, createdAt };
}

function someFiles(account: number): Statement {
  return sql`DELETE FROM upload WHERE id IN (SELECT id FROM upload WHERE account = ${account} LIMIT ${FILES})`;
}

function split(bare: string): { local: string; domain: string } {
  const at = bare.indexOf('@');
  return { local: bare.slice(0, Math.max(at, 0)), domain: bare.slice(at + 1) };
}

function searchable(local: string, name: string): string {
  return `${local} ${name}`.normalize('NFKC').toLowerCase();
}

/** By what people stand in order of their names: case does not count, nor do accents, so that Ö stands by O. */
export function nameKey(local: string, name: string): string {
  const text = name === '' ? local : name;
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
}

/** The people of the house. Parts of addresses come in prepared (RFC 7622). */
export class Accounts {
  readonly #db: Database;
  readonly #archives: Archives;
  readonly #forget: (account: number) => void;
  readonly #departments: Pick<Departments, 'left' | 'named'>;
  readonly #byBare: Cached<string, Account | undefined>;
  readonly #now: () => number;

  /**
   * `forget` tells the other stores that what they remember of an account is not right any more; `departments`, which has
   * everybody in memory, is told who goes and who is called something else.
   */
  constructor(
    db: Database,
    archives: Archives,
    forget: (account: number) => void,
    departments: Pick<Departments, 'left' | 'named'>,
    now: () => number = Date.now,
  ) {
    this.#db = db;
    this.#archives = archives;
    this.#forget = forget;
    this.#departments = departments;
    this.#now = now;
    this.#byBare = new Cached(20_000, (bare) => this.#load(bare));
  }

  /** The account of that name, disabled or not. */
  find(domain: string, local: string): Soon<Account | undefined> {
    return this.#byBare.get(`${local}@${domain}`);
  }

  /** The same for a bare address, which spares the hot path putting one together. */
  at(bare: string): Soon<Account | undefined> {
    return this.#byBare.get(bare);
  }

  async byId(id: number): Promise<Account | undefined> {
    const row = await this.#db.get<Row>(compose(COLUMNS, sql`WHERE id = ${id}`));
    return row && read(row);
  }

  /** Makes an account with its credentials. Throws StorageError `constraint` when the name is taken. */
  async create(account: {
    domain: string;
    local: string;
    name?: string;
    credentials: readonly Credential[];
    /** Done in the same batch, once the account is there. */
    also?: readonly Statement[];
  }): Promise<Account> {
    const { domain, local, name = '' } = account;
    const now = this.#now();
    this.#byBare.forget(`${local}@${domain}`);
    const made = this.#db.batch([
      sql`INSERT INTO account (domain, local, name, status, reason, search, name_key, created_at)
        VALUES (${domain}, ${local}, ${name}, 'active', '', ${searchable(local, name)}, ${nameKey(local, name)}, ${now})`,
      ...account.credentials.map((one) => firstCredential(domain, local, one)),
      ...(account.also ?? []),
    ]);
    const [, found] = await Promise.all([made, this.find(domain, local)]);
    if (found === undefined) throw new Error('an account was removed while it was made');
    return found;
  }

  /**
   * Throws nothing when the account is gone meanwhile. Who is disabled has no token that lets in any more. `also` is done in the
   * same batch.
   */
  async setStatus(
    account: Account,
    status: AccountStatus,
    reason = '',
    also: readonly Statement[] = [],
  ): Promise<void> {
    this.#byBare.forget(`${account.local}@${account.domain}`);
    if (status === 'disabled') this.#forget(account.id);
    await this.#db.batch([
      sql`UPDATE account SET status = ${status}, reason = ${reason} WHERE id = ${account.id}`,
      ...(status === 'disabled' ? [withoutTokens(account.id)] : []),
      ...also,
    ]);
  }

  /** With `from` only while that is the name; tells whether it was set. */
  async setName(account: Account, name: string, from?: string): Promise<boolean> {
    this.#byBare.forget(`${account.local}@${account.domain}`);
    const set = await this.#db.run(
      compose(
        sql`UPDATE account SET name = ${name}, search = ${searchable(account.local, name)},
          name_key = ${nameKey(account.local, name)} WHERE id = ${account.id}`,
        from === undefined ? undefined : sql`AND name = ${from}`,
      ),
    );
    // Behind the write, so that of two at once memory and disk keep the same one.
    if (set > 0) this.#departments.named(account, name);
    return set > 0;
  }

  /**
   * Removes an account and all it owned, and leaves a mark that the name was used. The account, its keys, roster, offline
   * messages, lists and some hundred files go in one batch; its archive and more files, which may be many, follow in slices
   * (see `sweep`).
   */
  async remove(account: Account): Promise<void> {
    const { id, domain, local } = account;
    this.#byBare.forget(`${local}@${domain}`);
    this.#forget(id);
    this.#departments.left(account);
    await this.#db.batch([
      sql`INSERT INTO removed_account (account, domain, local, deleted_at, swept)
        VALUES (${id}, ${domain}, ${local}, ${this.#now()}, 0) ON CONFLICT (account) DO NOTHING`,
      ...[...OWNED, ...OWNED_LATER].map((table) => ({ text: `DELETE FROM ${table} WHERE account = ?`, values: [id] })),
      someFiles(id),
      ...leaveNodes(`${local}@${domain}`),
      ...leaveRooms(`${local}@${domain}`),
      ...leaveFederation(`${local}@${domain}`),
      // Those that administrators made stay; they only introduce to nobody any more.
      sql`DELETE FROM invitation WHERE account = ${id} AND by_person = 1`,
      sql`DELETE FROM account WHERE id = ${id}`,
    ]);
    await this.#sweepOne(id);
  }

  /** Finishes removals that a crash cut short. To be called once after start. */
  async sweep(): Promise<void> {
    const rows = await this.#db.all<{ account: number }>(sql`SELECT account FROM removed_account WHERE swept = 0`);
    for (const row of rows) await this.#sweepOne(row.account);
  }

  /** The names of a domain's accounts that were removed, each with the number of the last one that had it. */
  async removedNames(domain: string): Promise<{ readonly local: string; readonly account: number }[]> {
    return this.#db.all(sql`SELECT local, max(account) AS account FROM removed_account
      WHERE domain = ${domain} GROUP BY local`);
  }

  /** When an account of this name was last removed (ms since 1970), or undefined. */
  async removedAt(domain: string, local: string): Promise<number | undefined> {
    const row = await this.#db.get<{ time: number | null }>(sql`SELECT max(deleted_at) AS time FROM removed_account
      WHERE domain = ${domain} AND local = ${local}`);
    return row?.time ?? undefined;
  }

  async count(domain?: string): Promise<number> {
    return this.#count(this.#filter(domain === undefined ? { limit: 1 } : { domain, limit: 1 }));
  }

  /** One page of accounts, ordered by local part, then domain. */
  async page(query: AccountQuery): Promise<AccountPage> {
    if (!(query.limit >= 1 && query.limit <= 1_000)) throw new RangeError('limit is 1 to 1,000');
    const filter = this.#filter(query);
    const backwards = query.before !== undefined && query.after === undefined;
    const edge = query.after ?? query.before;
    const rows = this.#db.all<Row>(
      compose(
        COLUMNS,
        filter,
        edge === undefined ? undefined : this.#beyond(edge, backwards),
        backwards ? sql`ORDER BY local DESC, domain DESC` : sql`ORDER BY local, domain`,
        sql`LIMIT ${query.limit + 1}`,
      ),
    );
    const total = this.#count(filter);
    const found = (await rows).map(read);
    const more = found.length > query.limit;
    if (more) found.pop();
    if (backwards) found.reverse();
    return {
      accounts: found,
      total: await total,
      hasBefore: backwards ? more : query.after !== undefined,
      hasAfter: backwards ? true : more,
    };
  }

  #filter(query: AccountQuery): Statement {
    const pattern = query.search === undefined ? '' : query.search.normalize('NFKC').toLowerCase().trim();
    return compose(
      sql`WHERE 1 = 1`,
      query.domain === undefined ? undefined : sql`AND domain = ${query.domain}`,
      query.status === undefined ? undefined : sql`AND status = ${query.status}`,
      pattern === '' ? undefined : sql`AND search LIKE ${`%${pattern.replace(/[!%_]/g, '!$&')}%`} ESCAPE '!'`,
    );
  }

  #beyond(edge: string, backwards: boolean): Statement {
    const { local, domain } = split(edge);
    return backwards
      ? sql`AND (local, domain) < (${local}, ${domain})`
      : sql`AND (local, domain) > (${local}, ${domain})`;
  }

  async #count(filter: Statement): Promise<number> {
    const row = await this.#db.get<{ n: number }>(compose(sql`SELECT count(*) AS n FROM account`, filter));
    return row?.n ?? 0;
  }

  async #load(bare: string): Promise<Account | undefined> {
    const { local, domain } = split(bare);
    const row = await this.#db.get<Row>(compose(COLUMNS, sql`WHERE domain = ${domain} AND local = ${local}`));
    return row && read(row);
  }

  async #sweepOne(id: number): Promise<void> {
    await this.#archives.removeAll(id);
    let gone = FILES;
    while (gone === FILES) gone = await this.#db.run(someFiles(id));
    // Lazy writes that were on their way when the account was removed are gone by now, too.
    await this.#db.batch([
      ...OWNED_LATER.map((table) => ({ text: `DELETE FROM ${table} WHERE account = ?`, values: [id] })),
      sql`UPDATE removed_account SET swept = 1 WHERE account = ${id}`,
    ]);
  }
}
