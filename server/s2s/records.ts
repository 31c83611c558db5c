import { setImmediate as turn } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import type {
  AttemptRow,
  FederationAttempts,
  KnownDomain,
  StoredAttempt,
} from '../storage/stores/federation-attempts.ts';
import type { Attempt } from './attempt.ts';

const HOUR = 60 * 60 * 1_000;
/** For how long attempts are kept. */
export const KEPT_FOR = 30 * 24 * HOUR;
/** Attempts are written together, after so many ms. */
const TOGETHER = 250;
/** That wait to be written; of claims of strangers fewer, for they come as fast as somebody sends them. */
const WAITING = 2_000;
const CLAIMS_WAITING = 200;
/** Those that go in one write when a month is over. */
const SLICE = 500;
/** Characters of one attempt. */
const LONGEST = 16_384;

export interface RecordsOptions {
  readonly store: Pick<FederationAttempts, 'add' | 'repeat' | 'of' | 'domain' | 'names' | 'known' | 'expire'>;
  readonly log: { warn(facts: object, text: string): void };
  readonly now?: () => number;
}

type Row = { -readonly [Name in keyof AttemptRow]: AttemptRow[Name] };

/** The last of a kind, and whether it is in the store already. */
interface Last {
  readonly row: Row;
  written: boolean;
  /** How often it has happened again since it was written. */
  again: number;
}

/**
 * Writes down what became of links, so that it can be explained for a month. It never makes a link wait, and the same failure
 * many times within an hour is one line that says how often.
 */
export class Records {
  readonly #options: RecordsOptions;
  readonly #now: () => number;
  /** By direction and domain, those of mere claims apart. */
  readonly #lasts = new LRUCache<string, Last>({ max: 5_000 });
  #rows: Last[] = [];
  #repeated = new Set<Last>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #housekeeping: NodeJS.Timeout | undefined;

  constructor(options: RecordsOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** Begins to forget what is older than a month: now, and every hour. */
  start(): void {
    const expire = (): void => {
      this.expire().catch((error: unknown) => {
        this.#options.log.warn({ err: error }, 'old attempts of federation could not be removed');
      });
    };
    expire();
    this.#housekeeping = setInterval(expire, HOUR).unref();
  }

  /** Writes one down, in a moment. */
  add(attempt: Attempt): void {
    const proven = attempt.direction === 'out' || attempt.outcome === 'connected' || attempt.theirs !== undefined;
    const key = `${attempt.direction} ${proven} ${attempt.domain}`;
    const code = attempt.outcome === 'failed' ? (attempt.problem?.code ?? 'closed') : '';
    const before = this.#lasts.get(key);
    if (before !== undefined && isSame(before.row, attempt, code)) {
      before.row.lastAt = attempt.at;
      before.row.attempt = clipped(attempt);
      if (!before.written) before.row.times++;
      else {
        before.again++;
        this.#repeated.add(before);
      }
      this.#soon();
      return;
    }
    if (this.#rows.length >= (proven ? WAITING : CLAIMS_WAITING)) return;
    const { domain, local, direction, at, outcome } = attempt;
    const row = {
      domain,
      local,
      direction,
      proven,
      at,
      lastAt: at,
      times: 1,
      outcome,
      code,
      attempt: clipped(attempt),
    };
    const last = { row, written: false, again: 0 };
    this.#lasts.set(key, last);
    this.#rows.push(last);
    this.#soon();
  }

  /** The last attempts of a domain, the newest first. */
  async of(domain: string, limit: number): Promise<StoredAttempt[]> {
    await this.flush();
    return this.#options.store.of(domain, limit);
  }

  async domain(domain: string): Promise<KnownDomain | undefined> {
    await this.flush();
    return this.#options.store.domain(domain);
  }

  /** Of which domains something is known; mere claims of strangers to be one only if wanted. */
  async names(claimed = false): Promise<string[]> {
    await this.flush();
    return this.#options.store.names(claimed);
  }

  /** What is known of some, at most 1,000. */
  async known(domains: readonly string[]): Promise<KnownDomain[]> {
    await this.flush();
    return this.#options.store.known(domains);
  }

  /** Forgets what is older than a month, a slice at a time. */
  async expire(): Promise<void> {
    const before = this.#now() - KEPT_FOR;
    while ((await this.#options.store.expire(before, SLICE)) === SLICE) await turn();
  }

  /** Resolves when all that was added is on disk, or could not be written, which is logged. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const rows = this.#rows;
    const repeated = this.#repeated;
    this.#rows = [];
    this.#repeated = new Set();
    if (rows.length + repeated.size > 0) {
      // One write after the other: what happened again comes after what it is a repetition of.
      this.#writing = this.#writing.then(() => this.#write(rows, repeated));
    }
    await this.#writing;
  }

  async close(): Promise<void> {
    clearInterval(this.#housekeeping);
    await this.flush();
  }

  #soon(): void {
    this.#timer ??= setTimeout(() => void this.flush(), TOGETHER).unref();
  }

  async #write(lasts: readonly Last[], repeated: ReadonlySet<Last>): Promise<void> {
    const { store, log } = this.#options;
    try {
      for (const last of repeated) {
        const times = last.again;
        last.again = 0;
        await store.repeat({ ...last.row, times });
      }
      if (lasts.length === 0) return;
      for (const last of lasts) last.written = true;
      await store.add(lasts.map(({ row }) => ({ ...row })));
    } catch (error) {
      log.warn({ err: error }, 'attempts of federation could not be written down');
    }
  }
}

/** The same failure again, within an hour of the first. */
function isSame(row: Row, attempt: Attempt, code: string): boolean {
  return (
    code !== '' &&
    row.code === code &&
    row.local === attempt.local &&
    attempt.at >= row.at &&
    attempt.at - row.at < HOUR
  );
}

/** An attempt of which nothing is too long: names and words in it are the other side's. */
function clipped(attempt: Attempt): unknown {
  const small = clip(attempt, 20);
  if (JSON.stringify(small).length <= LONGEST) return small;
  const smaller = clip(attempt, 4) as Record<string, unknown>;
  if (JSON.stringify(smaller).length <= LONGEST) return smaller;
  return { ...smaller, chain: undefined, srv: undefined, tries: undefined };
}

function clip(value: unknown, most: number): unknown {
  if (typeof value === 'string') return value.slice(0, 300).toWellFormed();
  if (Array.isArray(value)) return value.slice(0, most).map((one) => clip(one, most));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, 40)
      .map(([name, one]) => [name, clip(one, most)]),
  );
}
