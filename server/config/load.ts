import { hostname as systemHostname } from 'node:os';
import { dirname, resolve } from 'node:path';
import type { TomlTable } from 'smol-toml';
import { type BootFile, findBootFile, INSTALLED_FILE } from './boot-file.ts';
import { findClash } from './clashes.ts';
import { ConfigError, type ConfigPlace } from './config-error.ts';
import { lineOf, lineWith } from './locate.ts';
import { machineDomain } from './machine.ts';
import { type Key, SECTIONS, TOP } from './schema.ts';
import type { Listen, Settings } from './settings.ts';
import { suggest } from './suggest.ts';
import { type Reader, Refusal } from './values.ts';

/** What the command line and the machine say. */
export interface LoadOptions {
  /** `--config`: this file and no other. */
  readonly config?: string | undefined;
  /** `--data`: instead of the file's. */
  readonly data?: string | undefined;
  /** The folder that relative paths of the command line start from. */
  readonly cwd: string;
  /** The machine's name; default: the system's. */
  readonly systemName?: string;
  /** Where an installed appliance has its boot file. */
  readonly installed?: string;
}

const INSTALLED_DATA = '/var/lib/hallway';

/** `[listen] c2s`, as people find it in the file. */
function keyName(path: readonly string[]): string {
  return path.length < 2 ? path.join('') : `[${path[0]}] ${path.slice(1).join('.')}`;
}

function place(file: BootFile, path: readonly string[]): Required<ConfigPlace> {
  return { file: file.name, line: lineOf(file.source, path), key: keyName(path) };
}

function readValue<T>(file: BootFile, path: readonly string[], read: Reader<T>, value: unknown): T {
  try {
    return read(value);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const at = place(file, path);
    const line = error.culprit === undefined ? at.line : lineWith(file.source, at.line, error.culprit);
    throw new ConfigError(error.message, { ...at, line }, { cause: error });
  }
}

/** A key that nobody reads is an error: it is a slip of the pen, and what was meant would silently not happen. */
function unknownKey(file: BootFile, path: readonly string[], siblings: readonly string[]): ConfigError {
  const word = path.at(-1) ?? '';
  const section = Object.entries(SECTIONS).find(([, keys]) => Object.hasOwn(keys, word))?.[0];
  const near = suggest(word, siblings);
  let hint = '';
  if (near !== undefined) hint = `; did you mean ${near}?`;
  else if (section !== undefined) hint = `; it belongs in the section [${section}]`;
  else if (Object.hasOwn(TOP, word)) hint = '; it belongs above all sections';
  return new ConfigError(`unknown key${hint}`, place(file, path));
}

function readSection<Name extends keyof typeof SECTIONS>(file: BootFile | undefined, name: Name): Settings[Name] {
  const keys: Record<string, Key<unknown>> = SECTIONS[name];
  const given = file?.table[name] ?? {};
  if (file !== undefined && (typeof given !== 'object' || Array.isArray(given) || given instanceof Date)) {
    throw new ConfigError(`must be a section of its own, [${name}]`, place(file, [name]));
  }
  const table = given as TomlTable;
  for (const key of Object.keys(table)) {
    if (file !== undefined && !Object.hasOwn(keys, key)) throw unknownKey(file, [name, key], Object.keys(keys));
  }
  const values = Object.entries(keys).map(([key, { read, fallback }]) => {
    const value = table[key];
    return [key, file === undefined || value === undefined ? fallback : readValue(file, [name, key], read, value)];
  });
  return Object.freeze(Object.fromEntries(values)) as Settings[Name];
}

/** Two listeners on one port: the blame goes to the later of the two that stand in the file, not to a default. */
function refuseClash(file: BootFile | undefined, listen: Listen): void {
  const clash = findClash(listen);
  if (clash === undefined) return;
  const given = (file?.table.listen ?? {}) as TomlTable;
  const [first, second] = clash;
  const [other, one] = Object.hasOwn(given, second.key) || !Object.hasOwn(given, first.key) ? clash : [second, first];
  const path = ['listen', one.key];
  const from = other.key === one.key ? 'of the same list' : `of [listen] ${other.key}`;
  const by = Object.hasOwn(given, other.key) ? '' : ' (its default)';
  const problem = `"${one.address.text}" clashes with "${other.address.text}" ${from}${by}`;
  if (file === undefined) throw new ConfigError(problem, { key: keyName(path) });
  const at = place(file, path);
  throw new ConfigError(problem, { ...at, line: lineWith(file.source, at.line, one.address.text) });
}

/**
 * The settings: from `--config`, else `hallway.toml` in the current folder, else the installed one, else defaults that
 * make a checkout run. A relative `data` of the file starts from the file's folder. Throws ConfigError, which names the
 * file, the line and the key.
 */
export function loadSettings(options: LoadOptions): Settings {
  const { cwd, installed = INSTALLED_FILE } = options;
  const file = findBootFile(cwd, options.config, installed);
  if (file !== undefined) {
    const known = [...Object.keys(TOP), ...Object.keys(SECTIONS)];
    for (const key of Object.keys(file.table)) if (!known.includes(key)) throw unknownKey(file, [key], known);
  }
  const top = (key: keyof typeof TOP): string | undefined => {
    const value = file?.table[key];
    return file === undefined || value === undefined ? undefined : readValue(file, [key], TOP[key], value);
  };
  const machine = machineDomain(options.systemName ?? systemHostname());
  const data = top('data');
  const fallbackData = file?.path === installed ? INSTALLED_DATA : resolve(cwd, 'data');
  const fileData = file === undefined || data === undefined ? fallbackData : resolve(dirname(file.path), data);
  const provision = top('provision');
  const hostname = top('hostname');
  const dataFolder = options.data === undefined ? fileData : resolve(cwd, options.data);
  const settings: Settings = Object.freeze({
    file: file?.path,
    data: dataFolder,
    hooks: resolve(file === undefined ? dataFolder : dirname(file.path), top('hooks') ?? 'hooks'),
    domain: top('domain') ?? machine,
    hostname: hostname ?? machine,
    nameGiven: hostname !== undefined,
    ...(file !== undefined && provision !== undefined && { provision: resolve(dirname(file.path), provision) }),
    listen: readSection(file, 'listen'),
    dns: readSection(file, 'dns'),
    log: readSection(file, 'log'),
    limits: readSection(file, 'limits'),
    scram: readSection(file, 'scram'),
  });
  refuseClash(file, settings.listen);
  return settings;
}
