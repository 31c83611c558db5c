import type { Audit, AuditDoor } from '../storage/stores/audit.ts';

export interface AuditView {
  readonly id: number;
  readonly time: number;
  readonly actor: string;
  readonly door: AuditDoor;
  readonly action: string;
  readonly subject: string;
  readonly detail: Record<string, string | number | boolean | null>;
}

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

/** Reading the audit log. */
export class AuditCommands {
  readonly #audit: Audit;

  constructor(audit: Audit) {
    this.#audit = audit;
  }

  /** The newest first; `before` is an id. */
  async page(before: number | undefined, limit = 50): Promise<{ rows: AuditView[]; hasMore: boolean }> {
    const rows = await this.#audit.page({ limit: limit + 1, ...(before !== undefined && { beforeId: before }) });
    const shown = rows.slice(0, limit).map((row) => ({
      id: row.id,
      time: row.time,
      actor: row.actor,
      door: row.door,
      action: row.action,
      subject: row.subject,
      detail: plain(row.detail),
    }));
    return { rows: shown, hasMore: rows.length > limit };
  }
}
