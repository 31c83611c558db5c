import type { Accounts } from '../storage/stores/accounts.ts';
import type { Certificates } from '../storage/stores/certificates.ts';
import type { House, HouseCounters } from './house.ts';

export interface Figures {
  readonly time: number;
  readonly people: { total: number; online: number; disabled: number };
  readonly sessions: number;
  /** A second, over the last two seconds. */
  readonly rates: { messages: number; presences: number; iqs: number; logins: number };
  readonly totals: HouseCounters;
  /** Seconds. */
  readonly uptime: number;
  readonly version: string;
  /** This machine's own name. */
  readonly hostname: string;
  readonly domains: string[];
  /** Of the domains served; `notAfter` in milliseconds since 1970. */
  readonly certificates: { domain: string; notAfter: number; source: string }[];
  readonly listeners: ListenerView[];
  /** Milliseconds by which the event loop was late in the last ten seconds, as everywhere. */
  readonly eventLoopDelay: { median: number; p99: number; max: number };
  /** Bytes. */
  readonly memory: { resident: number; heap: number };
}

/** As `{ name: 'c2s', address: '[::]:5222' }`. */
export interface ListenerView {
  readonly name: string;
  readonly address: string;
}

export interface OverviewOptions {
  readonly accounts: Accounts;
  readonly certificates: Certificates;
  readonly house: House;
  readonly counters: HouseCounters;
  readonly version: string;
  readonly hostname: string;
  readonly listeners: () => readonly ListenerView[];
  /** What the figures have measured of it last. */
  readonly late: () => Figures['eventLoopDelay'];
  /** Between two samples; 2,000. */
  readonly everyMs?: number;
}

/** What the server is doing: rates are sampled all the time, which is cheap; the rest is measured while somebody looks. */
export class Overview {
  readonly #options: OverviewOptions;
  readonly #timer: NodeJS.Timeout;
  readonly #started = performance.now();
  readonly #lookers = new Set<(figures: Figures) => void>();
  #before: HouseCounters;
  #sampledAt = performance.now();
  #rates = { messages: 0, presences: 0, iqs: 0, logins: 0 };
  #latest: { until: number; figures: Promise<Figures> } | undefined;

  constructor(options: OverviewOptions) {
    this.#options = options;
    this.#before = { ...options.counters };
    this.#timer = setInterval(() => this.#sample(), options.everyMs ?? 2_000);
    this.#timer.unref();
  }

  /** The figures of the last sample; asked for twice, they are counted once. */
  figures(): Promise<Figures> {
    if (this.#latest === undefined || performance.now() > this.#latest.until) {
      const figures = this.#count();
      this.#latest = { until: performance.now() + 500, figures };
      figures.catch(() => {
        this.#latest = undefined;
      });
    }
    return this.#latest.figures;
  }

  /** Calls `looker` with every sample until the returned function is called. */
  onSample(looker: (figures: Figures) => void): () => void {
    this.#lookers.add(looker);
    return () => this.#lookers.delete(looker);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#lookers.clear();
  }

  #sample(): void {
    const { counters } = this.#options;
    const now = performance.now();
    const seconds = Math.max(0.001, (now - this.#sampledAt) / 1_000);
    const rate = (name: keyof HouseCounters) => Math.round(((counters[name] - this.#before[name]) / seconds) * 10) / 10;
    this.#rates = {
      messages: rate('messages'),
      presences: rate('presences'),
      iqs: rate('iqs'),
      logins: rate('logins'),
    };
    this.#before = { ...counters };
    this.#sampledAt = now;
    if (this.#lookers.size === 0) return;
    this.#latest = undefined;
    this.figures().then(
      (figures) => {
        for (const looker of this.#lookers) looker(figures);
      },
      () => undefined, // the store could not count: the next sample may
    );
  }

  async #count(): Promise<Figures> {
    const { accounts, certificates, house, counters, version, hostname, listeners, late } = this.#options;
    const domains = [...house.domains()];
    const [total, disabled, terms] = await Promise.all([
      accounts.count(),
      accounts.page({ status: 'disabled', limit: 1 }),
      certificates.terms(),
    ]);
    const { rss, heapUsed } = process.memoryUsage();
    const { messages, presences, iqs, delivered, bounced, logins, loginFailures } = counters;
    return {
      time: Date.now(),
      people: {
        total,
        online: domains.reduce((sum, domain) => sum + (house.get(domain)?.sessions.accounts ?? 0), 0),
        disabled: disabled.total,
      },
      sessions: domains.reduce((sum, domain) => sum + (house.get(domain)?.sessions.count ?? 0), 0),
      rates: this.#rates,
      totals: { messages, presences, iqs, delivered, bounced, logins, loginFailures },
      uptime: Math.round((performance.now() - this.#started) / 100) / 10,
      version,
      hostname,
      domains,
      certificates: terms.filter(({ domain }) => domains.includes(domain)),
      listeners: listeners().map(({ name, address }) => ({ name, address })),
      eventLoopDelay: late(),
      memory: { resident: rss, heap: heapUsed },
    };
  }
}
