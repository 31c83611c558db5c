import { type Database, sql } from '../database.ts';

export type RuleKind = 'domain' | 'department' | 'room';

/** How long the messages of a domain, a department's people or a room are kept. */
export interface ArchiveRule {
  readonly domain: string;
  readonly kind: RuleKind;
  /** '' for the domain; the number of a department or a room. */
  readonly subject: string;
  /** Days for which messages are kept, 0 for ever. */
  readonly days: number;
  /** From now on nothing is kept; what was before goes by its days. */
  readonly silent: boolean;
  /** What has a smaller archive id goes, however young it is; 0 for nothing. */
  readonly before: number;
}

interface Row extends Omit<ArchiveRule, 'silent'> {
  readonly silent: number;
}

type Place = Pick<ArchiveRule, 'domain' | 'kind' | 'subject'>;

const keyOf = ({ kind, subject }: Place): string => `${kind} ${subject}`;

/**
 * Rules of archives. All are at hand: every message asks. Where nothing was decided there is none, and everything is kept for
 * ever. `load` is called once, before the first message.
 */
export class ArchiveRules {
  readonly #db: Database;
  readonly #domains = new Map<string, Map<string, ArchiveRule>>();
  /** Domains that have departments in which nothing is kept. */
  readonly #silent = new Set<string>();
  readonly #watchers = new Set<(domain: string) => void>();

  constructor(db: Database) {
    this.#db = db;
  }

  async load(): Promise<void> {
    const rows = await this.#db.all<Row>(sql`SELECT domain, kind, subject, days, silent, before FROM archive_rule`);
    for (const row of rows) this.#put({ ...row, silent: row.silent === 1 });
  }

  /** The rules of a domain. */
  of(domain: string): ArchiveRule[] {
    return [...(this.#domains.get(domain)?.values() ?? [])];
  }

  /** Whether anything was decided for a domain. */
  has(domain: string): boolean {
    return this.#domains.has(domain);
  }

  /** Whether there is a department in which nothing is kept. */
  hasSilentDepartments(domain: string): boolean {
    return this.#silent.has(domain);
  }

  get(place: Place): ArchiveRule | undefined {
    return this.#domains.get(place.domain)?.get(keyOf(place));
  }

  /** Sets a rule. On disk when it resolves; it holds from then on. */
  async set(rule: ArchiveRule): Promise<void> {
    const { domain, kind, subject, days, silent, before } = rule;
    await this.#db.run(sql`INSERT INTO archive_rule (domain, kind, subject, days, silent, before)
      VALUES (${domain}, ${kind}, ${subject}, ${days}, ${silent ? 1 : 0}, ${before})
      ON CONFLICT (domain, kind, subject) DO UPDATE SET
        days = excluded.days, silent = excluded.silent, before = excluded.before`);
    this.#put(rule);
    this.#tell(domain);
  }

  async remove(place: Place): Promise<void> {
    const { domain, kind, subject } = place;
    await this.#db.run(
      sql`DELETE FROM archive_rule WHERE domain = ${domain} AND kind = ${kind} AND subject = ${subject}`,
    );
    const rules = this.#domains.get(domain);
    rules?.delete(keyOf(place));
    if (rules?.size === 0) this.#domains.delete(domain);
    this.#note(domain);
    this.#tell(domain);
  }

  /** Forgets what was decided for a domain that is not served any more. */
  async forget(domain: string): Promise<void> {
    this.#domains.delete(domain);
    this.#note(domain);
    await this.#db.run(sql`DELETE FROM archive_rule WHERE domain = ${domain}`);
  }

  /** Calls `watcher` at every change, once it is on disk. What it gives ends that. */
  watch(watcher: (domain: string) => void): () => void {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  #put(rule: ArchiveRule): void {
    let rules = this.#domains.get(rule.domain);
    if (rules === undefined) {
      rules = new Map();
      this.#domains.set(rule.domain, rules);
    }
    rules.set(keyOf(rule), rule);
    this.#note(rule.domain);
  }

  #note(domain: string): void {
    if (this.of(domain).some(({ kind, silent }) => kind === 'department' && silent)) this.#silent.add(domain);
    else this.#silent.delete(domain);
  }

  #tell(domain: string): void {
    for (const watcher of this.#watchers) watcher(domain);
  }
}
