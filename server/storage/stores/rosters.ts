import { Cached, type Soon } from '../cached.ts';
import { type Database, type Statement, sql } from '../database.ts';

export type Subscription = 'none' | 'to' | 'from' | 'both';

/** One contact of one account (RFC 6121 §2.1.2). */
export interface RosterItem {
  /** The contact's bare address. */
  readonly jid: string;
  readonly name: string;
  readonly groups: readonly string[];
  readonly subscription: Subscription;
  /** We asked the contact and wait for the answer (§3.1.2). */
  readonly ask: boolean;
  /** The contact's future request is granted already (§3.4). */
  readonly approved: boolean;
  /** False for a contact that is here only because its request waits for an answer: not shown to clients (§3.1.3). */
  readonly listed: boolean;
  /** The contact's subscription request, a stanza, while it waits for an answer. */
  readonly pendingIn: string | undefined;
  /** The roster's version that last changed this item. */
  readonly version: number;
}

/** A whole roster, not to be changed: a write puts a new one in its place. */
export interface Roster {
  readonly version: number;
  readonly items: ReadonlyMap<string, RosterItem>;
}

export interface RosterChanges {
  readonly version: number;
  /** Listed items only, the longest unchanged first. */
  readonly items: readonly RosterItem[];
  /** Bare addresses of contacts that are gone. */
  readonly removed: readonly string[];
}

interface Row {
  jid: string;
  name: string;
  groups_json: string;
  subscription: Subscription;
  ask: number;
  approved: number;
  listed: number;
  pending_in: string | null;
  version: number;
}

/** How many versions back removals are remembered; older clients get the full roster. */
const REMEMBERED = 1_000;

function read(row: Row): RosterItem {
  return {
    jid: row.jid,
    name: row.name,
    groups: JSON.parse(row.groups_json),
    subscription: row.subscription,
    ask: row.ask === 1,
    approved: row.approved === 1,
    listed: row.listed === 1,
    pendingIn: row.pending_in ?? undefined,
    version: row.version,
  };
}

/** Rosters (RFC 6121 §2), with versions (§2.6). Reads are of the whole roster, which is kept at hand. */
export class Rosters {
  readonly #db: Database;
  readonly #cache: Cached<number, Roster>;

