import { compose, type Database, type Statement, sql } from '../database.ts';
import {
  type AuditEntry,
  type AuditVerdict,
  BEGINNING,
  type ChainRow,
  EXPIRED,
  follow,
  type Seal,
  walk,
} from './audit-chain.ts';
import type { Json } from './settings.ts';

export type { AuditDoor, AuditEntry, AuditVerdict, Seal } from './audit-chain.ts';

export interface AuditRow extends AuditEntry {
  /** 1, 2, 3, … without a gap. */
  readonly id: number;
  readonly hash: string;
}

export interface AuditQuery {
  readonly limit: number;
  /** Only rows with a smaller id. */
  readonly beforeId?: number;
  readonly actor?: string;
  /** A part of the actor's name, in any case. */
  readonly who?: string;
  readonly action?: string;
  readonly subject?: string;
  /** Part of the subject. */
  readonly about?: string;
  /** From this moment on, and before that one; ms since 1970. */
  readonly from?: number;
  readonly until?: number;
}

export interface AuditPage {
  readonly rows: AuditRow[];
  /** Where the next page begins (`beforeId`); undefined when there is none. */
  readonly next: number | undefined;
}

/** Told when what was written last is not there any more. */
export type AuditAlarm = (was: Seal, is: Seal) => void;

/** Rows looked at in one go for what no index finds, and how often that is done for one page. */
const WINDOW = 10_000;
const MOST_WINDOWS = 100;
/** Rows that are deleted in one go. */
const LOT = 5_000;
const MOST_NAMES = 200;

/** Only if this row was written: what comes after it in the same operation. */
const withRow = (seal: Seal): Statement =>
  sql`WHERE EXISTS (SELECT 1 FROM audit WHERE id = ${seal.id} AND hash = ${seal.hash})`;

function insert(row: ChainRow): Statement {
  return sql`INSERT INTO audit (id, time, actor, door, action, subject, detail_json, previous, hash)
    SELECT ${row.id}, ${row.time}, ${row.actor}, ${row.door}, ${row.action}, ${row.subject}, ${row.detail_json},
      ${row.previous}, ${row.hash}
    WHERE COALESCE((SELECT hash FROM audit ORDER BY id DESC LIMIT 1), ${BEGINNING.hash}) = ${row.previous}`;
}

const holds = (text: string): string => `%${text.toLowerCase().replaceAll(/[!%_]/g, '!$&')}%`;

function read(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return { unreadable: text.slice(0, 500) }; // somebody wrote into the store; the chain shows it
  }
}

/** The audit log: append only, each row carrying the hash of the row before it. */
export class Audit {
  readonly #db: Database;
  readonly #tampered: AuditAlarm;
  /** What the next row follows: written, or on its way. */
  #tail: Seal | undefined;
  /** What is known to be on disk; undefined until something was read. */
  #stored: Seal | undefined;
  #loading: Promise<void> | undefined;
  /** Counts how often the tail was read again: what was asked for before that failed with the row it was to follow. */
  #age = 0;

  constructor(db: Database, tampered: AuditAlarm = () => undefined) {
    this.#db = db;
    this.#tampered = tampered;
  }

  /** Resolves once the entry is on disk. Many at once are committed together, in the order in which they were asked for. */
  async append(entry: AuditEntry): Promise<void> {
    await this.#append(entry, () => []);
  }

