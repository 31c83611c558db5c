import { KeyedMutex } from '../../util/keyed-mutex.ts';
import { compose, type Database, type Statement, sql } from '../database.ts';
import { keysOf, type Pattern } from '../searchable.ts';
import { indexedForAll, matching, unindexed } from '../sqlite-text-index.ts';
import { cut, type Fitted, fitting, PAGE_BYTES } from './archive-fitting.ts';
import { SearchRefused, sliceStatement } from './archive-search.ts';
import type { ArchivedMessage } from './archives.ts';

/** One archive, and with whom; or all that a house has, of which `Pattern.domains` says whose. */
export type AuditScope = { readonly owner: number; readonly with?: string } | 'house';

export interface AuditSearchQuery {
  readonly pattern: Pattern;
  /** The smallest and the largest id. */
  readonly from: number;
  readonly to: number;
  /** 1 to 200 */
  readonly limit: number;
}

/** The newest first. `next` is the largest id that was not looked at yet, undefined when all were. */
export interface AuditPage {
  readonly rows: readonly ArchivedMessage[];
  readonly next: number | undefined;
}

/** Messages that one question to the store looks at, and for how many ms in all, after which it is told how far it came. */
const SMALLEST = 50;
const LARGEST = 1_000;
const LONG_MS = 10;
const SHORT_MS = 3;
const PATIENCE_MS = 2_000;
const MOST_WAITING = 8;

interface Hit extends Fitted {
  /** The last message that was looked at, null when there are no more. */
  readonly edge: number | null;
}

/** Looks at the newest `size` messages of a house. Exported so that a test can ask the engine for its plan. */
export function houseSliceStatement({ pattern, from, to, limit }: AuditSearchQuery, size: number): Statement {
  const keys = keysOf(pattern.phrases);
  const hint =
    keys.length === 0 ? sql`SELECT id FROM message WHERE id >= ${from} AND id <= ${to}` : indexedForAll(keys, from, to);
  const edge = sql`(SELECT id FROM edge)`;
  const fresh =
    keys.length === 0
      ? undefined
      : compose(sql`UNION ALL`, unindexed(compose(sql`coalesce(`, edge, sql`, ${from})`), sql`${to}`));
  const hits = compose(
    compose(sql`SELECT message.id AS id, octet_length(message.stanza) AS size FROM (SELECT id FROM hint`, fresh),
    compose(sql`) AS found CROSS JOIN message ON message.id = found.id WHERE`, matching(pattern)),
    sql`ORDER BY id DESC LIMIT ${limit + 1}`,
  );
  return compose(
    compose(sql`WITH hint AS MATERIALIZED (`, hint, sql`ORDER BY id DESC LIMIT ${size}),`),
    sql`edge AS MATERIALIZED (SELECT min(id) AS id FROM hint HAVING count(*) = ${size})`,
    compose(sql`SELECT`, edge, sql`AS edge, id, stanza FROM (`, fitting(hits, true), sql`) AS hits`),
    compose(sql`UNION ALL SELECT`, edge, sql`, NULL, NULL`),
  );
}

/**
 * Reads through archives for an auditor, the newest first: slice by slice, each a question of its own that takes milliseconds,
 * one search after the other. It gives what it has found after a while, and how far it came.
 */
export class ArchiveAudit {
  readonly #db: Database;
  readonly #lane = new KeyedMutex<''>();
  readonly #patience: number;
  #waiting = 0;

  constructor(db: Database, patience = PATIENCE_MS) {
    this.#db = db;
    this.#patience = patience;
  }

  /** `belongs` says which of the messages that were found may be shown. Throws SearchRefused. */
  async page(
    scope: AuditScope,
    query: AuditSearchQuery,
    belongs: (row: ArchivedMessage) => Promise<boolean> = async () => true,
  ): Promise<AuditPage> {
    if (!(query.limit >= 1 && query.limit <= 200)) throw new RangeError('limit is 1 to 200');
    if (this.#waiting >= MOST_WAITING) throw new SearchRefused('Too many are searching.');
    this.#waiting++;
    try {
      return await this.#lane.run('', () => this.#walk(scope, query, belongs));
    } finally {
      this.#waiting--;
    }
  }

  async #walk(
    scope: AuditScope,
    query: AuditSearchQuery,
    belongs: (row: ArchivedMessage) => Promise<boolean>,
  ): Promise<AuditPage> {
    const { limit, from } = query;
    const rows: ArchivedMessage[] = [];
    const until = performance.now() + this.#patience;
    let room = PAGE_BYTES;
    let { to } = query;
    let size = SMALLEST;
    while (to >= from) {
      const began = performance.now();
      if (began > until || room <= 0) return { rows, next: to };
      const found = await this.#db.all<Hit>(statement(scope, { ...query, to }, size));
      const edge = found.pop()?.edge ?? undefined;
      const { rows: hits, whole } = cut(found);
      for (const hit of hits) {
        if (!(await belongs(hit))) continue;
        rows.push(hit);
        room -= hit.stanza.length;
        if (rows.length === limit) return { rows, next: hit.id - 1 };
      }
      if (!whole || hits.length > limit) to = hits.at(-1)!.id - 1;
      else if (edge === undefined) return { rows, next: undefined };
      else to = edge - 1;
      const took = performance.now() - began;
      if (took < SHORT_MS) size = Math.min(size * 2, LARGEST);
      else if (took > LONG_MS) size = Math.max(Math.floor(size / 2), SMALLEST);
    }
    return { rows, next: undefined };
  }
}

function statement(scope: AuditScope, query: AuditSearchQuery, size: number): Statement {
  if (scope === 'house') return houseSliceStatement(query, size);
  const { pattern, from, to, limit } = query;
  const filter = { ...(scope.with !== undefined && { with: scope.with }), afterId: from - 1, beforeId: to + 1 };
  return sliceStatement(scope.owner, { pattern, limit, fromEnd: true, ...filter }, filter, size);
}
