import { parse, TomlError, type TomlTable } from 'smol-toml';

/** Only so many lines that mention a key are tried: an error must not cost much, however the file is made. */
const MAX_TRIES = 64;

/** How every boot file is parsed: whole numbers as bigint, to tell 10 from 10.0; nothing deep, no `__proto__`. */
export function parseToml(source: string): TomlTable {
  return parse(source, { integersAsBigInt: true, unsafeKeyBehaviour: 'throw', maxDepth: 8 });
}

function holds(table: unknown, path: readonly string[]): boolean {
  let at: unknown = table;
  for (const key of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return false;
    at = (at as Record<string, unknown>)[key];
  }
  return true;
}

/**
 * The line (from 1) on which a key of a well-formed TOML text is defined, or undefined when it cannot be told.
 *
 * The parser does not tell positions. But all that stands before the definition parses and lacks the key, and nothing
 * after it does; a line within a value of several lines leaves a rest that does not parse. So the last such line that
 * mentions the key is the one, whatever way it is written (section, dotted, quoted, inline).
 */
export function lineOf(source: string, path: readonly string[]): number | undefined {
  const last = path.at(-1);
  if (last === undefined) return undefined;
  const lines = source.split('\n');
  let found: number | undefined;
  let tries = 0;
  for (const [index, line] of lines.entries()) {
    if (!line.includes(last)) continue;
    if (tries++ === MAX_TRIES) break;
    try {
      if (holds(parseToml(lines.slice(0, index).join('\n')), path)) break;
      found = index + 1;
    } catch (error) {
      if (!(error instanceof TomlError)) throw error;
    }
  }
  return found ?? lineOf(source, path.slice(0, -1));
}

/** The first line from `line` on that has this text; `line` itself when none has. */
export function lineWith(source: string, line: number | undefined, text: string): number | undefined {
  if (line === undefined) return undefined;
  const offset = source
    .split('\n')
    .slice(line - 1)
    .findIndex((one) => one.includes(text));
  return offset < 0 ? line : line + offset;
}
