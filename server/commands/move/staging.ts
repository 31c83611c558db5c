import { rm } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { needRoom } from '../../../provisioning/backup/machine.ts';
import { BackupProblem } from '../../../provisioning/backup/problem.ts';
import { checkName, type Files, MOST_FILES } from '../../moving/files.ts';
import { FileFolder, WrongLength } from '../../storage/file-folder.ts';
import { CommandError } from '../command-error.ts';

/** The files of one move, on this machine's disk as long as they are needed: there are passwords in them, of a kind. */
export class Staging {
  readonly #folder: string;
  readonly #files = new Map<string, string>();
  readonly #store: FileFolder;
  bytes = 0;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#store = new FileFolder(folder);
  }

  /** Makes an empty one, in the place of what was there. */
  static async open(folder: string): Promise<Staging> {
    await Staging.clear(folder);
    const staging = new Staging(folder);
    await staging.#store.open();
    return staging;
  }

  static async clear(folder: string): Promise<void> {
    await rm(folder, { recursive: true, force: true });
  }

  get files(): Files {
    return this.#files;
  }

  /** Takes one file in, straight to the disk, in the place of one of the same name. Throws CommandError, with nothing kept of it. */
  async receive(name: string, source: Readable, bytes: number, signal: AbortSignal): Promise<void> {
    const clean = checkName(name);
    if (clean === undefined) throw new CommandError('invalid', 'This is no name of a file in a folder.', 'name');
    if (this.#files.size >= MOST_FILES && !this.#files.has(clean)) {
      throw new CommandError('invalid', `There are more than ${MOST_FILES} files.`, 'name');
    }
    try {
      await needRoom(this.#folder, bytes);
      const { file } = await this.#store.write(source, { signal, bytes });
      const before = this.#files.get(clean);
      this.#files.set(clean, this.#store.path(file));
      this.bytes += bytes;
      if (before !== undefined) await rm(before, { force: true });
    } catch (error) {
      if (error instanceof BackupProblem) throw new CommandError('invalid', error.message, 'file');
      const { code } = error as NodeJS.ErrnoException;
      const cut = error instanceof WrongLength || code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ECONNRESET';
      if (cut || signal.aborted) throw new CommandError('invalid', `${clean} did not come as a whole.`, 'file');
      throw error;
    }
  }
}