  /** The last row that is on disk. */
  async seal(): Promise<Seal> {
    if (this.#stored === undefined) await this.#load();
    return this.#stored!;
  }

  /** Rows that fit, the newest first. */
  async page(query: AuditQuery): Promise<AuditRow[]> {
    return (await this.find(query)).rows;
  }

  /** The same, and where to go on: what no index finds is looked for in windows, so that others get their turn. */
  async find(query: AuditQuery): Promise<AuditPage> {
    const rows: AuditRow[] = [];
    const more = query.limit + 1;
    let before = query.beforeId ?? Number.MAX_SAFE_INTEGER;
    for (let window = 0; window < MOST_WINDOWS; window++) {
      const within = compose(
        sql`WHERE id < ${before}`,
        query.actor === undefined ? undefined : sql`AND actor = ${query.actor}`,
        query.action === undefined ? undefined : sql`AND action = ${query.action}`,
        query.subject === undefined ? undefined : sql`AND subject = ${query.subject}`,
      );
      const found = await this.#db.all<ChainRow>(
        compose(
          sql`SELECT id, time, actor, door, action, subject, detail_json, previous, hash FROM (SELECT * FROM audit`,
          within,
          sql`ORDER BY id DESC LIMIT ${WINDOW}) AS near WHERE 1 = 1`,
          query.about === undefined ? undefined : sql`AND lower(subject) LIKE ${holds(query.about)} ESCAPE '!'`,
          query.who === undefined ? undefined : sql`AND lower(actor) LIKE ${holds(query.who)} ESCAPE '!'`,
          query.from === undefined ? undefined : sql`AND time >= ${query.from}`,
          query.until === undefined ? undefined : sql`AND time < ${query.until}`,
          sql`ORDER BY id DESC LIMIT ${more - rows.length}`,
        ),
      );
      for (const { detail_json: detail, previous: _, ...row } of found) rows.push({ ...row, detail: read(detail) });
      if (rows.length === more) return { rows: rows.slice(0, query.limit), next: rows[query.limit - 1]!.id };
      const edge = await this.#db.get<{ id: number }>(
        compose(sql`SELECT id FROM audit`, within, sql`ORDER BY id DESC LIMIT 1 OFFSET ${WINDOW - 1}`),
      );
      if (edge === undefined) return { rows, next: undefined };
      before = edge.id;
    }
    return { rows, next: before };
  }

  /** Who is in the log, and what was done: at most 200 of each. */
  async names(): Promise<{ readonly actors: string[]; readonly actions: string[] }> {
    // Each name is found by one look into the index, however many rows it has.
    const one = async (column: 'actor' | 'action') => {
      const text = `WITH RECURSIVE name (text) AS (SELECT MIN(${column}) FROM audit UNION ALL
        SELECT (SELECT MIN(${column}) FROM audit WHERE ${column} > name.text) FROM name WHERE name.text IS NOT NULL)
        SELECT text FROM name WHERE text IS NOT NULL LIMIT ?`;
      return (await this.#db.all<{ text: string }>({ text, values: [MOST_NAMES] })).map((row) => row.text);
    };
    const [actors, actions] = await Promise.all([one('actor'), one('action')]);
    return { actors, actions };
  }

  /** Walks the whole chain; with a seal that was noted elsewhere, that row must be there as it was then. */
  async verify(noted?: Seal): Promise<AuditVerdict> {
    const stored = await this.seal();
    return walk(this.#db, [
      { seal: stored, fault: 'cut' },
      ...(noted === undefined ? [] : [{ seal: noted, fault: 'seal' as const }]),
    ]);
  }

  /**
   * Deletes the oldest rows, as long as they are from before a moment (ms since 1970), never the last; what is left says in a row of
   * its own which are gone. At most 5,000 at a time. Gives how many that were.
   */
  async expire(before: number, now: number): Promise<number> {
    const first = await this.#db.get<{ id: number }>(sql`SELECT id FROM audit ORDER BY id LIMIT 1`);
    if (first === undefined) return 0;
    const edge = await this.#db.get<Seal>(sql`SELECT id, hash FROM audit WHERE id < ${first.id + LOT} AND id <
      COALESCE((SELECT id FROM audit WHERE time >= ${before} ORDER BY id LIMIT 1), (SELECT MAX(id) FROM audit))
      ORDER BY id DESC LIMIT 1`);
    if (edge === undefined) return 0;
    const rows = edge.id - first.id + 1;
    const detail = { rows, through: edge.id, hash: edge.hash };
    await this.#append({ time: now, actor: 'hallway', door: 'house', action: EXPIRED, subject: '', detail }, (said) => [
      compose(
        sql`INSERT INTO audit_start (name, id, hash) SELECT ${'start'}, ${edge.id}, ${edge.hash}`,
        withRow(said),
        sql`ON CONFLICT (name) DO UPDATE SET id = excluded.id, hash = excluded.hash`,
      ),
      compose(sql`DELETE FROM audit`, withRow(said), sql`AND id <= ${edge.id}`),
    ]);
    return rows;
  }

  async #append(entry: AuditEntry, and: (row: Seal) => readonly Statement[]): Promise<void> {
    for (;;) {
      // Whoever waits here goes on in the order in which they came.
      if (this.#tail === undefined) await this.#load();
      if (this.#tail === undefined) continue;
      const age = this.#age;
      const row = follow(this.#tail, entry);
      this.#tail = row;
      let changed: number[];
      try {
        // Only onto the row that it was reckoned from: one that could not be stored takes those that follow it along.
        changed = await this.#db.batch([insert(row), ...and(row)]);
      } catch (error) {
        this.#again(age);
        throw error;
      }
      if (changed[0] === 1) {
        this.#stored = { id: row.id, hash: row.hash };
        return;
      }
      this.#again(age);
    }
  }

  /** The tail of that age is not what is stored: it is read again, once for all who found out. */
  #again(age: number): void {
    if (age !== this.#age) return;
    this.#age++;
    this.#tail = undefined;
  }

  #load(): Promise<void> {
    this.#loading ??= this.#read().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  async #read(): Promise<void> {
    const last = await this.#db.get<Seal>(sql`SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1`);
    const found = last ?? BEGINNING;
    const was = this.#stored;
    this.#stored = found;
    this.#tail = found;
    if (was === undefined || (was.id === found.id && was.hash === found.hash)) return;
    this.#tampered(was, found);
    // In the log itself, too: after a restart nobody would know.
    const detail = { 'expected-id': was.id, 'expected-hash': was.hash, 'found-id': found.id, 'found-hash': found.hash };
    void this.append({
      time: Date.now(),
      actor: 'hallway',
      door: 'house',
      action: 'audit.broken',
      subject: '',
      detail,
    }).catch(() => undefined);
  }
}
