import { existsSync, linkSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Before, befores } from '../server/storage/before.ts';
import { NEWEST_SCHEMA, openSnapshot } from '../server/storage/snapshot.ts';
import { BackupProblem } from './backup/problem.ts';
import { refuseRunning } from './backup/restore.ts';
import { STORE_FILE } from './data-folder.ts';
import { finishRestore, RESTORING, swap } from './restore-swap.ts';

export interface WentBack {
  /** The store of before the upgrade that is in its place again; undefined when this release can open the one that is there. */
  readonly before?: Before;
  /** Where the store of after the upgrade is now. */
  readonly aside?: string;
}

/**
 * Puts the store of before an upgrade in its place, where the store is of a newer release than this one: what was written after the
 * upgrade goes aside. For a server that is stopped. Throws BackupProblem, and then nothing was changed.
 */
export async function goBack(data: string, now = Date.now(), newest = NEWEST_SCHEMA): Promise<WentBack> {
  finishRestore(data);
  await refuseRunning(data);
  const store = join(data, STORE_FILE);
  // Where a release never came so far as to make one, there is nothing to put back.
  if (!existsSync(store) || versionAt(store) <= newest) return {};
  const before = befores(store).find(({ version }) => version <= newest);
  if (before === undefined) {
    throw new BackupProblem(
      'newer',
      `${store} was made by a newer release, and the store of before it is not there any more. Restore a backup, or install that release again.`,
    );
  }
  const damage = damageOf(before.file);
  if (damage !== undefined) throw new BackupProblem('damaged', `${before.file} is damaged (${damage}).`);
  const staging = join(data, RESTORING);
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(staging, { mode: 0o700 });
  linkSync(before.file, join(staging, STORE_FILE));
  const aside = `after-upgrade-${new Date(now).toISOString().slice(0, 19).replace(/[T:]/g, '-')}`;
  const files = readdirSync(data).filter((name) => name === STORE_FILE || /^hallway\.db-(wal|shm)$/.test(name));
  swap(data, { aside, before: files, after: [STORE_FILE] });
  rmSync(before.file);
  return { before, aside: join(data, aside) };
}

function versionAt(store: string): number {
  using snapshot = openSnapshot(store);
  return snapshot.version;
}

function damageOf(file: string): string | undefined {
  using snapshot = openSnapshot(file);
  return snapshot.damage();
}
