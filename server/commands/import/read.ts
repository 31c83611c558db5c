import { CommandError } from '../command-error.ts';
import { FIELDS, type Field, guessColumns, isHeadings } from './columns.ts';
import { decode, type Encoding } from './decode.ts';
import { type CsvRecord, MOST_ROWS, readRecords, type Separator, separatorOf } from './records.ts';
import type { ImportSettings } from './settings.ts';

/** A file as it was understood. */
export interface ReadFile {
  readonly encoding: Encoding;
  readonly separator: Separator;
  readonly headings: boolean;
  /** What each column is taken for, with what stands in its first row and in some below it. */
  readonly columns: { readonly heading: string; readonly field: Field; readonly samples: string[] }[];
  /** Without the headings. */
  readonly records: readonly CsvRecord[];
}

const SAMPLES = 3;
const LONGEST_SAMPLE = 60;

/** Reads a file, finding out what the settings do not say. Throws CommandError. */
export async function readFile(bytes: Uint8Array, settings: ImportSettings): Promise<ReadFile> {
  const { text, encoding } = decode(bytes, settings.encoding);
  const found = separatorOf(text);
  const separator = settings.separator ?? found.separator;
  const all = await readRecords(text.slice(found.skip), separator);
  if (all.length === 0) throw new CommandError('invalid', 'There is nothing in this file.', 'file');
  const top = all[0]!.cells;
  const headings = settings.headings ?? isHeadings(top);
  const records = headings ? all.slice(1) : all;
  if (records.length === 0)
    throw new CommandError('invalid', 'There are headings in this file, but no people.', 'file');
  if (records.length > MOST_ROWS) {
    throw new CommandError('invalid', `At most ${MOST_ROWS} rows, please: take several files.`, 'file');
  }
  const width = Math.max(...all.slice(0, 100).map(({ cells }) => cells.length));
  const names = Array.from({ length: width }, (_, index) => (headings ? (top[index] ?? '') : ''));
  const fields = settings.columns ?? guess(names, records[0]!.cells, headings);
  checkColumns(fields);
  const columns = names.map((heading, index) => ({
    heading: heading.slice(0, LONGEST_SAMPLE),
    field: fields[index] ?? 'ignore',
    samples: records.slice(0, SAMPLES).map(({ cells }) => (cells[index] ?? '').slice(0, LONGEST_SAMPLE)),
  }));
  // What stands below a password is nobody's business, not even as a sample.
  const shown = columns.map((one) => (one.field === 'password' ? { ...one, samples: [] } : one));
  return { encoding, separator, headings, columns: shown, records };
}

/** Without headings only what has an at sign tells what it is. */
function guess(names: readonly string[], first: readonly string[], headings: boolean): Field[] {
  if (headings) return guessColumns(names);
  const at = first.findIndex((cell) => cell.includes('@'));
  return names.map((_, index) => (index === (at < 0 ? 0 : at) ? 'address' : 'ignore'));
}

function checkColumns(fields: readonly Field[]): void {
  const single = FIELDS.filter((field) => field !== 'ignore' && field !== 'department');
  const twice = single.find((field) => fields.filter((one) => one === field).length > 1);
  if (twice !== undefined) throw new CommandError('invalid', 'Two columns cannot be the same.', 'columns');
}
