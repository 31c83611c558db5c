import { mkdirSync, rmSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { openDatabase } from '../../server/storage/open.ts';
import { NEWEST_SCHEMA, openSnapshot } from '../../server/storage/snapshot.ts';
import { type BackupHead, STORE } from './format.ts';
import type { BackupKey } from './key.ts';
import { BackupProblem } from './problem.ts';
import { readBackup } from './read.ts';

/** The store's name in a folder that it is restored into. */
const STORE_FILE = 'hallway.db';
const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined, fatal: () => undefined };

export interface CheckTask {
  readonly file: string;
  readonly key: BackupKey;
  /** A folder to restore the store into; what is in it is removed, before and after. */
  readonly scratch: string;
}

/**
 * Restores a backup as a test. The store is written out, read from its first page to its last, and opened as a server would; what
 * people uploaded is deciphered and compared to its hashes, but not written. Throws BackupProblem when it could not be restored.
 */
export async function checkBackup(
  { file, key, scratch }: CheckTask,
  tell: (bytes: number) => void,
): Promise<{ readonly head: BackupHead; readonly files: number }> {
  rmSync(scratch, { recursive: true, force: true });
  mkdirSync(scratch, { recursive: true, mode: 0o700 });
  try {
    const store = `${scratch}/${STORE_FILE}`;
    const read = await readBackup({
      file,
      key,
      tell,
      accept: acceptHead,
      place: (path) => (path === STORE ? store : undefined),
    });
    checkStore(store, read);
    const db = await openDatabase({ file: store, log: SILENT });
    await db.close();
    return read;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Throws BackupProblem for what this release cannot restore. */
export function acceptHead({ schema, version }: BackupHead): void {
  if (schema <= NEWEST_SCHEMA) return;
  const text = `It was made by a newer release (${version}, schema ${schema}; this one knows schemas up to ${NEWEST_SCHEMA}).`;
  throw new BackupProblem('newer', [text, 'Install that release first.'].join(' '));
}

/** Holds a store that was written out against what the backup says of it. Throws BackupProblem. */
export function checkStore(
  store: string,
  { head, files }: { readonly head: BackupHead; readonly files: number },
): void {
  using snapshot = openSnapshot(store);
  const damage = snapshot.damage();
  if (damage !== undefined) throw new BackupProblem('damaged', `Its store is damaged: ${damage}.`);
  if (snapshot.version !== head.schema)
    throw new BackupProblem('damaged', 'Its store is of another version than it says.');
  if (!isDeepStrictEqual({ ...snapshot.counts() }, { ...head.counts })) {
    throw new BackupProblem('damaged', 'Its store holds more or less than it says.');
  }
  if (files > (head.counts.upload ?? 0))
    throw new BackupProblem('damaged', 'It holds files that its store does not know.');
}
