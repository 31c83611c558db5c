import { FIRST_HOUR, PER_MS } from '../archive-id.ts';
import { Cached, type Soon } from '../cached.ts';
import { among, compose, type Database, type Statement, sql } from '../database.ts';
import { BEGIN_TIDYING, CHANGES, dropFromIndex, GROW_INDEX, INDEX_PLACED, TIDY } from '../sqlite-text-index.ts';
import { cut, type Fitted, fitting } from './archive-fitting.ts';
import { type ArchiveFilter, entries } from './archive-range.ts';

export type { ArchiveFilter } from './archive-range.ts';

/** In whose archive a message stands, and with whom it was exchanged. */
export interface ArchiveEntry {
  /** An account's id. */
  readonly owner: number;
  /** The other side's bare address. */
  readonly peer: string;
}

export interface ArchiveQuery extends ArchiveFilter {
  /** 0 to 1,000. */
  readonly limit: number;
  /** The last ones of the range instead of the first. The rows come oldest first either way. */
  readonly fromEnd: boolean;
}

export interface ArchivedMessage {
  readonly id: number;
  readonly stanza: string;
}

export interface ArchivePage {
  readonly rows: readonly ArchivedMessage[];
  /** The range holds no more than these rows, in the direction of paging (XEP-0313 §4.3.2). */
  readonly complete: boolean;
  readonly first?: number;
  readonly last?: number;
}

export type ArchiveMode = 'always' | 'never' | 'roster';

/** Which messages to archive (XEP-0441). Addresses are bare or full. */
export interface ArchivePreferences {
  readonly default: ArchiveMode;
  readonly always: readonly string[];
  readonly never: readonly string[];
}

/** `count` stops counting here. */
export const COUNT_BOUND = 10_000;

const SLICE = 500;
/** Messages whose entries may wait in `archive_fresh`. A query reads through them, which takes some 0.2 ms at most. */
const FRESH = 4_000;
/** Messages whose words are put into the index at once: more would hold up others for longer, fewer cost more each. */
const GROWTH = 1_000;
/** The same in characters of their stanzas, for messages that are long. */
const GROWTH_CHARACTERS = 1_000_000;
const STANDARD: ArchivePreferences = { default: 'always', always: [], never: [] };

/** The statement behind `page`, apart so that a test can ask the engine for its plan. */
export function pageStatement(owner: number, query: ArchiveQuery): Statement {
  const { limit, fromEnd } = query;
  const order = fromEnd ? sql`ORDER BY wanted DESC` : sql`ORDER BY wanted`;
  return fitting(
    compose(
      sql`SELECT message.id AS id, octet_length(message.stanza) AS size FROM (SELECT id AS wanted FROM (`,
      entries(owner, query, limit + 1, fromEnd),
      compose(
        sql`) AS both_kinds`,
        order,
        sql`LIMIT ${limit + 1}) AS page CROSS JOIN message WHERE message.id = page.wanted`,
      ),
    ),
    fromEnd,
  );
}

/** The statement behind `hourly`; an hour has 3,600,000 milliseconds of 4,096 ids. As a value the number would not be a whole one. */
export function hourlyStatement(owner: number, filter: ArchiveFilter, limit: number): Statement {
  return compose(
    sql`SELECT message.id / 14745600000 AS hour, count(*) AS looked,
      sum(CASE WHEN message.stanza LIKE '%<body%' AND message.stanza NOT LIKE '%<replace %' THEN 1 ELSE 0 END) AS said
      FROM (SELECT id AS wanted FROM (`,
    entries(owner, filter, limit, true),
    sql`) AS both_kinds ORDER BY wanted DESC LIMIT ${limit}) AS page CROSS JOIN message WHERE message.id = page.wanted
      GROUP BY 1`,
  );
}

/** Moves all fresh entries to their places, in the order of the places, so that each page is written once for many. */
const PLACE: readonly Statement[] = [
  ...GROW_INDEX, // what has its place can be found by its words
  sql`INSERT INTO archive (owner, id, peer) SELECT owner, id, peer FROM (
      SELECT owner, id, peer FROM archive_fresh
      UNION ALL SELECT other_owner, id, other_peer FROM archive_fresh WHERE other_owner IS NOT NULL) AS fresh
    WHERE 1 = 1 ORDER BY owner, peer, id ON CONFLICT (owner, id) DO NOTHING`,
  sql`DELETE FROM archive_fresh`,
  INDEX_PLACED,
];

/**
 * Message archives (XEP-0313). The text of a message is stored once, however many archives it stands in; ids come from
 * `ArchiveIds`, and a message has the same id in all of them.
 *
 * A message is written to the ends of two tables, which costs next to nothing. Putting its entries where they belong,
 * ordered by owner and conversation, would touch four pages somewhere in the file; that is done for some thousand messages
 * at once, when those of one person share their pages.
 */
