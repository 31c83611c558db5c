import { pipeline } from 'node:stream/promises';
import { setImmediate as turn } from 'node:timers/promises';
import { CsvError, parse } from 'csv-parse';
import { CommandError } from '../command-error.ts';

export type Separator = ';' | ',' | '\t';

export interface CsvRecord {
  /** In the file, from 1. */
  readonly line: number;
  readonly cells: readonly string[];
}

export const MOST_ROWS = 10_000;
const MOST_COLUMNS = 50;
/** Bytes of one row. */
const MOST_RECORD = 32_768;
const LONGEST_CELL = 3_071;
/** Bytes that are read before others have their turn. */
const PIECE = 32_768;
const SEPARATORS: readonly Separator[] = [';', ',', '\t'];

/** The separator that stands in the first rows most evenly, and what comes after a first line that names it, as Excel knows. */
export function separatorOf(text: string): { readonly separator: Separator; readonly skip: number } {
  const said = /^sep=([;,\t])\r?\n/.exec(text.slice(0, 16));
  if (said !== null) return { separator: said[1] as Separator, skip: said[0].length };
  const lines = firstLines(text);
  let best: Separator = ';';
  let most = 0;
  for (const separator of SEPARATORS) {
    const counts = lines.map((line) => line.split(separator).length - 1);
    const least = Math.min(...counts);
    // Evenly beats often: a comma in a name is no separator.
    const weight = least * 1_000 + (counts[0] ?? 0);
    if (weight > most) [best, most] = [separator, weight];
  }
  return { separator: best, skip: 0 };
}

/** Up to ten rows of the beginning, without what stands in quotes. */
function firstLines(text: string): string[] {
  const beginning = text.slice(0, PIECE).replace(/"(?:[^"]|"")*"/g, '""');
  const lines = beginning.split(/\r\n|\n|\r/).filter((line) => line.trim() !== '');
  return lines.slice(0, 10);
}

/** The rows of a CSV file (RFC 4180), some at a time. Throws CommandError that says in which line something is wrong. */
export async function readRecords(text: string, separator: Separator): Promise<CsvRecord[]> {
  const records: CsvRecord[] = [];
  const parser = parse({
    delimiter: separator,
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    // Spreadsheets save rows that were emptied as nothing but separators.
    skip_records_with_empty_values: true,
    trim: true,
    max_record_size: MOST_RECORD,
  });
  try {
    await pipeline(pieces(Buffer.from(text)), parser, async (source: AsyncIterable<unknown>) => {
      for await (const one of source)
        records.push(read(one as { record: string[]; info: { lines: number } }, records.length));
    });
  } catch (error) {
    if (error instanceof CsvError) throw explain(error);
    throw error;
  }
  return records;
}

async function* pieces(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += PIECE) {
    yield bytes.subarray(at, at + PIECE);
    await turn();
  }
}

function read({ record, info }: { record: string[]; info: { lines: number } }, before: number): CsvRecord {
  const { lines: line } = info;
  // One more than there may be people: the headings.
  if (before > MOST_ROWS) throw wrong(`At most ${MOST_ROWS} rows, please: take several files.`);
  if (record.length > MOST_COLUMNS) throw wrong(`Line ${line} has more than ${MOST_COLUMNS} columns.`);
  if (record.some((cell) => cell.length > LONGEST_CELL)) throw wrong(`In line ${line} a field is too long.`);
  return { line, cells: record };
}

function explain(error: CsvError): CommandError {
  const line = typeof error.lines === 'number' ? error.lines : 1;
  if (error.code === 'CSV_QUOTE_NOT_CLOSED') return wrong('A quotation mark is opened and never closed.');
  if (error.code === 'CSV_MAX_RECORD_SIZE') {
    return wrong(
      `A row is too long (near line ${line}): a quotation mark may be missing, or it is another kind of file.`,
    );
  }
  return wrong(`The quotation marks do not fit (near line ${line}).`);
}

function wrong(message: string): CommandError {
  return new CommandError('invalid', message, 'file');
}
