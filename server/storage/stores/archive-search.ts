import { KeyedMutex } from '../../util/keyed-mutex.ts';
import { among, compose, type Database, type Statement, sql } from '../database.ts';
import { keysOf, type Pattern } from '../searchable.ts';
import { dropFromIndex, indexed, matching } from '../sqlite-text-index.ts';
import { cut, type Fitted, fitting, PAGE_BYTES } from './archive-fitting.ts';
import { type ArchiveFilter, ownerOf, range } from './archive-range.ts';
import type { ArchivedMessage, ArchivePage, ArchiveQuery } from './archives.ts';

export interface ArchiveSearchQuery extends ArchiveQuery {
  /** What a message must have in it. */
  readonly pattern: Pattern;
}

/** Messages that one question to the store looks at: few first, as mostly the newest are wanted. */
const FIRST_SLICE = 125;
const SMALLEST_SLICE = 30;
const LARGEST_SLICE = 500;
/** Milliseconds for one question: nobody else shall wait longer for the store because somebody searches. */
const SHORT = 3;
const LONG = 10;
/** After so long a search ends with what it has. */
const PATIENCE_MS = 5_000;
/** Searches under way at once, in the whole house, and searches that wait for their turn. */
const LANES = 2;
const MOST_WAITING = 200;
/** How far back of a conversation one message is looked for by its own id, which no index has. */
const LOOK_BACK = 10_000;
const SAME_ID = 50;

/** A search was given up: too many are under way, or it found nothing within its time. */
export class SearchRefused extends Error {}

interface Hit extends Fitted {
  /** The last message that was looked at, null when there are no more. */
  readonly edge: number | null;
}

/**
 * Looks at `size` messages from one end of what a filter leaves, those alone that may match as far as the index knows; gives
 * what matches and how far it came. Exported so that a test can ask the engine for its plan.
 */
export function sliceStatement(
  owner: number,
  query: ArchiveSearchQuery,
  filter: ArchiveFilter,
  size: number,
): Statement {
  const { fromEnd, pattern, limit } = query;
  const order = fromEnd ? sql`ORDER BY id DESC` : sql`ORDER BY id`;
  const { from, to } = range(filter);
  const peer = filter.with === undefined ? undefined : sql`AND archive.peer = ${filter.with}`;
  const keys = keysOf(pattern.phrases);
  const hint =
    keys.length === 0
      ? compose(
          sql`SELECT id FROM archive WHERE archive.owner = ${owner}`,
          peer,
          sql`AND id >= ${from} AND id <= ${to}`,
        )
      : indexed(owner, keys, from, to);
  const edge = sql`(SELECT id FROM edge)`;
  // What has no place yet is not in the index for sure; it is seen as far as the slice goes.
  const low = fromEnd ? compose(sql`coalesce(`, edge, sql`, ${from})`) : sql`${from}`;
  const high = fromEnd ? sql`${to}` : compose(sql`coalesce(`, edge, sql`, ${to})`);
  // The order of the joins is meant: the index leads, and who may see it is decided by the archive.
  const found = compose(
    compose(
      sql`SELECT hint.id AS id FROM hint CROSS JOIN archive ON archive.owner = ${owner} AND archive.id = hint.id`,
      peer,
    ),
    compose(sql`UNION ALL SELECT id FROM archive_fresh WHERE`, ownerOf(owner, filter.with)),
    compose(sql`AND id >=`, low, sql`AND id <=`, high),
  );
  const hits = compose(
    compose(sql`SELECT message.id AS id, octet_length(message.stanza) AS size FROM (`, found, sql`) AS found`),
    compose(sql`CROSS JOIN message ON message.id = found.id WHERE`, matching(pattern)),
    filter.ids === undefined ? undefined : compose(sql`AND message.id IN`, among(filter.ids)),
    compose(order, sql`LIMIT ${limit + 1}`),
  );
  return compose(
    compose(sql`WITH hint AS MATERIALIZED (`, hint, order, sql`LIMIT ${size}),`),
    fromEnd ? sql`edge AS MATERIALIZED (SELECT min(id) AS id` : sql`edge AS MATERIALIZED (SELECT max(id) AS id`,
    sql`FROM hint HAVING count(*) = ${size})`,
    compose(sql`SELECT`, edge, sql`AS edge, id, stanza FROM (`, fitting(hits, fromEnd), sql`) AS hits`),
    compose(sql`UNION ALL SELECT`, edge, sql`, NULL, NULL`),
  );
}

