import { closeSync, fsyncSync, openSync, readdirSync, renameSync, rmSync, statfsSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Database as Connection } from 'better-sqlite3';
import { StorageError } from './database.ts';

/** How long the store of before an upgrade is kept, in ms: what people delete is not to lie about in it for ever. */
const KEPT_MS = 14 * 24 * 60 * 60_000;
const HOUR_MS = 60 * 60_000;
/** Bytes that are to be free beside the copy: for the steps themselves. */
const SPARE = 64 * 1024 * 1024;

/** The store of before an upgrade. */
export interface Before {
  readonly file: string;
  /** Of its schema. */
  readonly version: number;
  /** When it was made, ms since 1970. */
  readonly at: number;
}

const nameOf = (file: string, version: number): string => `${file}.before-${version}`;

/** Those that lie beside a store, the newest schema first. */
export function befores(file: string): Before[] {
  const pattern = /^\.before-(\d{1,6})$/;
  const store = basename(file);
  return readdirSync(dirname(file))
    .flatMap((name): Before[] => {
      const version = name.startsWith(store) ? pattern.exec(name.slice(store.length))?.[1] : undefined;
      if (version === undefined) return [];
      const path = join(dirname(file), name);
      return [{ file: path, version: Number(version), at: statSync(path).mtimeMs }];
    })
    .sort((one, other) => other.version - one.version);
}

function forgetBefores(file: string): void {
  for (const { file: path, at } of befores(file)) if (Date.now() - at > KEPT_MS) rmSync(path);
}

/** Removes those that are old, now and every hour, in a process that may run for months. What it gives ends that. */
export function tendBefores(file: string): () => void {
  forgetBefores(file);
  const timer = setInterval(() => {
    try {
      forgetBefores(file);
    } catch {
      // It lies there for another hour.
    }
  }, HOUR_MS).unref();
  return () => clearInterval(timer);
}

/**
 * Copies an open store, beside which it then lies, so that the release of before can have it back. Gives the path of the copy, which
 * is on disk. Throws StorageError `full` where there is no room, and what the engine throws; then nothing is left.
 */
export async function keepBefore(db: Connection, file: string, version: number): Promise<string> {
  const path = nameOf(file, version);
  const draft = `${path}.draft`;
  rmSync(draft, { force: true });
  const { bavail, bsize } = statfsSync(dirname(file));
  const needed = statSync(file).size + (statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0) + SPARE;
  if (bavail * bsize < needed) {
    const [has, wants] = [bavail * bsize, needed].map((bytes) => `${Math.ceil(bytes / 1_000_000)} MB`);
    throw new StorageError(
      'full',
      `${file} is to be brought up to date, and there is no room to keep it as it is until now: that takes ${wants}, and ${has} are free. Nothing was changed`,
    );
  }
  try {
    closeSync(openSync(draft, 'wx', 0o600));
    await db.backup(draft, { progress: () => 10_000 });
    sync(draft);
    renameSync(draft, path);
    sync(dirname(path));
    return path;
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

function sync(path: string): void {
  const descriptor = openSync(path, 'r');
  fsyncSync(descriptor);
  closeSync(descriptor);
}
