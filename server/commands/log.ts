import { choiceOption, type Option } from '../host/options.ts';
import { fits, type LogTail, type TailEntry, type TailLevel, type TailWish } from '../util/log-tail.ts';
import { CommandError } from './command-error.ts';

/** What is logged; `boot`: as the boot file says. */
export const logLevel: Option<TailLevel | 'boot'> = choiceOption({
  key: 'log.level',
  scope: 'house',
  group: 'Activity and log',
  title: 'What is logged',
  help: 'It holds at once. Much is written with “everything”: choose it while you look for something, and go back.',
  choices: {
    boot: 'As the boot file says',
    error: 'Errors',
    warn: 'Errors and warnings',
    info: 'Also what happens normally',
    debug: 'Also what helps to find faults',
    trace: 'Everything',
  },
  default: 'boot',
});

/** Entries that come at once; what does not fit is told of by its number. */
const BURST = 200;
const EVERY_MS = 250;
/** Who may look at the same time. One administrator has a few of them at most: the streams see to that. */
const MOST_LOOKERS = 64;

/** What those who follow get: new entries, and how many were left out between them and those before. */
export interface LogBurst {
  readonly entries: TailEntry[];
  readonly leftOut: number;
}

/** The newest entries of the log, which are in memory only. */
export class LogCommands {
  readonly #tail: LogTail;
  readonly #level: () => string;
  #lookers = 0;

  constructor(tail: LogTail, level: () => string) {
    this.#tail = tail;
    this.#level = level;
  }

  /** The newest that fit, the oldest of them first, and the level that is logged now. */
  read(wish: TailWish, limit = 200): { readonly entries: TailEntry[]; readonly level: string } {
    return { entries: this.#tail.read(wish, limit), level: this.#level() };
  }

  /** All there is that fits, as text. */
  text(wish: TailWish): string {
    return this.#tail
      .read(wish, Number.POSITIVE_INFINITY)
      .map(({ time, level, text }) => `${new Date(time).toISOString()} ${level.padEnd(5)} ${text}\n`)
      .join('');
  }

  /**
   * Hands on what is logged from now on, or since `after`, four times a second at most, until the returned function is called. Throws CommandError when
   * too many look.
   */
  follow(wish: TailWish, take: (burst: LogBurst) => void): () => void {
    if (this.#lookers >= MOST_LOOKERS) throw new CommandError('too-many', 'Too many are looking at the log at once.');
    this.#lookers++;
    const fitting = fits(wish);
    // Nothing is between what was read before and what comes now.
    let entries = wish.after === undefined ? [] : this.#tail.read(wish, BURST);
    let leftOut = 0;
    let timer: NodeJS.Timeout | undefined;
    const hand = (): void => {
      timer = undefined;
      const burst = { entries, leftOut };
      entries = [];
      leftOut = 0;
      take(burst);
    };
    if (entries.length > 0) timer = setTimeout(hand, 0);
    const stop = this.#tail.follow((entry) => {
      if (!fitting(entry)) return;
      if (entries.length < BURST) entries.push(entry);
      else leftOut++;
      timer ??= setTimeout(hand, EVERY_MS);
    });
    return () => {
      clearTimeout(timer);
      stop();
      this.#lookers--;
    };
  }
}
