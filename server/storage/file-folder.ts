import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** Where files are while they are written; whatever is in there at a start was never finished. */
const UNFINISHED = 'unfinished';
const NAME = /^[0-9a-f]{2}\/[0-9a-f]{30}$/;

/** A folder of large files under names of its own, apart from the store: a file is in it as a whole or not at all. */
export class FileFolder {
  readonly #folder: string;
  readonly #made = new Set<string>();

  /** The folder is made when it is opened. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Makes the folder, and takes away what was cut short. Rejects with the system's error. */
  async open(): Promise<void> {
    const unfinished = join(this.#folder, UNFINISHED);
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(unfinished, { recursive: true, mode: 0o700 });
  }

  /**
   * Writes a file from a stream, never holding more than a piece of it. Resolves with its name once file and name are on
   * disk; rejects with what went wrong, with nothing left of it. The source is not destroyed..
   */
  async write(source: Readable, signal: AbortSignal): Promise<{ readonly file: string; readonly bytes: number }> {
    const id = randomBytes(16).toString('hex');
    const unfinished = join(this.#folder, UNFINISHED, id);
    const file = `${id.slice(0, 2)}/${id.slice(2)}`;
    try {
      const sink = createWriteStream(unfinished, { flags: 'wx', mode: 0o600, flush: true, highWaterMark: 256 * 1024 });
      // The source outlives an error here: whoever sends it is to be told.
      await pipeline(source.iterator({ destroyOnReturn: false }), sink, { signal });
      await this.#makeFolder(id.slice(0, 2));
      await rename(unfinished, this.path(file));
      await sync(join(this.#folder, id.slice(0, 2)));
      return { file, bytes: sink.bytesWritten };
    } catch (error) {
      await rm(unfinished, { force: true });
      throw error;
    }
  }

  /** The folder itself. */
  get root(): string {
    return this.#folder;
  }

  /** Where a file is. Throws for what was never a name of ours. */
  path(file: string): string {
    if (!NAME.test(file)) throw new RangeError('not the name of an uploaded file');
    return join(this.#folder, file);
  }

  /** Takes a file away, if it is there. */
  async remove(file: string): Promise<void> {
    await rm(this.path(file), { force: true });
  }

  /** The same for a file that was last written before a time, ms since 1970. */
  async removeOlder(file: string, time: number): Promise<void> {
    const { mtimeMs } = await stat(this.path(file));
    if (mtimeMs < time) await this.remove(file);
  }

  /** Bytes that may still be written to this disk. */
  async free(): Promise<number> {
    const { bavail, bsize } = await statfs(this.#folder);
    return bavail * bsize;
  }

  /** The names of all files, some at a time. */
  async *names(): AsyncIterable<readonly string[]> {
    for (const entry of await readdir(this.#folder)) {
      if (!/^[0-9a-f]{2}$/.test(entry)) continue;
      const names = (await readdir(join(this.#folder, entry))).map((name) => `${entry}/${name}`);
      yield names.filter((name) => NAME.test(name));
    }
  }

  async #makeFolder(name: string): Promise<void> {
    if (this.#made.has(name)) return;
    await mkdir(join(this.#folder, name), { recursive: true, mode: 0o700 });
    await sync(this.#folder);
    this.#made.add(name);
  }
}

/** A name is on disk once its folder is. */
async function sync(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
