import type { FigureHours } from '../storage/stores/figure-hours.ts';
import type { Uploads } from '../storage/stores/uploads.ts';
import { columns, type FigureColumns, type FigureSample, merge, pack, unpack } from './figure-sample.ts';
import type { House, HouseCounters } from './house.ts';
import { Meter } from './meter.ts';

export interface FigureHistoryOptions {
  readonly house: House;
  readonly counters: HouseCounters;
  /** How many links with other servers there are. */
  readonly links: () => number;
  readonly uploads: Pick<Uploads, 'total'>;
  readonly store: FigureHours;
  readonly now?: () => number;
  /** Between two samples; 10,000. */
  readonly everyMs?: number;
}

export type FigureRange = 'hour' | 'day';

export interface FigureView {
  readonly range: FigureRange;
  /** ms between two samples, where none is missing. */
  readonly every: number;
  readonly samples: FigureColumns;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** Samples a minute, and how many are in memory of the last hour and of the last day. */
const PER_MINUTE = 6;
const RECENT = 360;
const MINUTES = 24 * 60;

/**
 * A day of what the house did: every ten seconds of the last hour, in memory; every minute of the last day, on disk as well. What it
 * reads is counted anyway, so that no stanza pays for it.
 */
export class FigureHistory {
  readonly meter = new Meter();
  readonly #options: FigureHistoryOptions;
  readonly #now: () => number;
  readonly #timer: NodeJS.Timeout;
  readonly #lookers = new Set<(sample: FigureSample) => void>();
  readonly #recent: FigureSample[] = [];
  readonly #minutes: FigureSample[] = [];
  /** Samples that have not become a minute yet. */
  #open: FigureSample[] = [];
  #before: HouseCounters;
  #at = performance.now();
  #files = { files: 0, bytes: 0 };

  constructor(options: FigureHistoryOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#before = { ...options.counters };
    this.#timer = setInterval(() => this.sample(), options.everyMs ?? 10_000);
    this.#timer.unref();
  }

  /** Reads what was kept before the restart. */
  async load(): Promise<void> {
    const now = this.#now();
    await this.#countFiles();
    for (const stored of await this.#options.store.since(Math.floor((now - DAY_MS) / HOUR_MS))) {
      const sample = unpack(stored);
      if (sample !== undefined && sample.at <= now && sample.at > now - DAY_MS) add(this.#minutes, sample, MINUTES);
    }
  }

  /** What was measured last; of a house that has just started, now. */
  latest(): FigureSample {
    return this.#recent.at(-1) ?? this.sample();
  }

  view(range: FigureRange): FigureView {
    if (range === 'day') {
      const open = this.#open.length > 0 ? [merge(this.#open)] : [];
      return { range, every: MINUTE_MS, samples: columns([...this.#minutes, ...open]) };
    }
    // Of the time before a restart there is only a sample a minute.
    const first = this.#recent[0]?.at ?? Number.POSITIVE_INFINITY;
    const since = this.#now() - HOUR_MS;
    const older = this.#minutes.filter(({ at }) => at > since && at < first);
    return { range, every: MINUTE_MS / PER_MINUTE, samples: columns([...older, ...this.#recent]) };
  }

  /** Calls `looker` with every sample until the returned function is called. */
  onSample(looker: (sample: FigureSample) => void): () => void {
    this.#lookers.add(looker);
    return () => this.#lookers.delete(looker);
  }

  /** Measures now. */
  sample(): FigureSample {
    const { house, counters, links } = this.#options;
    const now = performance.now();
    const seconds = Math.max(0.001, (now - this.#at) / 1_000);
    const rate = (name: keyof HouseCounters) =>
      Math.round(((counters[name] - this.#before[name]) / seconds) * 100) / 100;
    const hosts = house.domains().map((domain) => house.get(domain)?.sessions);
    const { cpu, memory, heap, late } = this.meter.look();
    const sample: FigureSample = {
      at: this.#now(),
      sessions: hosts.reduce((sum, one) => sum + (one?.count ?? 0), 0),
      online: hosts.reduce((sum, one) => sum + (one?.accounts ?? 0), 0),
      messages: rate('messages'),
      delivered: rate('delivered'),
      bounced: rate('bounced'),
      logins: rate('logins'),
      refused: rate('loginFailures'),
      links: links(),
      files: this.#files.files,
      fileBytes: this.#files.bytes,
      cpu,
      memory,
      heap,
      lateMedian: late.median,
      late99: late.p99,
      lateMax: late.max,
    };
    this.#before = { ...counters };
    this.#at = now;
    add(this.#recent, sample, RECENT);
    this.#open.push(sample);
    if (this.#open.length >= PER_MINUTE) this.#endMinute();
    for (const looker of this.#lookers) looker(sample);
    return sample;
  }

  /** Writes down what has not become a minute. */
  close(): void {
    clearInterval(this.#timer);
    this.#lookers.clear();
    if (this.#open.length > 0) this.#endMinute();
    this.meter.close();
  }

  #endMinute(): void {
    const minute = merge(this.#open);
    this.#open = [];
    add(this.#minutes, minute, MINUTES);
    const hour = Math.floor(minute.at / HOUR_MS);
    const samples = this.#minutes.filter(({ at }) => Math.floor(at / HOUR_MS) === hour).map(pack);
    // A minute that could not be written is there in memory, and is written with the next one.
    this.#options.store.keep(hour, samples, hour - 24, () => undefined);
    this.#countFiles().catch(() => undefined);
  }

  async #countFiles(): Promise<void> {
    this.#files = await this.#options.uploads.total();
  }
}

/** After a clock was set back what is to come would stand before what was: that goes. */
function add(list: FigureSample[], sample: FigureSample, most: number): void {
  while (list.length > 0 && list.at(-1)!.at >= sample.at) list.pop();
  list.push(sample);
  if (list.length > most) list.splice(0, list.length - most);
}
