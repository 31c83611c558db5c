import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { BackupProblem } from './problem.ts';

/** The recovery key's name in the data folder. */
export const BACKUP_KEY_FILE = 'backup.key';

/** Without its hyphens; another one may follow. */
const KEY = /^AGESECRETKEY1([0-9A-Z]{58})(?:AGESECRETKEY1|$)/;

/** The two halves of a recovery key. */
export interface BackupKey {
  /** `AGE-SECRET-KEY-1…`: opens every backup of the house. */
  readonly identity: string;
  /** `age1…`: for whom backups are encrypted. */
  readonly recipient: string;
}

/**
 * The recovery key that somebody typed or that a file holds: in any case, in groups, on several lines; comments and blank lines of
 * `age-keygen` may stand around it. Throws BackupProblem, which tells a letter that is wrong from what is no key at all.
 */
export async function readKey(text: string): Promise<BackupKey> {
  const lines = text.split(/\r?\n/).filter((line) => !line.trim().startsWith('#'));
  // Hyphens come back from a word processor as dashes, or not at all.
  const [, letters] =
    KEY.exec(
      lines
        .join('')
        .toUpperCase()
        .replaceAll(/[\s\p{Pd}\p{Cf}]/gu, ''),
    ) ?? [];
  if (letters === undefined) {
    throw new BackupProblem('key', 'This is no recovery key: it begins with AGE-SECRET-KEY-1 and has 74 characters.');
  }
  const identity = `AGE-SECRET-KEY-1${letters}`;
  try {
    return { identity, recipient: await identityToRecipient(identity) };
  } catch (cause) {
    // Its last letters are a sum of the others.
    throw new BackupProblem(
      'key',
      'A letter of this recovery key is wrong: please compare it with what you have on paper.',
      { cause },
    );
  }
}

/** The recovery key of the house, if there is one yet. */
export async function existingKey(folder: string): Promise<BackupKey | undefined> {
  try {
    return await readKey(readFileSync(join(folder, BACKUP_KEY_FILE), 'latin1'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The recovery key of the house, made when it is first needed. It lies beside the store, for the server's eyes only. */
export async function backupKey(folder: string): Promise<BackupKey> {
  const there = await existingKey(folder);
  if (there !== undefined) return there;
  const identity = await generateX25519Identity();
  const file = join(folder, BACKUP_KEY_FILE);
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  const descriptor = openSync(draft, 'wx', 0o600);
  try {
    writeSync(descriptor, `${identity}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  try {
    // A link, as it does not take the place of one that is there.
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    unlinkSync(draft);
  }
  const folderOf = openSync(folder, 'r');
  fsyncSync(folderOf);
  closeSync(folderOf);
  return readKey(readFileSync(file, 'latin1'));
}
