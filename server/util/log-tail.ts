/** Levels as people choose them, the gravest first. */
export const TAIL_LEVELS = ['error', 'warn', 'info', 'debug', 'trace'] as const;
export type TailLevel = (typeof TAIL_LEVELS)[number];

/** One entry of the log, without what must not be seen; its text has a line for each step of an error's stack. */
export interface TailEntry {
  /** 1, 2, 3, … since the start. */
  readonly id: number;
  /** ms since 1970. */
  readonly time: number;
  readonly level: TailLevel;
  readonly text: string;
}

/** Which entries are asked for. */
export interface TailWish {
  /** This level and graver ones. */
  readonly level?: TailLevel;
  /** Part of the text, in whatever case. */
  readonly text?: string;
  /** Only newer ones than this. */
  readonly after?: number;
}

const MOST = 5_000;
const MOST_CHARACTERS = 2_000_000;
const LONGEST = 8_000;

/** Whether an entry is of those asked for. */
export function fits({ level, text }: TailWish): (entry: TailEntry) => boolean {
  const gravest = level === undefined ? TAIL_LEVELS.length - 1 : TAIL_LEVELS.indexOf(level);
  const part = text?.toLowerCase() ?? '';
  return (entry) =>
    TAIL_LEVELS.indexOf(entry.level) <= gravest && (part === '' || entry.text.toLowerCase().includes(part));
}

/** The newest entries of the log, in memory: at most 5,000, and two million characters. */
export class LogTail {
  /** A ring: each has its place by its number. */
  readonly #entries: (TailEntry | undefined)[] = [];
  readonly #most: number;
  readonly #mostCharacters: number;
  readonly #lookers = new Set<(entry: TailEntry) => void>();
  #next = 1;
  #oldest = 1;
  #characters = 0;

  constructor(most = MOST, mostCharacters = MOST_CHARACTERS) {
    this.#most = most;
    this.#mostCharacters = mostCharacters;
  }

  push(time: number, level: TailLevel, text: string): void {
    const entry = { id: this.#next, time, level, text: text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text };
    this.#characters += entry.text.length;
    while (this.#next - this.#oldest >= this.#most || this.#characters > this.#mostCharacters) {
      const at = this.#oldest % this.#most;
      this.#characters -= this.#entries[at]?.text.length ?? 0;
      this.#entries[at] = undefined;
      this.#oldest++;
    }
    this.#entries[this.#next % this.#most] = entry;
    this.#next++;
    for (const looker of this.#lookers) looker(entry);
  }

  /** The newest that fit, the oldest of them first. */
  read(wish: TailWish, limit: number): TailEntry[] {
    const found: TailEntry[] = [];
    const fitting = fits(wish);
    const least = Math.max(this.#oldest, (wish.after ?? 0) + 1);
    for (let id = this.#next - 1; id >= least && found.length < limit; id--) {
      const entry = this.#entries[id % this.#most];
      if (entry !== undefined && fitting(entry)) found.push(entry);
    }
    return found.reverse();
  }

  /** Calls `looker` with every entry until the returned function is called. It must not log anything itself. */
  follow(looker: (entry: TailEntry) => void): () => void {
    this.#lookers.add(looker);
    return () => this.#lookers.delete(looker);
  }
}
