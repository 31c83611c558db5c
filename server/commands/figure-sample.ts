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
 * Of these the most is told, where several samples become one; of the others the mean. Who was there at once for less than half a
 * minute was there: a mean would say of the day that there were fewer than the hour says.
 */
const MOST: readonly Figure[] = ['sessions', 'online', 'links', 'late99', 'lateMax'];
/** These are counted: there is no half of one. */
const WHOLE: readonly Figure[] = ['files', 'fileBytes', 'memory', 'heap'];

/** Several samples as one, at the time of the last. There must be one at least. */
export function merge(samples: readonly FigureSample[]): FigureSample {
  const last = samples.at(-1)!;
  const merged = FIGURES.map((name): [Figure, number] => {
    const values = samples.map((sample) => sample[name]);
    if (MOST.includes(name)) return [name, Math.max(...values)];
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return [name, WHOLE.includes(name) ? Math.round(mean) : Math.round(mean * 100) / 100];
  });
  return { ...(Object.fromEntries(merged) as Record<Figure, number>), at: last.at };
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
