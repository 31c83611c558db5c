import { createHash } from 'node:crypto';
import type { Database } from '../database.ts';
import { compose, sql } from '../database.ts';
import type { Json } from './settings.ts';

/** Through which door it was done; 'house' is the server itself. */
export type AuditDoor = 'panel' | 'cli' | 'chat' | 'house';

/** One deed. Never holds a secret. */
export interface AuditEntry {
  readonly time: number;
  readonly actor: string;
  readonly door: AuditDoor;
  readonly action: string;
  readonly subject: string;
  readonly detail: Json;
}

/** One row of the chain as it is stored. */
export interface ChainRow {
  readonly id: number;
  readonly time: number;
  readonly actor: string;
  readonly door: AuditDoor;
  readonly action: string;
  readonly subject: string;
  readonly detail_json: string;
  readonly previous: string;
  readonly hash: string;
}

/** The number and the hash of a row: whoever knows both can tell later whether anything up to there was changed. */
export interface Seal {
  readonly id: number;
  readonly hash: string;
}

/**
 * Why the chain does not hold: a row was `changed` (or what comes before it is gone), the rows after it were `cut` off, the oldest are
 * gone without a record of it (`start`), or the row of a seal that was noted elsewhere is another now (`seal`).
 */
export type ChainFault = 'changed' | 'cut' | 'start' | 'seal';

export interface AuditVerdict {
  readonly ok: boolean;
  /** Rows that were found right. */
  readonly rows: number;
  /** The first row that does not follow from the one before it, or is missing. */
  readonly brokenAt?: number;
  readonly fault?: ChainFault;
  /** The hash of the last row that is right; noted elsewhere, it proves later that no row was cut off the end. */
  readonly head: string;
  /** The number of that row; 0 when there is none. */
  readonly last: number;
  /** Rows up to this number were deleted by age; 0 when none was. */
  readonly deletedUpTo: number;
}

export const BEGINNING: Seal = { id: 0, hash: '0'.repeat(64) };
export const COLUMNS = sql`SELECT id, time, actor, door, action, subject, detail_json, previous, hash FROM audit`;
/** What says in the chain itself that its oldest rows were deleted. */
export const EXPIRED = 'audit.expire';

/** Rows that are read, and reckoned on the event loop, in one go. */
const SLICE = 500;

/** The row that comes after `before`. */
export function follow(before: Seal, entry: AuditEntry): ChainRow {
  const { time, actor, door, action, subject } = entry;
  const row = { id: before.id + 1, time, actor, door, action, subject, detail_json: JSON.stringify(entry.detail) };
  const linked = { ...row, previous: before.hash };
  return { ...linked, hash: hashOf(linked) };
}

/** An array of strings and numbers has one JSON form only, so no two rows share the text that is hashed. */
function hashOf(row: Omit<ChainRow, 'hash'>): string {
  const { id, time, actor, door, action, subject, detail_json: detail, previous } = row;
  return createHash('sha256')
    .update(JSON.stringify([previous, id, time, actor, door, action, subject, detail]))
    .digest('hex');
}

/** What deleted the oldest rows says so in the chain: else somebody else has moved its beginning. */
function tellsOf(row: ChainRow, start: Seal): boolean {
  if (row.action !== EXPIRED || row.door !== 'house') return false;
  try {
    const { through, hash } = JSON.parse(row.detail_json) as { through?: unknown; hash?: unknown };
    return through === start.id && hash === start.hash;
  } catch {
    return false;
  }
}

/**
 * Walks the whole chain, a slice at a time, so that others get their turn. `known` are rows that must be in it as they are: what this
 * process wrote last, and a seal that was noted elsewhere.
 */
export async function walk(
  db: Database,
  known: readonly { readonly seal: Seal; readonly fault: ChainFault }[],
): Promise<AuditVerdict> {
  const stored = await db.get<Seal>(sql`SELECT id, hash FROM audit_start WHERE name = ${'start'}`);
  const start = stored ?? BEGINNING;
  let at: Seal = start;
  let told = start.id === 0;
  let rows = 0;
  const verdict = (fault?: ChainFault, brokenAt?: number): AuditVerdict => ({
    ok: fault === undefined,
    rows,
    head: at.hash,
    last: at.id,
    deletedUpTo: start.id,
    ...(fault !== undefined && { fault }),
    ...(brokenAt !== undefined && { brokenAt }),
  });
  // What is before the beginning, too: nothing may be there.
  for (let id = 0; ; ) {
    const slice = await db.all<ChainRow>(compose(COLUMNS, sql`WHERE id > ${id} ORDER BY id LIMIT ${SLICE}`));
    for (const row of slice) {
      if (row.id !== at.id + 1) return verdict(at.id === start.id && rows === 0 ? 'start' : 'changed', row.id);
      if (row.previous !== at.hash || row.hash !== hashOf(row)) return verdict('changed', row.id);
      const other = known.find(({ seal }) => seal.id === row.id && seal.hash !== row.hash);
      if (other !== undefined) return verdict(other.fault, row.id);
      told ||= tellsOf(row, start);
      at = { id: row.id, hash: row.hash };
      id = row.id;
      rows++;
    }
    if (slice.length < SLICE) break;
  }
  const missing = known.find(({ seal }) => seal.id > at.id);
  if (missing !== undefined) return verdict(missing.fault, at.id + 1);
  if (!told) return verdict('start', start.id);
  return verdict();
}