  /** `bound` is the sum of items, over all accounts, that are kept in memory. */
  constructor(db: Database, bound = 200_000) {
    this.#db = db;
    this.#cache = new Cached(
      bound,
      (account) => this.#load(account),
      (roster) => Math.min(roster.items.size + 1, bound),
    );
  }

  /** The roster of an account with its version; empty for one that never had any. */
  all(account: number): Soon<Roster> {
    return this.#cache.get(account);
  }

  get(account: number, jid: string): Soon<RosterItem | undefined> {
    const roster = this.#cache.get(account);
    return roster instanceof Promise ? roster.then((loaded) => loaded.items.get(jid)) : roster.items.get(jid);
  }

  version(account: number): Soon<number> {
    const roster = this.#cache.get(account);
    return roster instanceof Promise ? roster.then((loaded) => loaded.version) : roster.version;
  }

  /** Writes one item, new or not. Resolves with the roster's new version, once on disk. */
  put(account: number, item: Omit<RosterItem, 'version'>): Promise<number> {
    return this.putAll(account, [item]);
  }

  /** Writes items, new or not, all or none. Resolves with the roster's new version, once on disk. */
  putAll(account: number, list: readonly Omit<RosterItem, 'version'>[]): Promise<number> {
    const flag = (value: boolean) => (value ? 1 : 0);
    return this.#change(account, (items, version) =>
      list.flatMap((item) => {
        const groups = JSON.stringify(item.groups);
        const before = items.get(item.jid);
        items.set(item.jid, { ...item, version });
        return [
          sql`INSERT INTO roster_item
          (account, jid, name, groups_json, subscription, ask, approved, listed, pending_in, version)
          VALUES (${account}, ${item.jid}, ${item.name}, ${groups}, ${item.subscription}, ${flag(item.ask)},
            ${flag(item.approved)}, ${flag(item.listed)}, ${item.pendingIn ?? null}, ${version})
          ON CONFLICT (account, jid) DO UPDATE SET name = excluded.name, groups_json = excluded.groups_json,
            subscription = excluded.subscription, ask = excluded.ask, approved = excluded.approved,
            listed = excluded.listed, pending_in = excluded.pending_in, version = excluded.version`,
          ...this.#mark(account, item, before, version),
        ];
      }),
    );
  }

  /** Removes one item. Resolves with the roster's version, which stays as it was when there was no such item. */
  remove(account: number, jid: string): Promise<number> {
    return this.#change(account, (items, version) => {
      const before = items.get(jid);
      if (!items.delete(jid)) return undefined;
      const gone = sql`DELETE FROM roster_item WHERE account = ${account} AND jid = ${jid}`;
      return before?.listed === true ? [gone, ...this.#removed(account, jid, version)] : [gone];
    });
  }

  /** What changed after a version that a client knows (§2.6.3), or 'full' when that is not known any more. */
  async changes(account: number, since: number): Promise<RosterChanges | 'full'> {
    const roster = await this.all(account);
    const { version } = roster;
    if (!Number.isSafeInteger(since) || since < version - REMEMBERED || since < 0 || since > version) return 'full';
    if (since === version) return { version, items: [], removed: [] };
    const gone = await this.#db.all<{ jid: string }>(sql`SELECT jid FROM roster_removed
      WHERE account = ${account} AND version > ${since} AND version <= ${version} ORDER BY version`);
    const items = [...roster.items.values()].filter((item) => item.listed && item.version > since);
    return { version, items: items.sort((a, b) => a.version - b.version), removed: gone.map((row) => row.jid) };
  }

  /** The accounts that have an address in their roster, in whatever way. Reads all rosters: for rare occasions. */
  async holders(jid: string): Promise<number[]> {
    const rows = await this.#db.all<{ account: number }>(sql`SELECT account FROM roster_item WHERE jid = ${jid}`);
    return rows.map((row) => row.account);
  }

  /** The account is gone: nothing of it may be remembered. */
  forget(account: number): void {
    this.#cache.forget(account);
  }

  /**
   * Makes the next version of a roster. `change` edits a copy of the items and gives the statements that do the same, or
   * undefined when there is nothing to do. The newest roster is looked for, changed and put back within one turn, so that
   * two writers never start from the same one.
   */
  async #change(
    account: number,
    change: (items: Map<string, RosterItem>, version: number) => readonly Statement[] | undefined,
  ): Promise<number> {
    let before = this.#cache.get(account);
    while (before instanceof Promise) {
      const loaded = await before;
      before = this.#cache.peek(account) === loaded ? loaded : this.#cache.get(account);
    }
    const version = before.version + 1;
    const items = new Map(before.items);
    const statements = change(items, version);
    if (statements === undefined) return before.version;
    await this.#write(account, { version, items }, statements);
    return version;
  }

  /** To clients, an item that is not listed any more was removed. */
  #mark(
    account: number,
    item: Omit<RosterItem, 'version'>,
    before: RosterItem | undefined,
    version: number,
  ): readonly Statement[] {
    if (item.listed) return [sql`DELETE FROM roster_removed WHERE account = ${account} AND jid = ${item.jid}`];
    return before?.listed === true ? this.#removed(account, item.jid, version) : [];
  }

  #removed(account: number, jid: string, version: number): readonly Statement[] {
    return [
      sql`INSERT INTO roster_removed (account, jid, version) VALUES (${account}, ${jid}, ${version})
        ON CONFLICT (account, jid) DO UPDATE SET version = excluded.version`,
      sql`DELETE FROM roster_removed WHERE account = ${account} AND version <= ${version - REMEMBERED}`,
    ];
  }

  async #write(account: number, next: Roster, statements: readonly Statement[]): Promise<void> {
    this.#cache.put(account, next);
    try {
      await this.#db.batch([
        ...statements,
        sql`INSERT INTO roster (account, version) VALUES (${account}, ${next.version})
          ON CONFLICT (account) DO UPDATE SET version = excluded.version`,
      ]);
    } catch (error) {
      this.#cache.forget(account);
      throw error;
    }
  }

  async #load(account: number): Promise<Roster> {
    const head = this.#db.get<{ version: number }>(sql`SELECT version FROM roster WHERE account = ${account}`);
    const rows = await this.#db.all<Row>(sql`SELECT jid, name, groups_json, subscription, ask, approved, listed,
      pending_in, version FROM roster_item WHERE account = ${account} ORDER BY jid`);
    return { version: (await head)?.version ?? 0, items: new Map(rows.map((row) => [row.jid, read(row)])) };
  }
}
