import type { Audit, AuditDoor, AuditQuery, AuditRow, AuditVerdict, Seal } from '../storage/stores/audit.ts';
import { type Actor, record } from './actor.ts';
import { CommandError } from './command-error.ts';
import { harmless } from './csv.ts';

export interface AuditView {
  readonly id: number;
  readonly time: number;
  readonly actor: string;
  readonly door: AuditDoor;
  readonly action: string;
  readonly subject: string;
  readonly detail: Record<string, string | number | boolean | null>;
}

/** Which rows are asked for; what is left out does not matter. */
export interface AuditWish {
  /** Only rows with a smaller id. */
  readonly before?: number;
  readonly limit?: number;
  readonly actor?: string;
  readonly action?: string;
  /** Part of the subject. */
  readonly subject?: string;
  /** From this moment on, and before that one; ms since 1970. */
  readonly from?: number;
  readonly until?: number;
}

export type AuditFilter = Omit<AuditWish, 'before' | 'limit'>;

/** Rows of an export that are in memory at once. */
const LOT = 500;
const SEAL = /^(\d{1,15}):([0-9a-f]{64})$/i;

/** One level of plain values, which is all that `record` writes; what others wrote is flattened to text. */
function plain(detail: unknown): AuditView['detail'] {
  if (typeof detail !== 'object' || detail === null || Array.isArray(detail)) return {};
  return Object.fromEntries(
    Object.entries(detail).map(([name, value]) => [
      name,
      typeof value === 'object' && value !== null ? JSON.stringify(value) : value,
    ]),
  );
}

function view(row: AuditRow): AuditView {
  const { id, time, actor, door, action, subject } = row;
  return { id, time, actor, door, action, subject, detail: plain(row.detail) };
}

function query({ before, limit = 50, actor, action, subject, from, until }: AuditWish): AuditQuery {
  return {
    limit,
    ...(before !== undefined && { beforeId: before }),
    ...(actor !== undefined && { actor }),
    ...(action !== undefined && { action }),
    ...(subject !== undefined && { about: subject }),
    ...(from !== undefined && { from }),
    ...(until !== undefined && { until }),
  };
}

/** As it is noted elsewhere: the number of the last row, and its hash. */
export const sealText = ({ id, hash }: Seal): string => `${id}:${hash}`;

/**
 * One cell for a program that reckons with tables: what begins like a formula is not one any more (SECURITY 76), and nothing ends the
 * cell or the line.
 */
function cell(value: string | number): string {
  const text = String(value).replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ');
  const guarded = typeof value === 'string' ? harmless(text) : text;
  return /^[\w.:@/-]*$/.test(guarded) ? guarded : `"${guarded.replaceAll('"', '""')}"`;
}

const HEAD = ['number', 'time', 'who', 'door', 'what', 'whom', 'detail', 'hash'];
const line = (cells: readonly (string | number)[]): string => `${cells.map(cell).join(',')}\r\n`;

/** Reading the audit log. */
export class AuditCommands {
  readonly #audit: Audit;
  /** Checks under way, one for each seal: whoever asks meanwhile is told the same. */
  readonly #checks = new Map<string, Promise<AuditVerdict>>();

  constructor(audit: Audit) {
    this.#audit = audit;
  }

  /** The newest first; `before` is an id. */
  page(before: number | undefined, limit = 50): Promise<{ rows: AuditView[]; hasMore: boolean }> {
    return this.find({ limit, ...(before !== undefined && { before }) });
  }

  /** Rows that fit, the newest first; where there are more, `next` is what to ask with as `before`. */
  async find(wish: AuditWish): Promise<{ rows: AuditView[]; hasMore: boolean; next: number | null }> {
    const { rows, next } = await this.#audit.find(await this.#called(query(wish)));
    return { rows: rows.map(view), hasMore: next !== undefined, next: next ?? null };
  }

  /** A name that is in the log is that one; anything else is a part of names, in any case. */
  async #called({ actor, ...rest }: AuditQuery): Promise<AuditQuery> {
    if (actor === undefined) return rest;
    return (await this.#audit.names()).actors.includes(actor) ? { ...rest, actor } : { ...rest, who: actor };
  }

  /** Who is in the log, and what was done. */
  names(): Promise<{ readonly actors: string[]; readonly actions: string[] }> {
    return this.#audit.names();
  }

  /** What to note elsewhere: by this it shows later whether anything up to here was changed. */
  async seal(): Promise<{ readonly seal: string; readonly last: number }> {
    const seal = await this.#audit.seal();
    return { seal: sealText(seal), last: seal.id };
  }

  /** Walks the chain; with a seal that was noted elsewhere, that row must be as it was. Throws CommandError for what is no seal. */
  async verify(noted?: string): Promise<AuditVerdict & { readonly seal: string }> {
    const [, id, hash] = SEAL.exec(noted?.trim() ?? '') ?? [];
    if (noted !== undefined && hash === undefined) {
      throw new CommandError('invalid', 'A seal is a number, a colon and 64 letters and digits.', 'seal');
    }
    const key = `${id}:${hash}`.toLowerCase();
    if (!this.#checks.has(key)) {
      if (this.#checks.size >= 4)
        throw new CommandError('too-many', 'The log is being checked already. Try again soon.');
      const seal = hash === undefined ? undefined : { id: Number(id), hash: hash.toLowerCase() };
      this.#checks.set(
        key,
        this.#audit.verify(seal).finally(() => this.#checks.delete(key)),
      );
    }
    const verdict = await this.#checks.get(key)!;
    if (id !== undefined && verdict.ok && Number(id) <= verdict.deletedUpTo) {
      throw new CommandError(
        'invalid',
        'The row of this seal has been deleted by age since: it proves nothing any more.',
        'seal',
      );
    }
    return { ...verdict, seal: sealText({ id: verdict.last, hash: verdict.head }) };
  }

  /** All rows that fit as lines of CSV (RFC 4180), the newest first, a few hundred at a time. */
  async *csv(by: Actor, filter: AuditFilter): AsyncGenerator<string> {
    await record(this.#audit, by, 'audit.export', '');
    // The mark tells spreadsheets that it is UTF-8.
    yield `\ufeff${line(HEAD)}`;
    for (let before: number | undefined; ; ) {
      const { rows, next } = await this.#audit.find(
        await this.#called(query({ ...filter, limit: LOT, ...(before && { before }) })),
      );
      const lines = rows.map(({ id, time, actor, door, action, subject, detail, hash }) =>
        line([id, new Date(time).toISOString(), actor, door, action, subject, JSON.stringify(detail), hash]),
      );
      if (lines.length > 0) yield lines.join('');
      if (next === undefined) return;
      before = next;
    }
  }
}
