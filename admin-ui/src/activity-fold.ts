import type { AuditRow } from '../../server/http/contract/index.ts';

/** Fewer stand each on a line of their own. */
const LEAST = 4;

/** What came of one import, or was done to many alike, by the same person through the same door. */
function act({ actor, door, action, detail }: AuditRow): string {
  const what = importOf({ action, detail }) ?? [action, detail];
  return JSON.stringify([actor, door, what]);
}

/** The number of the import that a deed came of; undefined when it came of none, or is the import itself. */
export function importOf({ action, detail }: Pick<AuditRow, 'action' | 'detail'>): number | undefined {
  return action.startsWith('people.') || typeof detail.import !== 'number' ? undefined : detail.import;
}

/** Rows in their order, those that stand together and belong together in one: else the many of a file push all else away. */
export function folded(rows: readonly AuditRow[]): AuditRow[][] {
  const lines: AuditRow[][] = [];
  for (let at = 0; at < rows.length; ) {
    const first = rows[at]!;
    const same = act(first);
    let end = at + 1;
    while (end < rows.length && act(rows[end]!) === same) end += 1;
    const together = rows.slice(at, end);
    lines.push(...(together.length < LEAST ? together.map((row) => [row]) : [together]));
    at = end;
  }
  return lines;
}
