import { FigureHistory } from './figure-history.ts';
import { Health } from './health.ts';
import { MetricsCommands } from './metrics.ts';
import type { CommandOptions } from './needs.ts';
import { Overview } from './overview.ts';

/** How the house is and was: for its first page, its plots, a program that collects figures, and one that only wants to know whether it lives. */
export async function openWatching(options: CommandOptions) {
  const { stores, house, counters, version, listeners } = options;
  const figures = new FigureHistory({
    house,
    counters,
    links: () => options.federation.running.links().length,
    uploads: stores.uploads,
    store: stores.figureHours,
  });
  await figures.load();
  const overview = new Overview({
    accounts: stores.accounts,
    certificates: stores.certificates,
    house,
    counters,
    version,
    hostname: options.hostname,
    listeners,
    late: () => {
      const { lateMedian, late99, lateMax } = figures.latest();
      return { median: lateMedian, p99: late99, max: lateMax };
    },
  });
  const metrics = new MetricsCommands(stores, house, overview, figures);
  await metrics.load();
  const health = new Health({
    write: () => stores.settings.set('health', Date.now()),
    listening: options.listening ?? (async () => true),
  });
  return { overview, figures, metrics, health };
}
