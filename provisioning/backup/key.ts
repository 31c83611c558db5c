import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { BackupProblem } from './problem.ts';

/** The recovery key's name in the data folder. */
export const BACKUP_KEY_FILE = 'backup.key';

const IDENTITY = /^AGE-SECRET-KEY-1[0-9A-Z]{58}$/;

/** The two halves of a recovery key. */
export interface BackupKey {
  /** `AGE-SECRET-KEY-1…`: opens every backup of the house. */
  readonly identity: string;
  /** `age1…`: for whom backups are encrypted. */
  readonly recipient: string;
}

/** The recovery key that somebody typed or that a file holds; comments and blank lines of `age-keygen` may stand around it. Throws BackupProblem. */
export async function readKey(text: string): Promise<BackupKey> {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const identity = lines.find((line) => line !== '' && !line.startsWith('#'))?.toUpperCase() ?? '';
  try {
    if (!IDENTITY.test(identity)) throw new Error('not of that form');
    return { identity, recipient: await identityToRecipient(identity) };
  } catch (cause) {
    throw new BackupProblem('key', 'This is no recovery key: it begins with AGE-SECRET-KEY-1 and has 74 characters.', {
      cause,
    });
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