/**
 * Archives read through for what no index answers alone: words, and one device's address. It is done slice by slice, each
 * a question of its own that takes milliseconds, so that the store does other work in between; the thread that routes
 * messages never waits for it.
 */
export class ArchiveSearch {
  readonly #db: Database;
  readonly #lanes = new KeyedMutex<number>();
  readonly #patience: number;
  #waiting = 0;

  constructor(db: Database, patience = PATIENCE_MS) {
    this.#db = db;
    this.#patience = patience;
  }

  /**
   * One page of what is found. It may be shorter than asked for without being complete: then time or room was up. `wanted` says
   * whether somebody still waits for it. Throws SearchRefused.
   */
  async page(owner: number, query: ArchiveSearchQuery, wanted: () => boolean = () => true): Promise<ArchivePage> {
    if (!(query.limit >= 0 && query.limit <= 1_000)) throw new RangeError('limit is 0 to 1,000');
    if (this.#waiting >= MOST_WAITING) throw new SearchRefused('Too many are searching.');
    this.#waiting++;
    try {
      return await this.#lanes.run(owner % LANES, () => this.#walk(owner, query, wanted));
    } finally {
      this.#waiting--;
    }
  }

  /**
   * Messages of one conversation in whose XML this stands, the newest first: at most 50 of its newest ten thousand.
   * What is found must be looked at, as it may stand anywhere in them.
   */
  async mentions(owner: number, peer: string, xml: string): Promise<ArchivedMessage[]> {
    const pattern: Pattern = { phrases: [], xml };
    const query: ArchiveSearchQuery = { with: peer, limit: SAME_ID, fromEnd: true, pattern };
    const found: ArchivedMessage[] = [];
    let filter: ArchiveFilter = { with: peer };
    for (let seen = 0; seen < LOOK_BACK && found.length < SAME_ID; seen += LARGEST_SLICE) {
      const { hits, edge, whole } = await this.#slice(owner, query, filter, LARGEST_SLICE);
      found.push(...hits);
      if (edge === undefined || !whole) break; // so much has to be looked at already
      filter = { with: peer, beforeId: edge };
    }
    return found.slice(0, SAME_ID);
  }

  /** The statements that put something else in the place of an archived message, whoever has it. */
  replace(id: number, stanza: string): Statement[] {
    return [sql`UPDATE message SET stanza = ${stanza} WHERE id = ${id}`, dropFromIndex(sql`VALUES (${id})`)];
  }

  async #walk(owner: number, query: ArchiveSearchQuery, wanted: () => boolean): Promise<ArchivePage> {
    const { limit, fromEnd } = query;
    const rows: ArchivedMessage[] = [];
    let room = PAGE_BYTES;
    const until = performance.now() + this.#patience;
    let filter: ArchiveFilter = query;
    let size = FIRST_SLICE;
    let ended = query.ids?.length === 0;
    while (!ended && rows.length <= limit && room > 0 && wanted()) {
      const began = performance.now();
      if (began > until) {
        if (rows.length === 0) throw new SearchRefused('Nothing was found within the time for a search.');
        break;
      }
      const { hits, edge, whole } = await this.#slice(owner, query, filter, size);
      for (const hit of hits) {
        rows.push(hit);
        room -= hit.stanza.length;
      }
      if (!whole) break;
      if (edge === undefined) ended = true;
      else filter = fromEnd ? { ...filter, beforeId: edge } : { ...filter, afterId: edge };
      const took = performance.now() - began;
      if (took < SHORT) size = Math.min(size * 2, LARGEST_SLICE);
      else if (took > LONG) size = Math.max(Math.floor(size / 2), SMALLEST_SLICE);
    }
    const complete = ended && rows.length <= limit;
    rows.length = Math.min(rows.length, limit);
    if (fromEnd) rows.reverse();
    const first = rows[0];
    const last = rows.at(-1);
    return first && last ? { rows, complete, first: first.id, last: last.id } : { rows, complete };
  }

  async #slice(
    owner: number,
    query: ArchiveSearchQuery,
    filter: ArchiveFilter,
    size: number,
  ): Promise<{ hits: ArchivedMessage[]; edge: number | undefined; whole: boolean }> {
    const found = await this.#db.all<Hit>(sliceStatement(owner, query, filter, size));
    const end = found.pop();
    const { rows, whole } = cut(found);
    return { hits: rows, edge: end?.edge ?? undefined, whole };
  }
}
