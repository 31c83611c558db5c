import { fstatSync } from 'node:fs';
import { destination, type Logger, pino } from 'pino';
import { readLine, writeEntry } from './log-line.ts';
import { type LogTail, TAIL_LEVELS, type TailLevel } from './log-tail.ts';

export type { Logger } from 'pino';

export interface LogOptions {
  /** pino's name for the lowest level to be written, or 'silent'. */
  readonly level: string;
  /** JOURNAL_STREAM as systemd set it. */
  readonly journalStream?: string | undefined;
  /** Where finished lines go, instead of standard output. */
  readonly write?: (lines: string) => void;
  /** Keeps the newest for those who look. */
  readonly tail?: LogTail;
}

const STDOUT = 1;

/** systemd.exec(5): the variable has device and inode of the stream; it is inherited, so it may be another's than ours. */
function isJournal(journalStream: string | undefined): boolean {
  if (journalStream === undefined) return false;
  const { dev, ino } = fstatSync(STDOUT, { bigint: true });
  return journalStream === `${dev}:${ino}`;
}

/** What is fatal is as grave as an error to whoever looks. */
function tailLevel(word: string): TailLevel {
  return TAIL_LEVELS.find((level) => level === word) ?? 'error';
}

/** The log of the process: text for people, or for journald when standard output leads there. */
export function createLog(options: LogOptions): Logger {
  const journal = isJournal(options.journalStream);
  let { write } = options;
  if (write === undefined) {
    // Synchronous, so the last words of a process that dies are there.
    const stdout = destination({ dest: STDOUT, sync: true });
    write = (lines) => stdout.write(lines);
  }
  const lines = write;
  const { tail } = options;
  const take = (json: string): void => {
    const entry = readLine(json);
    lines(writeEntry(entry, journal));
    tail?.push(entry.time, tailLevel(entry.word), entry.lines.join('\n'));
  };
  return pino({ level: options.level, base: null }, { write: take });
}
