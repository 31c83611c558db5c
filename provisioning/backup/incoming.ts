import { existsSync, readdirSync } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { FileFolder, WrongLength } from '../../server/storage/file-folder.ts';
import { STORE_FILE } from '../data-folder.ts';
import { RESTORING, settle } from '../restore-swap.ts';
import type { checkBackup } from './check.ts';
import { type BackupKey, readKey } from './key.ts';
import { needRoom } from './machine.ts';
import { BackupProblem, problemOf } from './problem.ts';
import { asideAt, residents, type Staged } from './stage.ts';
import { BackupThread } from './thread.ts';

/** How far it is, 0 to 1. */
type Tell = (part: number) => void;

export interface IncomingOptions {
  /** The data folder. */
  readonly data: string;
  readonly now?: () => number;
  /** Bytes free on the disk of a folder; default: as the system says. */
  readonly free?: (folder: string) => Promise<number>;
}

/**
 * A backup that somebody brings to a house that is nobody's yet: taken in, looked into, and put in the place of the house at its next
 * start. Until `settle` nothing but the folder `incoming` and what is put together beside it is touched. One thing at a time is the
 * caller's business. All throw BackupProblem.
 */
export class IncomingBackup implements AsyncDisposable {
  readonly #options: IncomingOptions;
  readonly #folder: string;
  readonly #thread = new BackupThread();
  #file: string | undefined;

  constructor(options: IncomingOptions) {
    this.#options = options;
    this.#folder = join(options.data, 'incoming');
  }

  /** Takes the file away, and what was made of it. To be called at the start, too. */
  async forget(): Promise<void> {
    this.#file = undefined;
    await rm(this.#folder, { recursive: true, force: true });
    await rm(join(this.#options.data, RESTORING), { recursive: true, force: true });
  }

  /** Takes a file of so many bytes in, straight to the disk, in the place of one that came before. */
  async receive(source: Readable, bytes: number, signal: AbortSignal): Promise<void> {
    await this.forget();
    // Once as it came, and once what comes out of it.
    await needRoom(this.#options.data, 2 * bytes, this.#options.free);
    const folder = new FileFolder(this.#folder);
    try {
      await folder.open();
      const { file } = await folder.write(source, { signal, bytes });
      this.#file = folder.path(file);
    } catch (error) {
      await this.forget();
      const { code } = error as NodeJS.ErrnoException;
      const cut = error instanceof WrongLength || code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ECONNRESET';
      throw cut || signal.aborted ? new BackupProblem('unmade', 'The file did not come as a whole.') : problemOf(error);
    }
  }

  /** Restores it as a test: what it says of itself, when all of it is as it should be. */
  async look(key: string, tell: Tell): Promise<Awaited<ReturnType<typeof checkBackup>>> {
    const { file, size, opened } = await this.#taken(key);
    const check = { file, key: opened, scratch: join(this.#folder, 'scratch') };
    const read = await this.#thread.run({ check }, (done) => tell(done / size));
    return read as Awaited<ReturnType<typeof checkBackup>>;
  }

  /** Puts the house together that is in it, for a machine of this name; `named` when somebody has chosen the name. */
  async stage(key: string, hostname: string, named: boolean, tell: Tell): Promise<Staged> {
    const { file, size, opened } = await this.#taken(key);
    const { data } = this.#options;
    const stage = { file, key: opened, data, hostname, named, caller: 'claim', door: 'panel' } as const;
    return (await this.#thread.run({ stage }, (done) => tell(done / size))) as Staged;
  }

  /** From now on it counts: the next start puts what is here aside, and what was put together in its place. */
  settle(): void {
    const { data, now = Date.now } = this.#options;
    const journals = ['-wal', '-shm', '-journal'].map((end) => `${STORE_FILE}${end}`);
    // A journal of the old store beside the new one would be its ruin, and there may be one later that is not there now.
    const before = [...new Set([...residents(data), ...journals])];
    settle(data, { aside: asideAt(now()), before, after: readdirSync(join(data, RESTORING)) });
  }

  /** Ends what is under way; what it left is removed at the next start. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#thread.stop();
  }

  async #taken(key: string): Promise<{ file: string; size: number; opened: BackupKey }> {
    const file = this.#file;
    if (file === undefined || !existsSync(file)) throw new BackupProblem('foreign', 'Send the file first.');
    return { file, size: Math.max(1, (await stat(file)).size), opened: await readKey(key) };
  }
}
