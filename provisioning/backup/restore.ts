import { existsSync, readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { StorageError } from '../../server/storage/database.ts';
import { openSnapshot } from '../../server/storage/snapshot.ts';
import { prepareDataFolder, STORE_FILE } from '../data-folder.ts';
import { finishRestore, RESTORING, swap } from '../restore-swap.ts';
import { BackupProblem, problemOf } from './problem.ts';
import { asideAt, residents, type Staged, type StageOptions, stageHouse } from './stage.ts';

export interface RestoreOptions extends Omit<StageOptions, 'door' | 'named'> {
  readonly named?: boolean;
  /** A house that is in the data folder is put aside. */
  readonly replace: boolean;
}

export interface Restored extends Staged {
  /** Where the house that was there before is now. */
  readonly aside?: string;
}

/**
 * Restores a backup into a data folder whose server is stopped: what was put together takes its place in one step. Throws
 * BackupProblem or ConfigError, and then nothing was changed.
 */
export async function restoreBackup(options: RestoreOptions): Promise<Restored> {
  const { data, replace } = options;
  try {
    if (existsSync(data)) finishRestore(data);
    prepareDataFolder(data);
    await refuseRunning(data);
    const before = residents(data);
    if (before.length > 0 && !replace) {
      const text = `There is a house in ${data} already. With --replace it is put aside and the backup takes its place.`;
      throw new BackupProblem('foreign', text);
    }
    const staged = await stageHouse({ named: false, ...options, door: 'cli' });
    try {
      return { ...staged, ...(await replaceHouse(options, before)) };
    } catch (error) {
      rmSync(join(data, RESTORING), { recursive: true, force: true });
      throw error;
    }
  } catch (error) {
    throw error instanceof Error && error.name === 'ConfigError' ? error : problemOf(error);
  }
}

async function replaceHouse(
  { data, now = Date.now }: RestoreOptions,
  before: readonly string[],
): Promise<{ readonly aside?: string }> {
  const staging = join(data, RESTORING);
  await refuseRunning(data);
  const aside = before.length === 0 ? '' : asideAt(now());
  swap(data, { aside, before, after: readdirSync(staging) });
  return aside === '' ? {} : { aside: join(data, aside) };
}

export async function refuseRunning(data: string): Promise<void> {
  const running = new BackupProblem('unmade', 'Hallway is running. Stop it first: systemctl stop hallway');
  if (await answers(join(data, 'hallwayctl.sock'))) throw running;
  if (!existsSync(join(data, STORE_FILE))) return;
  try {
    openSnapshot(join(data, STORE_FILE))[Symbol.dispose]();
  } catch (error) {
    // One that is damaged is a reason to restore, not against it.
    if (error instanceof StorageError && error.code === 'busy') throw running;
  }
}

function answers(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(socket);
    probe.once('connect', () => resolve(true));
    probe.once('error', () => resolve(false));
    probe.once('connect', () => probe.destroy());
  });
}
