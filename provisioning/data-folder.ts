import { accessSync, chmodSync, constants, mkdirSync, readdirSync, type Stats, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ConfigError } from '../server/config/config-error.ts';
import { fateOf } from './backup/entries.ts';
import { finishRestore } from './restore-swap.ts';

/** The store's name in the data folder. The store keeps files beside it whose names begin with this one. */
export const STORE_FILE = 'hallway.db';

const OTHERS = 0o077;
const OTHERS_WRITE = 0o022;
const ANY_USER = -1;

function reasonOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EACCES' || code === 'EPERM') return 'we have no permission';
  if (code === 'EROFS') return 'the file system is read-only for us';
  if (code === 'ENOSPC') return 'the disk is full';
  if (code === 'ENOENT' || code === 'EEXIST') return 'a part of its path leads nowhere';
  if (code === 'ENOTDIR') return 'a part of its path is a file';
  return code ?? String(error);
}

function look(folder: string): Stats | undefined {
  try {
    return statSync(folder, { throwIfNoEntry: false });
  } catch (cause) {
    throw new ConfigError(`the data folder cannot be reached: ${reasonOf(cause)}`, { file: folder }, { cause });
  }
}

/** With the folders above it. Node's own way never ends where the system says ENOENT for a folder that is there (/proc). */
function makeAll(folder: string): void {
  if (look(dirname(folder)) === undefined) makeAll(dirname(folder));
  mkdirSync(folder, { mode: 0o700 });
}

function make(folder: string): void {
  try {
    makeAll(folder);
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    const way = `Make it, or name another one as "data" in hallway.toml or with --data`;
    throw new ConfigError(`the data folder cannot be made: ${reasonOf(cause)}. ${way}`, { file: folder }, { cause });
  }
}

/** Keys and messages are in there: nobody but us may read or change it. */
function tighten(folder: string, stat: Stats, user: number): void {
  if ((stat.mode & OTHERS) === 0) return;
  if (user !== ANY_USER && stat.uid === user) chmodSync(folder, 0o700);
  else if ((stat.mode & OTHERS_WRITE) !== 0) {
    throw new ConfigError('the data folder is another user’s, and others may write to it', { file: folder });
  }
}

/**
 * Makes the data folder ready for the store: made if it is not there (0700), ours alone if we own it. Gives the path of
 * the store. Throws ConfigError, with nothing changed, for a folder that we cannot use or that is somebody else's: one
 * with things in it, but without a store. Idempotent.
 */
export function prepareDataFolder(folder: string): string {
  const store = join(folder, STORE_FILE);
  const stat = look(folder);
  if (stat === undefined) {
    make(folder);
    return store;
  }
  if (!stat.isDirectory()) throw new ConfigError('the data folder is a file', { file: folder });
  let entries: string[];
  try {
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    finishRestore(folder);
    entries = readdirSync(folder);
  } catch (cause) {
    throw new ConfigError(`the data folder cannot be used: ${reasonOf(cause)}`, { file: folder }, { cause });
  }
  // What a freshly made file system has, or an interrupted first start or restore of ours left, is harmless.
  const foreign = entries.filter((entry) => fateOf(entry) !== 'stays');
  if (foreign.length > 0 && !foreign.some((entry) => entry.startsWith(STORE_FILE))) {
    const what = `has other things in it (${JSON.stringify(foreign[0])}) and no ${STORE_FILE}`;
    const way = `Name an empty folder or a new one, such as ${join(dirname(folder), 'hallway')}`;
    throw new ConfigError(`the data folder ${what}; it was left as it is. ${way}`, { file: folder });
  }
  tighten(folder, stat, process.getuid?.() ?? ANY_USER);
  return store;
}
