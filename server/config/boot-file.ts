import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { TomlError, type TomlTable } from 'smol-toml';
import { ConfigError } from './config-error.ts';
import { parseToml } from './locate.ts';

export const FILE_NAME = 'hallway.toml';
export const INSTALLED_FILE = '/etc/hallway/hallway.toml';
const MAX_FILE_BYTES = 1_048_576;

/** A boot file that is TOML; what it says is not checked yet. */
export interface BootFile {
  /** As named to people. */
  readonly name: string;
  readonly path: string;
  readonly source: string;
  readonly table: TomlTable;
}

/** The file's text, or undefined when there is no such file. Throws ConfigError. */
function readSource(name: string, path: string): string | undefined {
  let bytes: Buffer;
  try {
    const file = openSync(path, 'r');
    try {
      const stat = fstatSync(file);
      if (!stat.isFile()) throw new ConfigError('is not a file', { file: name });
      if (stat.size > MAX_FILE_BYTES)
        throw new ConfigError('is larger than 1 MB; this is no boot file', { file: name });
      bytes = readFileSync(file);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new ConfigError(`cannot be read (${code})`, { file: name }, { cause: error });
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    // What is readable before the first bad byte ends on its line.
    const good = new TextDecoder().decode(bytes).split('\ufffd')[0] ?? '';
    throw new ConfigError('is not UTF-8', { file: name, line: good.split('\n').length }, { cause: error });
  }
}

/** The table of a TOML text that people know as `name`. Throws ConfigError. */
export function parseTable(name: string, source: string): TomlTable {
  try {
    return parseToml(source);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const problem = (error.message.split('\n')[0] ?? '').replace(/^Invalid TOML document: /, '');
    throw new ConfigError(`is not TOML: ${problem}`, { file: name, line: error.line }, { cause: error });
  }
}

/**
 * The boot file that `--config` names, else the one in the folder `cwd`, else the installed one; undefined when there is
 * none. Throws ConfigError when the one named is not there, or what is there cannot be read.
 */
export function findBootFile(cwd: string, config: string | undefined, installed: string): BootFile | undefined {
  if (config !== undefined) {
    const path = resolve(cwd, config);
    const source = readSource(config, path);
    if (source === undefined) throw new ConfigError('is not there', { file: config });
    return { name: config, path, source, table: parseTable(config, source) };
  }
  for (const [name, path] of [
    [FILE_NAME, resolve(cwd, FILE_NAME)],
    [installed, installed],
  ] as const) {
    const source = readSource(name, path);
    if (source !== undefined) return { name, path, source, table: parseTable(name, source) };
  }
  return undefined;
}