export class Archives {
  readonly #db: Database;
  readonly #preferences: Cached<number, ArchivePreferences>;
  /** Messages that wait in `archive_fresh`; it is not known what the last run left. */
  #fresh = FRESH / 2;
  /** Of them, those that wait to be indexed, and their length. */
  #unindexed = 0;
  #characters = 0;

  constructor(db: Database) {
    this.#db = db;
    this.#preferences = new Cached(20_000, (account) => this.#loadPreferences(account));
  }

  /** The largest id in use, from which `ArchiveIds` goes on. */
  async largestId(): Promise<number> {
    const row = await this.#db.get<{ id: number | null }>(sql`SELECT max(id) AS id FROM message`);
    return row?.id ?? 0;
  }

  /** Archives one message lazily (`Database.queue`). `failed` is told when it could not be stored. */
  append(id: number, stanza: string, entries: readonly ArchiveEntry[], failed?: (error: Error) => void): void {
    this.#db.queue(this.appendStatements(id, stanza, entries), failed);
  }

  /** The same as statements, to be committed together with others. Entries must have different owners. */
  appendStatements(id: number, stanza: string, entries: readonly ArchiveEntry[]): Statement[] {
    const statements = [sql`INSERT INTO message (id, owners, stanza) VALUES (${id}, ${entries.length}, ${stanza})`];
    for (let i = 0; i < entries.length; i += 2) {
      const { owner, peer } = entries[i]!;
      const other = entries[i + 1];
      statements.push(sql`INSERT INTO archive_fresh (id, owner, peer, other_owner, other_peer)
        VALUES (${id}, ${owner}, ${peer}, ${other?.owner ?? null}, ${other?.peer ?? null})`);
    }
    this.#unindexed++;
    this.#characters += stanza.length;
    if (++this.#fresh >= FRESH) this.#place();
    else if (this.#unindexed >= GROWTH || this.#characters >= GROWTH_CHARACTERS) this.#grow();
    return statements;
  }

  /** One page. Its cost depends on its length, not on the archive's. */
  async page(owner: number, query: ArchiveQuery): Promise<ArchivePage> {
    if (!(query.limit >= 0 && query.limit <= 1_000)) throw new RangeError('limit is 0 to 1,000');
    if (query.ids?.length === 0) return { rows: [], complete: true };
    const { rows, whole } = cut(await this.#db.all<Fitted>(pageStatement(owner, query)));
    const complete = whole && rows.length <= query.limit;
    if (rows.length > query.limit) rows.pop();
    if (query.fromEnd) rows.reverse();
    const first = rows[0];
    const last = rows[rows.length - 1];
    return first && last ? { rows, complete, first: first.id, last: last.id } : { rows, complete };
  }

  /** Whether a message stands in an archive (XEP-0313 §4.3.1: paging from an id that does not is an error). */
  async has(owner: number, id: number): Promise<boolean> {
    return (await this.#db.get(entries(owner, { ids: [id] }, 1, false))) !== undefined;
  }

  /** Those of these ids (at most 1,000) that messages have, in whatever archive. */
  async taken(ids: readonly number[]): Promise<Set<number>> {
    if (ids.length === 0) return new Set();
    const rows = await this.#db.all<{ id: number }>(compose(sql`SELECT id FROM message WHERE id IN`, among(ids)));
    return new Set(rows.map(({ id }) => id));
  }

  /** An id behind this one, and behind all that may be of the same millisecond. It may be taken, too: look again. */
  async freeAfter(id: number): Promise<number> {
    const row = await this.#db.get<{ id: number | null }>(
      sql`SELECT max(id) AS id FROM message WHERE id >= ${id} AND id < ${id + PER_MS}`,
    );
    return (row?.id ?? id) + 1;
  }

  /** How many messages the filter leaves, or undefined when they are more than COUNT_BOUND. */
  async count(owner: number, filter: ArchiveFilter = {}): Promise<number | undefined> {
    if (filter.ids?.length === 0) return 0;
    const row = await this.#db.get<{ n: number }>(
      compose(sql`SELECT count(*) AS n FROM (`, entries(owner, filter, COUNT_BOUND + 1, false), sql`) AS counted`),
    );
    return row === undefined || row.n > COUNT_BOUND ? undefined : row.n;
  }

  /**
   * How many messages with a text, corrections left out, each hour (since 1970) has, of the newest `limit` entries that the
   * filter leaves. `from` is the first hour that was looked through to its beginning, 0 if all were.
   */
  async hourly(
    owner: number,
    filter: ArchiveFilter,
    limit: number,
  ): Promise<{ readonly counts: ReadonlyMap<number, number>; readonly from: number }> {
    const rows = await this.#db.all<{ hour: number; looked: number; said: number }>(
      hourlyStatement(owner, filter, limit),
    );
    const counts = new Map(rows.map(({ hour, said }) => [hour + FIRST_HOUR, said]));
    const looked = rows.reduce((sum, row) => sum + row.looked, 0);
    return { counts, from: looked < limit ? 0 : Math.min(...counts.keys()) + 1 };
  }

  /** The ids at both ends of an archive (XEP-0313 §5), none when it is empty. */
  async metadata(owner: number): Promise<{ first?: number; last?: number }> {
    const end = (fromEnd: boolean) =>
      compose(
        fromEnd ? sql`SELECT max(id)` : sql`SELECT min(id)`,
        sql`FROM (`,
        entries(owner, {}, 1, fromEnd),
        sql`) AS ends`,
      );
    const row = await this.#db.get<{ first: number | null; last: number | null }>(
      compose(sql`SELECT (`, end(false), sql`) AS first, (`, end(true), sql`) AS last`),
    );
    return row === undefined || row.first === null || row.last === null ? {} : { first: row.first, last: row.last };
  }

