import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parse } from 'smol-toml';
import { usage } from './failure.ts';

const INSTALLED_FILE = '/etc/hallway/hallway.toml';
const INSTALLED_DATA = '/var/lib/hallway';

export interface Where {
  readonly config?: string | undefined;
  readonly data?: string | undefined;
  readonly cwd: string;
}

/** The `data` of a boot file, absolute; '' when it names none, undefined when there is no such file. */
function dataOf(file: string): string | undefined {
  let source: string;
  try {
    source = readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw usage(`${file} cannot be read (${code}). Run hallwayctl as root or name the data folder with --data.`);
  }
  try {
    const { data } = parse(source);
    return typeof data === 'string' ? resolve(dirname(file), data) : '';
  } catch (error) {
    throw usage(`${file} is not TOML: ${(error as Error).message.split('\n')[0]}`);
  }
}

/** The data folder, found as the server finds it: `--data`, the boot file's, `./data` or the installed one. */
function dataFolder({ config, data, cwd }: Where): string {
  if (data !== undefined) return resolve(cwd, data);
  if (config !== undefined) {
    const file = resolve(cwd, config);
    const named = dataOf(file);
    if (named === undefined) throw usage(`There is no file ${file}.`);
    return named || (file === INSTALLED_FILE ? INSTALLED_DATA : resolve(cwd, 'data'));
  }
  const local = dataOf(join(cwd, 'hallway.toml'));
  if (local !== undefined) return local || resolve(cwd, 'data');
  const installed = dataOf(INSTALLED_FILE);
  if (installed !== undefined) return installed || INSTALLED_DATA;
  const checkout = resolve(cwd, 'data');
  return !existsSync(checkout) && existsSync(INSTALLED_DATA) ? INSTALLED_DATA : checkout;
}

/** Where the server listens for hallwayctl. Throws Failure. */
export function socketPath(where: Where): string {
  return join(dataFolder(where), 'hallwayctl.sock');
}
