import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Database } from '../../server/storage/database.ts';
import { STORE_FILE } from '../data-folder.ts';
import type { checkBackup } from './check.ts';
import { type BackupKey, backupKey, existingKey } from './key.ts';
import { BackupProblem, problemOf } from './problem.ts';
import { BackupThread } from './thread.ts';
import type { Written } from './write.ts';

export interface MachineOptions {
  readonly db: Database;
  /** The data folder. */
  readonly data: string;
  /** This machine's own name, and the release. */
  readonly hostname: string;
  readonly version: string;
  /** The boot file, if there is one. */
  readonly bootFile: string | undefined;
  /** Bytes that people's files have together. */
  readonly uploads: () => Promise<number>;
  /** Bytes free on the disk of a folder; default: as the system says. */
  readonly free?: (folder: string) => Promise<number>;
}

/** How far it is: a part from 0 to 1 of one of its steps. */
export type Tell = (step: 'store' | 'writing' | 'checking', part: number) => void;

/** What is kept free for the messages that come meanwhile. */
const RESERVE = 64 * 1024 * 1024;
/** A file takes its head and what fills its last block, besides itself. */
const OVERHEAD = 1.02;

/** Makes backups of the house that runs, and restores them as a test. One thing at a time is the caller's business. */
export class BackupMachine implements AsyncDisposable {
  readonly #options: MachineOptions;
  readonly #work: string;
  readonly #thread = new BackupThread();

  constructor(options: MachineOptions) {
    this.#options = options;
    this.#work = join(options.data, 'backup-work');
  }

  /** Takes away what a backup left that was cut short. To be called at the start. */
  async open(): Promise<void> {
    await rm(this.#work, { recursive: true, force: true });
  }

  /** The recovery key, made at first use. */
  key(): Promise<BackupKey> {
    return backupKey(this.#options.data);
  }

  /** The recovery key, if there is one. */
  existingKey(): Promise<BackupKey | undefined> {
    return existingKey(this.#options.data);
  }

  /** Where backups are when nobody has chosen a folder. */
  get ownFolder(): string {
    return join(this.#options.data, 'backups');
  }

  /** Whether a folder is on the disk that the data is on. */
  async sameDisk(folder: string): Promise<boolean> {
    const [one, other] = await Promise.all([stat(folder), stat(this.#options.data)]);
    return one.dev === other.dev;
  }

  /** Writes a backup to `target`, in a folder that is there. Throws BackupProblem; then nothing of it is left. */
  async make(target: string, folder: string, madeAt: number, tell: Tell): Promise<Written> {
    const { db, data, hostname, version, bootFile } = this.#options;
    const store = join(this.#work, 'store.db');
    try {
      const bytes = await this.#checkSpace(folder);
      await rm(this.#work, { recursive: true, force: true });
      await mkdir(this.#work, { recursive: true, mode: 0o700 });
      const key = await this.key();
      await db.copy(store, (part) => tell('store', part));
      const boot = bootFile === undefined || !existsSync(bootFile) ? '' : await readFile(bootFile, 'utf8');
      const write = { target, store, work: this.#work, data, key, version, hostname, madeAt, boot };
      return (await this.#thread.run({ write }, (done) => tell('writing', Math.min(1, done / bytes)))) as Written;
    } catch (error) {
      throw problemOf(error);
    } finally {
      await rm(this.#work, { recursive: true, force: true });
    }
  }

  /** Restores a backup as a test. Throws BackupProblem when it is none to rely on. */
  async check(file: string, tell: Tell): Promise<Awaited<ReturnType<typeof checkBackup>>> {
    try {
      const { size } = await stat(file);
      await this.#need(this.#options.data, await this.#storeBytes());
      const check = { file, key: await this.key(), scratch: join(this.#work, 'scratch') };
      const read = await this.#thread.run({ check }, (done) => tell('checking', done / size));
      return read as Awaited<ReturnType<typeof checkBackup>>;
    } catch (error) {
      throw problemOf(error);
    } finally {
      await rm(this.#work, { recursive: true, force: true });
    }
  }

  /** Ends what is under way; what it left is removed at the next start. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#thread.stop();
  }

  /** Gives how many bytes are to be read. */
  async #checkSpace(folder: string): Promise<number> {
    const store = await this.#storeBytes();
    const all = (store + (await this.#options.uploads())) * OVERHEAD;
    if (await this.sameDisk(folder)) await this.#need(folder, store + all);
    else {
      await this.#need(this.#options.data, store);
      await this.#need(folder, all);
    }
    return Math.max(1, all / OVERHEAD);
  }

  async #need(folder: string, bytes: number): Promise<void> {
    await needRoom(folder, bytes, this.#options.free);
  }

  async #storeBytes(): Promise<number> {
    const sizes = ['', '-wal'].map((end) =>
      stat(join(this.#options.data, `${STORE_FILE}${end}`)).catch(() => ({ size: 0 })),
    );
    return (await Promise.all(sizes)).reduce((sum, { size }) => sum + size, 0);
  }
}

/** Throws BackupProblem where there is no room for so many bytes and the messages that come meanwhile. */
export async function needRoom(folder: string, bytes: number, measure = freeIn): Promise<void> {
  const free = await measure(folder);
  if (free >= bytes + RESERVE) return;
  const text = `There is not enough room on the disk of ${folder}: ${megabytes(bytes + RESERVE)} are needed, ${megabytes(free)} are free.`;
  throw new BackupProblem('room', text);
}

/** Bytes that may still be written to the disk of a folder. */
async function freeIn(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6).toLocaleString('en')} MB`;
}
