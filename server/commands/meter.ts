import { monitorEventLoopDelay } from 'node:perf_hooks';

/** What the machine gave this process between two looks. */
export interface Measured {
  /** Per cent of one core. */
  readonly cpu: number;
  /** Bytes: of the process, and of what JavaScript has taken. */
  readonly memory: number;
  readonly heap: number;
  /** Milliseconds by which the event loop was late: half of the time at most, 99 of 100 times, and at worst. */
  readonly late: { readonly median: number; readonly p99: number; readonly max: number };
}

/** The histogram ticks so often: twenty wake-ups a second cost a thousandth of a core. What it records includes the tick itself. */
const TICK_MS = 50;

/** Measures the process from one look to the next. */
export class Meter {
  readonly #delay = monitorEventLoopDelay({ resolution: TICK_MS });
  #used = process.cpuUsage();
  #at = performance.now();

  constructor() {
    this.#delay.enable();
  }

  look(): Measured {
    const now = performance.now();
    const used = process.cpuUsage(this.#used);
    const { rss, heapUsed } = process.memoryUsage();
    const late = (nanoseconds: number) =>
      this.#delay.count === 0 ? 0 : Math.max(0, Math.round((nanoseconds / 1e6 - TICK_MS) * 100) / 100);
    const measured = {
      cpu: Math.round(((used.user + used.system) / 1_000 / Math.max(1, now - this.#at)) * 1_000) / 10,
      memory: rss,
      heap: heapUsed,
      late: {
        median: late(this.#delay.percentile(50)),
        p99: late(this.#delay.percentile(99)),
        max: late(this.#delay.max),
      },
    };
    this.#used = process.cpuUsage();
    this.#at = now;
    this.#delay.reset();
    return measured;
  }

  /** Seconds of CPU since the process started, its memory now, and when it started (s since 1970). */
  totals(): { readonly cpuSeconds: number; readonly memory: number; readonly startedAt: number } {
    const { user, system } = process.cpuUsage();
    return {
      cpuSeconds: (user + system) / 1e6,
      memory: process.memoryUsage.rss(),
      startedAt: Math.round(Date.now() / 1_000 - process.uptime()),
    };
  }

  close(): void {
    this.#delay.disable();
  }
}
