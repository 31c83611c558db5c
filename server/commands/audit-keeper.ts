import type { OptionValues } from '../host/option-values.ts';
import { numberOption, type Option } from '../host/options.ts';
import type { Audit } from '../storage/stores/audit.ts';
import { sealText } from './audit.ts';

/** What is logged by commands; pino's logger has it. */
export interface CommandLog {
  info(values: object, text: string): void;
  error(values: object, text: string): void;
}

export const auditMonths: Option<number> = numberOption({
  key: 'audit.months',
  scope: 'house',
  group: 'Activity and log',
  title: 'Keep what was done for',
  help: 'Older entries of the page Activity are deleted once a day; the log says so itself. 0: nothing is ever deleted.',
  least: 0,
  most: 600,
  unit: 'months',
  default: 0,
  // Else whoever may change settings has their own deeds forgotten.
  owner: true,
});

const DAY_MS = 86_400_000;

/** Once a day: deletes what is too old, and writes the seal of the audit log where the store's owner cannot change it afterwards. */
export class AuditKeeper {
  readonly #audit: Audit;
  readonly #options: OptionValues;
  readonly #log: CommandLog;
  readonly #now: () => number;
  #day = -1;

  constructor(audit: Audit, options: OptionValues, log: CommandLog, now: () => number) {
    this.#audit = audit;
    this.#options = options;
    this.#log = log;
    this.#now = now;
  }

  /** To be called every now and then; does its work on the first call of a day (UTC). */
  async tend(): Promise<void> {
    const now = this.#now();
    const day = Math.floor(now / DAY_MS);
    if (day === this.#day) return;
    this.#day = day;
    await this.expire(now);
    const seal = await this.#audit.seal();
    if (seal.id === 0) return; // nothing has been done yet
    this.#log.info(
      { seal: sealText(seal) },
      'the seal of the audit log; it proves that nothing up to there was changed',
    );
  }

  /** Deletes what is older than the months that are set. Gives how many rows that were. */
  async expire(now: number): Promise<number> {
    const months = this.#options.get(auditMonths);
    if (months === 0) return 0;
    const oldest = new Date(now);
    oldest.setUTCMonth(oldest.getUTCMonth() - months);
    let sum = 0;
    for (;;) {
      const rows = await this.#audit.expire(oldest.getTime(), now);
      if (rows === 0) return sum;
      sum += rows;
    }
  }
}
