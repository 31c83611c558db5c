import { ConfigError, type ConfigPlace } from '../../server/config/config-error.ts';
import { lineOf } from '../../server/config/locate.ts';
import { suggest } from '../../server/config/suggest.ts';
import { type Reader, Refusal } from '../../server/config/values.ts';

/** At most so many entries of one kind: a file of this kind sets a house up, it does not move a city. */
const MOST = 10_000;

/** One entry of the file: what stands there, and where. */
export class Entry {
  readonly #table: Readonly<Record<string, unknown>>;
  readonly #source: string;
  readonly #file: string;
  readonly #head: string;
  readonly #line: number | undefined;

  constructor(file: string, source: string, head: string, line: number | undefined, table: object) {
    this.#file = file;
    this.#source = source;
    this.#head = head;
    this.#line = line;
    this.#table = table as Readonly<Record<string, unknown>>;
  }

  /** Where a key stands, or the entry. */
  place(key?: string): ConfigPlace {
    const name = [this.#head, key].filter((part) => part !== undefined && part !== '').join(' ');
    return { file: this.#file, line: this.#lineOf(key), key: name };
  }

  has(key: string): boolean {
    return Object.hasOwn(this.#table, key);
  }

  /** A value that must be there. Throws ConfigError. */
  need<T>(key: string, read: Reader<T>): T {
    if (!this.has(key)) throw new ConfigError(`${key} is missing`, this.place());
    return this.#read(key, read);
  }

  /** A value that may be left out. Throws ConfigError. */
  may<T>(key: string, read: Reader<T>): T | undefined {
    return this.has(key) ? this.#read(key, read) : undefined;
  }

  /** A key that nobody reads is a slip of the pen: what was meant would silently not happen. Throws ConfigError. */
  only(known: readonly string[]): void {
    const unknown = Object.keys(this.#table).find((key) => !known.includes(key));
    if (unknown === undefined) return;
    const near = suggest(unknown, known);
    throw new ConfigError(`unknown key${near === undefined ? '' : `; did you mean ${near}?`}`, this.place(unknown));
  }

  #read<T>(key: string, read: Reader<T>): T {
    try {
      return read(this.#table[key]);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      throw new ConfigError(error.message, this.place(key), { cause: error });
    }
  }

  #lineOf(key: string | undefined): number | undefined {
    if (this.#head === '') return key === undefined ? undefined : lineOf(this.#source, [key]);
    if (key === undefined || this.#line === undefined) return this.#line;
    const lines = this.#source.split('\n').slice(this.#line);
    const end = lines.findIndex((line) => /^\s*\[/.test(line));
    const own = end < 0 ? lines : lines.slice(0, end);
    const found = own.findIndex((line) => /^\s*(["']?)([\w-]+)\1\s*[=.]/.exec(line)?.[2] === key);
    return found < 0 ? this.#line : this.#line + found + 1;
  }
}

/** The entries `[[name]]` of a file, in their order. Throws ConfigError. */
export function entries(file: string, source: string, name: string, value: unknown): Entry[] {
  if (value === undefined) return [];
  const isTable = (one: unknown): boolean =>
    typeof one === 'object' && one !== null && !Array.isArray(one) && !(one instanceof Date);
  const head = `[[${name}]]`;
  if (!Array.isArray(value) || !value.every(isTable)) {
    throw new ConfigError(`must be written as ${head}, one for each`, {
      file,
      line: lineOf(source, [name]),
      key: name,
    });
  }
  if (value.length > MOST) throw new ConfigError(`at most ${MOST} of these`, { file, key: head });
  const heads = source.split('\n').flatMap((line, at) => (line.replaceAll(/[\s"']|#.*/g, '') === head ? [at + 1] : []));
  // Written in another way, `people = [{ … }]`, all of them stand where the list does.
  const usual = heads.length === value.length;
  return value.map(
    (one, at) => new Entry(file, source, head, usual ? heads[at] : lineOf(source, [name]), one as object),
  );
}

/** The section `[name]`, if there is one. Throws ConfigError. */
export function section(file: string, source: string, name: string, value: unknown): Entry | undefined {
  if (value === undefined) return undefined;
  const line = lineOf(source, [name]);
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Date) {
    throw new ConfigError(`must be a section of its own, [${name}]`, { file, line, key: name });
  }
  return new Entry(file, source, `[${name}]`, line, value);
}
