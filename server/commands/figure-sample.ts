/** What was measured, in the order in which it is stored: new ones come last. */
export const FIGURES = [
  /** Devices that are connected, and people who have one. */
  'sessions',
  'online',
  /** A second: messages that came in, stanzas handed to devices, stanzas answered with an error. */
  'messages',
  'delivered',
  'bounced',
  /** A second: who came in, and whose password was wrong. */
  'logins',
  'refused',
  /** Links with other servers. */
  'links',
  /** Uploaded files that are kept, and their bytes. */
  'files',
  'fileBytes',
  /** Per cent of one core. */
  'cpu',
  /** Bytes: of the process, and of what JavaScript has taken. */
  'memory',
  'heap',
  /** Milliseconds by which the event loop was late: the median, 99 of 100, the worst. */
  'lateMedian',
  'late99',
  'lateMax',
] as const;

export type Figure = (typeof FIGURES)[number];

/** What was measured up to `at` (ms since 1970). */
export type FigureSample = Readonly<Record<Figure, number>> & { readonly at: number };

/** Samples by column, as they are plotted: the same length each, `at` ascending. */
export type FigureColumns = Readonly<Record<Figure | 'at', number[]>>;

/**
 * Several samples as one, at the time of the last, with the most of each: a mean would say of the day that there was less than the
 * hour says. There must be one at least.
 */
export function merge(samples: readonly FigureSample[]): FigureSample {
  const last = samples.at(-1)!;
  const most = FIGURES.map((name): [Figure, number] => [name, Math.max(...samples.map((sample) => sample[name]))]);
  return { ...(Object.fromEntries(most) as Record<Figure, number>), at: last.at };
}

/** As it is stored. */
export const pack = (sample: FigureSample): number[] => [sample.at, ...FIGURES.map((name) => sample[name])];

/** What was stored; undefined for what is no sample. One of an older release lacks what was not measured then. */
export function unpack(stored: unknown): FigureSample | undefined {
  if (!Array.isArray(stored) || !stored.every((one) => typeof one === 'number' && Number.isFinite(one)))
    return undefined;
  const [at, ...values] = stored as number[];
  if (at === undefined) return undefined;
  const pairs = FIGURES.map((name, index): [Figure, number] => [name, values[index] ?? 0]);
  return { ...(Object.fromEntries(pairs) as Record<Figure, number>), at };
}

export function columns(samples: readonly FigureSample[]): FigureColumns {
  const pairs = (['at', ...FIGURES] as const).map((name) => [name, samples.map((sample) => sample[name])]);
  return Object.fromEntries(pairs) as Record<Figure | 'at', number[]>;
}
