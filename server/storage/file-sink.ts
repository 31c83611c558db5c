import type { FileHandle } from 'node:fs/promises';

const SIZE = 128 * 1024;

/**
 * Writes the pieces of a stream to a file. They are copied into memory that serves from the beginning to the end, and can be collected
 * at once: held until a slow disk has taken them, they would grow old, and cost a long look at all memory.
 */
export class FileSink {
  readonly #file: FileHandle;
  #filling = Buffer.allocUnsafeSlow(SIZE);
  #writing = Buffer.allocUnsafeSlow(SIZE);
  #filled = 0;
  /** Bytes given to the system. */
  written = 0;
  /** Until what was last given to the system is written. */
  #done: Promise<void> = Promise.resolve();

  constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Resolves when the next piece may come. Rejects with the system's error, be it about this piece or one before. */
  async add(piece: Buffer): Promise<void> {
    for (let at = 0; at < piece.length; ) {
      const taken = piece.copy(this.#filling, this.#filled, at);
      this.#filled += taken;
      at += taken;
      if (this.#filled === SIZE) await this.#flush();
    }
  }

  /** Resolves when all of it is on disk. */
  async end(): Promise<void> {
    await this.#flush();
    await this.#done;
    await this.#file.sync();
  }

  /** Closes the file, on disk or not, as soon as the system has let go of it. Never rejects. */
  async close(): Promise<void> {
    await this.#done.catch(() => undefined);
    await this.#file.close().catch(() => undefined);
  }

  async #flush(): Promise<void> {
    await this.#done;
    const bytes = this.#filled;
    [this.#filling, this.#writing] = [this.#writing, this.#filling];
    this.#filled = 0;
    this.#done = this.#write(this.#writing, bytes);
    this.#done.catch(() => undefined); // told by whoever waits for it
  }

  async #write(memory: Buffer, bytes: number): Promise<void> {
    for (let at = 0; at < bytes; ) {
      const { bytesWritten } = await this.#file.write(memory, at, bytes - at);
      at += bytesWritten;
      this.written += bytesWritten;
    }
  }
}
