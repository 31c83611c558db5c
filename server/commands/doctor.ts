import { bySeverity, type Check, type Finding } from './doctor/finding.ts';

export type { Finding } from './doctor/finding.ts';

export interface Diagnosis {
  /** ms since 1970 */
  readonly time: number;
  /** The worst first. */
  readonly findings: Finding[];
}

/** So long one check may take; then it is said that it could not be done. */
const PATIENCE_MS = 10_000;
/** So long a diagnosis is shown again to who only looks. */
const FRESH_MS = 5 * 60_000;

/** Looks at everything that may be wrong with the house and the machine it is on. */
export class Doctor {
  readonly #checks: readonly Check[];
  readonly #now: () => number;
  readonly #patience: number;
  #last: Diagnosis | undefined;
  #running: Promise<Diagnosis> | undefined;

  constructor(checks: readonly Check[], now: () => number = Date.now, patience = PATIENCE_MS) {
    this.#checks = checks;
    this.#now = now;
    this.#patience = patience;
  }

  /** The last diagnosis, if it is not older than five minutes, else a new one. */
  async latest(): Promise<Diagnosis> {
    const last = this.#last;
    return last !== undefined && this.#now() - last.time < FRESH_MS ? last : this.examine();
  }

  /** A new one: all checks at the same time. Two who ask at once get the same. Never rejects. */
  examine(): Promise<Diagnosis> {
    this.#running ??= this.#examine().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #examine(): Promise<Diagnosis> {
    const found = await Promise.all(this.#checks.map((check) => this.#try(check)));
    this.#last = { time: this.#now(), findings: found.flat().sort(bySeverity) };
    return this.#last;
  }

  async #try({ code, title, run }: Check): Promise<readonly Finding[]> {
    const unknown = (sentence: string): Finding[] => [
      { code, severity: 'warn', title, sentence, remedy: 'Run the doctor again; the log may say more.', link: '' },
    ];
    const limit = new AbortController();
    const late = Promise.withResolvers<readonly Finding[]>();
    const timer = setTimeout(() => {
      limit.abort();
      late.resolve(unknown('This could not be found out in time.'));
    }, this.#patience);
    try {
      return await Promise.race([run(limit.signal), late.promise]);
    } catch (error) {
      return unknown(`This could not be found out: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      clearTimeout(timer);
    }
  }
}
