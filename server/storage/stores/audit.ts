import { createHash } from 'node:crypto';
import { compose, type Database, sql } from '../database.ts';
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
  readonly action?: string;
  readonly subject?: string;
}

export interface AuditVerdict {
  readonly ok: boolean;
  readonly rows: number;
  /** The first row that does not follow from the one before it. */
  readonly brokenAt?: number;
  /** The hash of the last row; noted elsewhere, it proves later that no row was cut off the end. */
  readonly head: string;
}

interface Row {
  id: number;
  time: number;
  actor: string;
  door: AuditDoor;
  action: string;
  subject: string;
  detail_json: string;
  previous: string;
  hash: string;
}

const BEGINNING = '0'.repeat(64);
const COLUMNS = sql`SELECT id, time, actor, door, action, subject, detail_json, previous, hash FROM audit`;

function hashOf(row: Omit<Row, 'hash'>): string {
  const { id, time, actor, door, action, subject, detail_json: detail, previous } = row;
  // An array of strings and numbers has one JSON form only, so no two rows share the text that is hashed.
  return createHash('sha256')
    .update(JSON.stringify([previous, id, time, actor, door, action, subject, detail]))
    .digest('hex');
}

/** The audit log: append only, each row carrying the hash of the row before it. */
export class Audit {
  readonly #db: Database;
  /** Appends follow one another, as each needs the hash of the last that was stored. */
  #tail: Promise<unknown> = Promise.resolve();

  constructor(db: Database) {
    this.#db = db;
  }

  /** Resolves once the entry is on disk. */
  async append(entry: AuditEntry): Promise<void> {
    const mine = this.#tail.then(() => this.#append(entry));
    this.#tail = mine.catch(() => undefined); // the caller is told by `mine`; the next append starts from the store
    await mine;
  }

  /** Rows that fit, the newest first. */
  async page(query: AuditQuery): Promise<AuditRow[]> {
    const rows = await this.#db.all<Row>(
      compose(
        COLUMNS,
        sql`WHERE id < ${query.beforeId ?? Number.MAX_SAFE_INTEGER}`,
        query.actor === undefined ? undefined : sql`AND actor = ${query.actor}`,
        query.action === undefined ? undefined : sql`AND action = ${query.action}`,
        query.subject === undefined ? undefined : sql`AND subject = ${query.subject}`,
        sql`ORDER BY id DESC LIMIT ${query.limit}`,
      ),
    );
    return rows.map(({ detail_json: detail, previous: _, ...row }) => ({ ...row, detail: JSON.parse(detail) }));
  }

  /** Walks the whole chain, a thousand rows at a time. */
  async verify(): Promise<AuditVerdict> {
    let head = BEGINNING;
    for (let id = 0; ; ) {
      const rows = await this.#db.all<Row>(compose(COLUMNS, sql`WHERE id > ${id} ORDER BY id LIMIT ${1_000}`));
      for (const row of rows) {
        if (row.id !== id + 1 || row.previous !== head || row.hash !== hashOf(row)) {
          return { ok: false, rows: id, brokenAt: row.id, head };
        }
        head = row.hash;
        id = row.id;
      }
      if (rows.length < 1_000) return { ok: true, rows: id, head };
    }
  }

  async #append(entry: AuditEntry): Promise<void> {
    const last = await this.#db.get<{ id: number; hash: string }>(
      sql`SELECT id, hash FROM audit ORDER BY id DESC LIMIT ${1}`,
    );
    const row = {
      id: (last?.id ?? 0) + 1,
      time: entry.time,
      actor: entry.actor,
      door: entry.door,
      action: entry.action,
      subject: entry.subject,
      detail_json: JSON.stringify(entry.detail),
      previous: last?.hash ?? BEGINNING,
    };
    await this.#db.run(sql`INSERT INTO audit (id, time, actor, door, action, subject, detail_json, previous, hash)
      VALUES (${row.id}, ${row.time}, ${row.actor}, ${row.door}, ${row.action}, ${row.subject}, ${row.detail_json},
        ${row.previous}, ${hashOf(row)})`);
  }
}
