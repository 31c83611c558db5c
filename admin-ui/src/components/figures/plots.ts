import type { ReplyOf } from '../../../../server/http/contract/index.ts';
import { bytes, count, decimal } from '../../format.ts';
import { t } from '../../language.ts';

export type Samples = ReplyOf<'GET /api/figures'>['samples'];
export type FigureName = Exclude<keyof Samples, 'at'>;

export interface Line {
  readonly name: FigureName;
  readonly label: string;
}

/** One picture: one or two lines of the same unit. */
export interface Plot {
  readonly id: string;
  readonly title: string;
  /** What the numbers are, after the title. */
  readonly unit: string;
  readonly lines: readonly Line[];
  readonly show: (value: number) => string;
}

const few = (value: number): string =>
  value >= 10 || Number.isInteger(value) ? count(Math.round(value)) : decimal(value);

export const plots: readonly Plot[] = [
  {
    id: 'people',
    title: t('People and devices'),
    unit: t('connected'),
    lines: [
      { name: 'sessions', label: t('Devices') },
      { name: 'online', label: t('People') },
    ],
    show: few,
  },
  {
    id: 'messages',
    title: t('Messages'),
    unit: t('a second'),
    lines: [
      { name: 'delivered', label: t('Delivered, with all else') },
      { name: 'messages', label: t('Written') },
    ],
    show: few,
  },
  {
    id: 'logins',
    title: t('Logins'),
    unit: t('a second'),
    lines: [
      { name: 'logins', label: t('Came in') },
      { name: 'refused', label: t('Refused') },
    ],
    show: few,
  },
  {
    id: 'links',
    title: t('Links with other servers'),
    unit: '',
    lines: [{ name: 'links', label: t('Links') }],
    show: few,
  },
  {
    id: 'files',
    title: t('Uploaded files'),
    unit: '',
    lines: [{ name: 'fileBytes', label: t('Room that they take') }],
    show: bytes,
  },
  {
    id: 'cpu',
    title: t('Processor'),
    unit: t('% of one core'),
    lines: [{ name: 'cpu', label: t('In use') }],
    show: few,
  },
  {
    id: 'memory',
    title: t('Memory'),
    unit: '',
    lines: [
      { name: 'memory', label: t('In all') },
      { name: 'heap', label: t('Of it, data') },
    ],
    show: bytes,
  },
  {
    id: 'late',
    title: t('Response delay'),
    unit: t('milliseconds, within ten seconds each'),
    lines: [
      { name: 'lateMax', label: t('At worst') },
      { name: 'late99', label: t('99 of 100 times at most') },
    ],
    show: few,
  },
];

/** After so many ms without a sample the line has a gap: the server was not there. */
const GAP_MS = 150_000;

/** As it is plotted: seconds, and a value for each line; null makes a gap. */
export function plotted(samples: Samples, lines: readonly Line[]): [number[], ...(number | null)[][]] {
  const at: number[] = [];
  const values: (number | null)[][] = lines.map(() => []);
  for (const [index, time] of samples.at.entries()) {
    const before = samples.at[index - 1];
    if (before !== undefined && time - before > GAP_MS) {
      at.push((before + 1_000) / 1_000);
      for (const column of values) column.push(null);
    }
    at.push(time / 1_000);
    for (const [line, { name }] of lines.entries()) values[line]!.push(samples[name][index] ?? 0);
  }
  return [at, ...values];
}

export interface TableRow {
  readonly at: number;
  readonly values: readonly number[];
}

/** The same for reading: at most `most` rows, each with the largest of its time, the newest first. */
export function tabled(samples: Samples, lines: readonly Line[], most = 24): TableRow[] {
  const size = Math.max(1, Math.ceil(samples.at.length / most));
  const rows: TableRow[] = [];
  for (let end = samples.at.length; end > 0; end -= size) {
    const begin = Math.max(0, end - size);
    rows.push({
      at: samples.at[end - 1]!,
      values: lines.map(({ name }) => Math.max(...samples[name].slice(begin, end))),
    });
  }
  return rows;
}
