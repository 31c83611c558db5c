import { firstIdAt } from '../archive-id.ts';
import { among, compose, type Statement, sql } from '../database.ts';

/** What of an archive is meant (XEP-0313 §4.1). Times are ms since 1970 and inclusive. */
export interface ArchiveFilter {
  /** The other side's bare address. */
  readonly with?: string;
  readonly start?: number;
  readonly end?: number;
  /** Only messages after and before these ids, which need not exist. */
  readonly afterId?: number;
  readonly beforeId?: number;
  /** Only these messages, at most 1,000. */
  readonly ids?: readonly number[];
}

/** The first and the last id that a filter leaves room for. */
export function range(filter: ArchiveFilter): { from: number; to: number } {
  const from = Math.max(
    filter.start === undefined ? 0 : firstIdAt(filter.start),
    filter.afterId === undefined ? 0 : filter.afterId + 1,
  );
  const to = Math.min(
    filter.end === undefined ? Number.MAX_SAFE_INTEGER : firstIdAt(Math.floor(filter.end) + 1) - 1,
    filter.beforeId === undefined ? Number.MAX_SAFE_INTEGER : filter.beforeId - 1,
  );
  return { from, to };
}

/** The ids that a filter leaves. */
function leaves(filter: ArchiveFilter): Statement {
  const { from, to } = range(filter);
  return compose(
    sql`AND id >= ${from} AND id <= ${to}`,
    filter.ids === undefined ? undefined : compose(sql`AND id IN`, among(filter.ids)),
  );
}

/** A condition on a row of `archive_fresh`: it is an owner's, and of one conversation. */
export function ownerOf(owner: number, peer: string | undefined): Statement {
  return peer === undefined
    ? sql`(owner = ${owner} OR other_owner = ${owner})`
    : sql`((owner = ${owner} AND peer = ${peer}) OR (other_owner = ${owner} AND other_peer = ${peer}))`;
}

/**
 * At most `limit` ids from one end of what a filter leaves, in no order: one range of one index, whatever the size of the
 * archive, and a walk through the few entries that are not in the index yet.
 */
export function entries(owner: number, filter: ArchiveFilter, limit: number, fromEnd: boolean): Statement {
  const ids = leaves(filter);
  const order = compose(fromEnd ? sql`ORDER BY id DESC` : sql`ORDER BY id`, sql`LIMIT ${limit}`);
  const { with: peer } = filter;
  const placed = peer === undefined ? sql`owner = ${owner}` : sql`owner = ${owner} AND peer = ${peer}`;
  return compose(
    compose(sql`SELECT id FROM (SELECT id FROM archive WHERE`, placed, ids, order),
    compose(
      sql`) AS placed UNION ALL SELECT id FROM (SELECT id FROM archive_fresh WHERE`,
      ownerOf(owner, peer),
      ids,
      order,
    ),
    sql`) AS fresh`,
  );
}
