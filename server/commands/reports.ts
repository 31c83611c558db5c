import type { Audit } from '../storage/stores/audit.ts';
import type { Report, Reports } from '../storage/stores/reports.ts';
import { type Actor, record } from './actor.ts';
import { CommandError } from './command-error.ts';

export interface ReportView {
  readonly id: number;
  readonly time: number;
  /** Who reported, as a bare address. */
  readonly reporter: string;
  /** Who was blocked and reported. */
  readonly subject: string;
  /** `spam`, `abuse`, or another word of the client's. */
  readonly reason: string;
  readonly text: string;
  readonly messages: { time: number; text: string }[];
}

const REASONS = 'urn:xmpp:reporting:';

function view({ id, time, reporter, subject, reason, text, messages }: Report): ReportView {
  const short = reason.startsWith(REASONS) ? reason.slice(REASONS.length) : reason;
  return { id, time, reporter, subject, reason: short, text, messages: messages.map((one) => ({ ...one })) };
}

/** What people report when they block somebody (XEP-0377). */
export class ReportCommands {
  readonly #reports: Reports;
  readonly #audit: Audit;

  constructor(reports: Reports, audit: Audit) {
    this.#reports = reports;
    this.#audit = audit;
  }

  /** The newest first; `before` is an id. */
  async page(before: number | undefined, limit = 50): Promise<{ rows: ReportView[]; total: number; hasMore: boolean }> {
    const [rows, total] = await Promise.all([this.#reports.page(limit + 1, before), this.#reports.count()]);
    return { rows: rows.slice(0, limit).map(view), total, hasMore: rows.length > limit };
  }

  /** Removes a report that was dealt with. Throws CommandError `report-not-found`. */
  async remove(by: Actor, id: number): Promise<void> {
    const [report] = await this.#reports.page(1, id + 1);
    if (report?.id !== id || !(await this.#reports.remove(id)))
      throw new CommandError('report-not-found', `There is no report ${id}.`);
    await record(this.#audit, by, 'report.remove', report.subject, { reporter: report.reporter });
  }
}
