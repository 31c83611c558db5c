import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';

const FLUSH = 64 * 1024;

/** A file that is written from the beginning to the end, with its length and its SHA-256. For threads that may wait for the disk. */
export class HashedFile {
  readonly #fd: number;
  readonly #hash = createHash('sha256');
  #waiting = '';
  bytes = 0;

  constructor(path: string) {
    this.#fd = openSync(path, 'wx', 0o600);
  }

  write(text: string): void {
    this.#waiting += text;
    if (this.#waiting.length >= FLUSH) this.#flush();
  }

  /** Closes it; gives the hash, in hexadecimal. */
  end(): string {
    this.#flush();
    fsyncSync(this.#fd);
    closeSync(this.#fd);
    return this.#hash.digest('hex');
  }

  #flush(): void {
    const bytes = Buffer.from(this.#waiting);
    this.#waiting = '';
    this.#hash.update(bytes);
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#fd, bytes, at);
    this.bytes += bytes.length;
  }
}
