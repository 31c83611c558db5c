import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { inTurns } from '../util/large-turns.ts';
import { FileSink } from './file-sink.ts';

/** Where files are while they are written; whatever is in there at a start was never finished. */
const UNFINISHED = 'unfinished';
const NAME = /^[0-9a-f]{2}\/[0-9a-f]{30}$/;

export interface WriteOptions {
  /** Ends the writing; `reason` is what is rejected with. */
  readonly signal: AbortSignal;
  /** How long the file must be, in bytes. */
  readonly bytes: number;
  /** Looks at the whole file before it has its name. May put another in its place, written and flushed; a rejection refuses it. */
  readonly finish?: (path: string) => Promise<void>;
}

/** What was written was not as long as it had to be. */
export class WrongLength extends Error {}

/** A folder of large files under names of its own, apart from the store: a file is in it as a whole or not at all. */
export class FileFolder {
  readonly #folder: string;
  readonly #made = new Set<string>();
  readonly #sinks = new Set<FileSink>();

  /** The folder is made when it is opened. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Makes the folder, and takes away what was cut short. Rejects with the system's error. */
  async open(): Promise<void> {
    const unfinished = join(this.#folder, UNFINISHED);
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(unfinished, { recursive: true, mode: 0o700 });
    await sync(this.#folder);
    await sync(dirname(this.#folder));
  }

  /**
   * Writes a file from a stream, never holding more than a piece of it. Resolves with its name and length once both bytes and
   * name are on disk; rejects with what went wrong, with nothing left of it. The source is not destroyed.
   */
  async write(
    source: Readable,
    { signal, bytes, finish }: WriteOptions,
  ): Promise<{ readonly file: string; readonly bytes: number }> {
    const id = randomBytes(16).toString('hex');
    const unfinished = join(this.#folder, UNFINISHED, id);
    const file = `${id.slice(0, 2)}/${id.slice(2)}`;
    try {
      const written = await this.#stream(source, unfinished, signal);
      if (written !== bytes) throw new WrongLength(`${written} bytes instead of ${bytes}`);
      await finish?.(unfinished);
      const stored = finish === undefined ? written : (await stat(unfinished)).size;
      await this.#makeFolder(id.slice(0, 2));
      await rename(unfinished, this.path(file));
      await sync(join(this.#folder, id.slice(0, 2)));
      return { file, bytes: stored };
    } catch (error) {
      await rm(unfinished, { force: true });
      await this.remove(file);
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
    const found = await stat(this.path(file)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error; // somebody else was faster
    });
    if (found !== undefined && found.mtimeMs < time) await this.remove(file);
  }

  /** Bytes that may still be written to this disk. */
  async free(): Promise<number> {
    const { bavail, bsize } = await statfs(this.#folder);
    return bavail * bsize;
  }

  /** Bytes of files under way that have been written already, so that they are neither free nor still to come. */
  get begun(): number {
    let bytes = 0;
    for (const { written } of this.#sinks) bytes += written;
    return bytes;
  }

  /** The names of all files, some at a time. */
  async *names(): AsyncIterable<readonly string[]> {
    for (const entry of await readdir(this.#folder)) {
      if (!/^[0-9a-f]{2}$/.test(entry)) continue;
      const names = (await readdir(join(this.#folder, entry))).map((name) => `${entry}/${name}`);
      yield names.filter((name) => NAME.test(name));
    }
  }

  /** Gives how many bytes are on disk. */
  async #stream(source: Readable, path: string, signal: AbortSignal): Promise<number> {
    source.on('error', () => undefined); // what happens before it is read is seen when it is
    const sink = new FileSink(await open(path, 'wx', 0o600));
    this.#sinks.add(sink);
    const aborted = Promise.withResolvers<never>();
    aborted.promise.catch(() => undefined);
    const abort = () => aborted.reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
    const copied = copy(source, sink, signal);
    copied.catch(() => undefined);
    try {
      await Promise.race([copied, aborted.promise]); // who stalls is not waited for
      return sink.written;
    } finally {
      await sink.close();
      this.#sinks.delete(sink);
      signal.removeEventListener('abort', abort);
    }
  }

  async #makeFolder(name: string): Promise<void> {
    if (this.#made.has(name)) return;
    await mkdir(join(this.#folder, name), { recursive: true, mode: 0o700 });
    await sync(this.#folder);
    this.#made.add(name);
  }
}

/** The source outlives an error here: whoever sends it is to be told. */
async function copy(source: Readable, sink: FileSink, signal: AbortSignal): Promise<void> {
  for await (const piece of inTurns(source)) {
    if (signal.aborted) return;
    await sink.add(piece);
  }
  await sink.end();
}

/** Resolves when a file, or the names in a folder, are on disk. */
export async function sync(path: string): Promise<void> {
  await using handle = await open(path, 'r');
  await handle.sync();
}
