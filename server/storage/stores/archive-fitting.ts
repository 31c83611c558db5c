import { compose, type Statement, sql } from '../database.ts';

/**
 * Bytes of messages in one answer, about. A page is read, put together and sent in one go: with a few hundred of the longest
 * messages there are, it would hold everybody up and take more memory than there is.
 */
export const PAGE_BYTES = 1_000_000;

/** A message, and its text if there was room for it. */
export interface Fitted {
  readonly id: number;
  readonly stanza: string | null;
}

/**
 * Reads the texts of the messages that `sized` gives (`id`, `size` in bytes), in order from the start or, with `fromEnd`, from
 * the end, as long as there is room: of the first in any case, or nobody would get further.
 */
export function fitting(sized: Statement, fromEnd: boolean): Statement {
  const order = fromEnd ? sql`ORDER BY id DESC` : sql`ORDER BY id`;
  return compose(
    sql`SELECT id, CASE WHEN before < ${PAGE_BYTES}
      THEN (SELECT message.stanza FROM message WHERE message.id = summed.id) END AS stanza
      FROM (SELECT id, sum(size) OVER (`,
    order,
    compose(sql`ROWS UNBOUNDED PRECEDING) - size AS before FROM (`, sized, sql`) AS sized) AS summed`),
    order,
  );
}

/** The messages whose text was read, and whether that is all of them. */
export function cut(found: readonly Fitted[]): { rows: { id: number; stanza: string }[]; whole: boolean } {
  const rows = found.flatMap(({ id, stanza }) => (stanza === null ? [] : [{ id, stanza }]));
  return { rows, whole: rows.length === found.length };
}
