import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Audit } from '../storage/stores/audit.ts';
import type { Settings } from '../storage/stores/settings.ts';
import { type Actor, record } from './actor.ts';
import type { FigureHistory } from './figure-history.ts';
import type { House } from './house.ts';
import { type Metric, metricsText } from './metrics-text.ts';
import type { Figures, Overview } from './overview.ts';

const NAME = 'metrics-token';
/** ms for which a text that was made is given again. */
const HOLDS_MS = 1_000;

/** What is stored of the token: what it is cannot be told from that. */
interface Stored {
  readonly hash: string;
  readonly createdAt: number;
}

const hashOf = (token: string): Buffer => createHash('sha256').update(`hallway metrics ${token}`).digest();

function stored(value: unknown): Stored | undefined {
  const { hash, createdAt } = (value ?? {}) as Partial<Stored>;
  if (typeof hash !== 'string' || !/^[0-9a-f]{64}$/.test(hash) || typeof createdAt !== 'number') return undefined;
  return { hash, createdAt };
}

/** The figures for Prometheus, for whoever has the token. Until one is made there are none. */
export class MetricsCommands {
  readonly #settings: Settings;
  readonly #audit: Audit;
  readonly #house: House;
  readonly #overview: Overview;
  readonly #history: FigureHistory;
  #token: Stored | undefined;
  #text: { readonly until: number; readonly text: Promise<string> } | undefined;

  constructor(
    { settings, audit }: { readonly settings: Settings; readonly audit: Audit },
    house: House,
    overview: Overview,
    history: FigureHistory,
  ) {
    this.#settings = settings;
    this.#audit = audit;
    this.#house = house;
    this.#overview = overview;
    this.#history = history;
  }

  async load(): Promise<void> {
    this.#token = stored(await this.#settings.get(NAME));
  }

  /** Whether there is a token, and since when (ms since 1970). */
  state(): { readonly on: boolean; readonly createdAt: number | null } {
    return { on: this.#token !== undefined, createdAt: this.#token?.createdAt ?? null };
  }

  /** Makes a token, which is told this once; the one before it is good for nothing from now on. */
  async makeToken(by: Actor): Promise<{ readonly token: string; readonly createdAt: number }> {
    const token = randomBytes(32).toString('base64url');
    const fresh = { hash: hashOf(token).toString('hex'), createdAt: Date.now() };
    const rotated = this.#token !== undefined;
    await this.#settings.set(NAME, fresh);
    this.#token = fresh;
    await record(this.#audit, by, 'metrics.token', '', { rotated });
    return { token, createdAt: fresh.createdAt };
  }

  /** Takes the token away. */
  async off(by: Actor): Promise<void> {
    if (this.#token === undefined) return;
    await this.#settings.remove(NAME);
    this.#token = undefined;
    await record(this.#audit, by, 'metrics.off', '');
  }

  /** Whether this is the token. Takes as long for each. */
  allows(token: string): boolean {
    const known = this.#token;
    return known !== undefined && timingSafeEqual(hashOf(token), Buffer.from(known.hash, 'hex'));
  }

  /** The text to be scraped; made at most once a second. */
  text(): Promise<string> {
    const now = performance.now();
    if (this.#text === undefined || now >= this.#text.until) {
      const text = this.#make();
      this.#text = { until: now + HOLDS_MS, text };
      text.catch(() => {
        this.#text = undefined;
      });
    }
    return this.#text.text;
  }

  async #make(): Promise<string> {
    return metricsText([...this.#ofHouse(await this.#overview.figures()), ...this.#ofMachine()]);
  }

  #ofHouse({ version, people, totals, certificates }: Figures): Metric[] {
    const each = (value: (sessions: { count: number; accounts: number }) => number) =>
      this.#house.domains().map((domain) => {
        const sessions = this.#house.get(domain)?.sessions;
        return { labels: { domain }, value: sessions === undefined ? 0 : value(sessions) };
      });
    const gauge = (name: string, help: string, samples: Metric['samples']): Metric => ({
      name,
      type: 'gauge',
      help,
      samples,
    });
    const counter = (name: string, help: string, samples: Metric['samples']): Metric => ({
      name,
      type: 'counter',
      help,
      samples,
    });
    const { links, files, fileBytes } = this.#history.latest();
    return [
      gauge('hallway_build_info', 'The version that runs.', [{ labels: { version }, value: 1 }]),
      gauge('hallway_accounts', 'People who have an account, by what they may do.', [
        { labels: { status: 'active' }, value: people.total - people.disabled },
        { labels: { status: 'disabled' }, value: people.disabled },
      ]),
      gauge(
        'hallway_accounts_online',
        'People who have a device connected.',
        each(({ accounts }) => accounts),
      ),
      gauge(
        'hallway_sessions',
        'Devices that are connected.',
        each(({ count }) => count),
      ),
      counter('hallway_stanzas_received_total', 'Stanzas that came in, by kind.', [
        { labels: { kind: 'message' }, value: totals.messages },
        { labels: { kind: 'presence' }, value: totals.presences },
        { labels: { kind: 'iq' }, value: totals.iqs },
      ]),
      counter('hallway_stanzas_delivered_total', 'Stanzas handed to devices.', [{ value: totals.delivered }]),
      counter('hallway_stanzas_bounced_total', 'Stanzas answered with an error.', [{ value: totals.bounced }]),
      counter('hallway_logins_total', 'Logins of devices, by how they ended.', [
        { labels: { result: 'success' }, value: totals.logins },
        { labels: { result: 'failure' }, value: totals.loginFailures },
      ]),
      gauge('hallway_federation_links', 'Connections with other servers.', [{ value: links }]),
      gauge('hallway_uploads', 'Uploaded files that are kept.', [{ value: files }]),
      gauge('hallway_uploads_bytes', 'What uploaded files take on the disk.', [{ value: fileBytes }]),
      gauge(
        'hallway_certificate_expiry_timestamp_seconds',
        'When the certificate of a domain ends, in seconds since 1970.',
        certificates.map(({ domain, notAfter }) => ({ labels: { domain }, value: Math.floor(notAfter / 1_000) })),
      ),
    ];
  }

  #ofMachine(): Metric[] {
    const { cpuSeconds, memory, startedAt } = this.#history.meter.totals();
    const { lateMedian, late99, lateMax } = this.#history.latest();
    const late = (of: string, milliseconds: number) => ({ labels: { of }, value: milliseconds / 1_000 });
    return [
      {
        name: 'hallway_event_loop_delay_seconds',
        type: 'gauge',
        help: 'How late the event loop was in the last ten seconds: half of the time at most, 99 of 100 times, at worst.',
        samples: [late('median', lateMedian), late('p99', late99), late('worst', lateMax)],
      },
      {
        name: 'process_cpu_seconds_total',
        type: 'counter',
        help: 'CPU time that was used, in seconds.',
        samples: [{ value: cpuSeconds }],
      },
      {
        name: 'process_resident_memory_bytes',
        type: 'gauge',
        help: 'Memory of the process, in bytes.',
        samples: [{ value: memory }],
      },
      {
        name: 'process_start_time_seconds',
        type: 'gauge',
        help: 'When the process started, in seconds since 1970.',
        samples: [{ value: startedAt }],
      },
    ];
  }
}