  /** Puts all entries where they belong, and what is said in them into the index of words. */
  settle(): void {
    if (this.#fresh > 0) this.#place();
  }

  /**
   * Removes at most `limit` messages of one archive that are older than an id (`firstIdAt(time)`), of those that have been settled;
   * gives how many. Meant to be called again and again, so that other work of the store gets in between.
   */
  async expire(owner: number, beforeId: number, limit: number): Promise<number> {
    return this.#removeSlice(owner, beforeId, limit);
  }

  /** How many messages of one archive are older than an id, of those that have been settled; counts to `most`. */
  async countBefore(owner: number, beforeId: number, most: number): Promise<number> {
    const row = await this.#db.get<{ n: number }>(sql`SELECT count(*) AS n FROM (
      SELECT id FROM archive WHERE owner = ${owner} AND id < ${beforeId} LIMIT ${most}) AS counted`);
    return row?.n ?? 0;
  }

  /** What has been removed leaves the index, too, a step at a time; resolves when it has. Whoever does it seldom enough spares the disk. */
  async tidy(): Promise<void> {
    for (let step = BEGIN_TIDYING; ; step = TIDY) {
      // Asked for at once, so that nothing comes between.
      const [before, , after] = await Promise.all([this.#changes(), this.#db.run(step), this.#changes()]);
      if (after - before < 2) return;
    }
  }

  /** Empties one archive, in slices; resolves when it is done. */
  async removeAll(owner: number): Promise<void> {
    this.settle();
    while ((await this.#removeSlice(owner, Number.MAX_SAFE_INTEGER, SLICE)) > 0);
  }

  preferences(account: number): Soon<ArchivePreferences> {
    return this.#preferences.get(account);
  }

  async setPreferences(account: number, preferences: ArchivePreferences): Promise<void> {
    this.#preferences.forget(account);
    const always = JSON.stringify(preferences.always);
    const never = JSON.stringify(preferences.never);
    await this.#db.run(sql`INSERT INTO archive_preference (account, standard, always_json, never_json)
      VALUES (${account}, ${preferences.default}, ${always}, ${never})
      ON CONFLICT (account) DO UPDATE SET standard = excluded.standard,
        always_json = excluded.always_json, never_json = excluded.never_json`);
  }

  /** The account is gone: nothing of it may be remembered. */
  forget(account: number): void {
    this.#preferences.forget(account);
  }

  async #changes(): Promise<number> {
    return (await this.#db.get<{ n: number }>(CHANGES))?.n ?? 0;
  }

  #grow(): void {
    this.#unindexed = 0;
    this.#characters = 0;
    this.#db.queue(GROW_INDEX, () => {}); // what is left out is in the next one
  }

  #place(): void {
    this.#fresh = 0;
    this.#unindexed = 0;
    this.#characters = 0;
    this.#db.queue(PLACE, () => {
      // No room on the disk, for one. Queries read both places, so nothing is missed; it is tried again soon.
      this.#fresh += FRESH / 2;
    });
  }

  async #removeSlice(owner: number, beforeId: number, limit: number): Promise<number> {
    const slice = () =>
      sql`(SELECT id FROM archive WHERE owner = ${owner} AND id < ${beforeId} ORDER BY id LIMIT ${limit})`;
    const removed = await this.#db.batch([
      compose(sql`UPDATE message SET owners = owners - 1 WHERE id IN`, slice()),
      dropFromIndex(compose(sql`SELECT id FROM message WHERE owners <= 0 AND id IN`, slice())),
      compose(sql`DELETE FROM message WHERE owners <= 0 AND id IN`, slice()),
      compose(sql`DELETE FROM archive WHERE owner = ${owner} AND id IN`, slice()),
    ]);
    return removed[3] ?? 0;
  }

  async #loadPreferences(account: number): Promise<ArchivePreferences> {
    const row = await this.#db.get<{ standard: ArchiveMode; always_json: string; never_json: string }>(
      sql`SELECT standard, always_json, never_json FROM archive_preference WHERE account = ${account}`,
    );
    if (row === undefined) return STANDARD;
    return { default: row.standard, always: JSON.parse(row.always_json), never: JSON.parse(row.never_json) };
  }
}
