import { Header } from 'tar';
import { BackupProblem } from './problem.ts';

const BLOCK = 512;

/** The head of a file's entry. */
export function entryHead(path: string, size: number, mtime: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  const head = new Header({ path, size, mode: 0o600, uid: 0, gid: 0, type: 'File', mtime: new Date(mtime) });
  head.encode(block, 0);
  return block;
}

/** What fills an entry's last block. */
export function padding(size: number): Buffer {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
}

/** What ends an archive. */
export const ENDING = Buffer.alloc(2 * BLOCK);

function damaged(what: string): BackupProblem {
  return new BackupProblem('damaged', `It is damaged: ${what}.`);
}

/** What a block says; it throws for numbers that are none. */
function headOf(block: Buffer): Header {
  try {
    return new Header(block, 0);
  } catch {
    throw damaged('an entry has no valid head');
  }
}

/**
 * Reads an archive from pieces of bytes. It knows files and nothing else: no links, devices, folders, extensions or compression,
 * which no archive of ours has. Entries are to be read in order, each to its end.
 */
export class TarReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #rest: Buffer = Buffer.alloc(0);
  #left = 0;
  #fill = 0;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** The next entry, or undefined at the end, when all that follows was seen to be nothing. Throws BackupProblem. */
  async next(): Promise<{ readonly path: string; readonly size: number } | undefined> {
    if (this.#left > 0) throw new Error('the entry before was not read to its end');
    await this.#exactly(this.#fill);
    const block = await this.#exactly(BLOCK);
    if (block.every((byte) => byte === 0)) {
      await this.#nothingMore();
      return undefined;
    }
    const { path, size, type, cksumValid, linkpath } = headOf(block);
    if (!cksumValid || path === undefined || path === '') throw damaged('an entry has no valid head');
    if ((type !== 'File' && type !== 'OldFile') || (linkpath !== undefined && linkpath !== '')) {
      throw damaged(`${JSON.stringify(path.slice(0, 80))} is not a plain file`);
    }
    if (size === undefined || !Number.isSafeInteger(size) || size < 0) throw damaged('an entry has no size');
    this.#left = size;
    this.#fill = (BLOCK - (size % BLOCK)) % BLOCK;
    return { path, size };
  }

  /** The bytes of the entry, piece by piece. */
  async *bytes(): AsyncGenerator<Buffer> {
    while (this.#left > 0) {
      const piece = await this.#some(this.#left);
      if (piece === undefined) throw damaged('its end is missing');
      this.#left -= piece.length;
      yield piece;
    }
  }

  /** The bytes of an entry in one piece; for small ones. */
  async whole(): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for await (const piece of this.bytes()) pieces.push(Buffer.from(piece));
    return Buffer.concat(pieces);
  }

  async #nothingMore(): Promise<void> {
    for (;;) {
      const piece = await this.#some(Number.MAX_SAFE_INTEGER);
      if (piece === undefined) return;
      if (piece.some((byte) => byte !== 0)) throw damaged('something follows its end');
    }
  }

  /** Some bytes, at most so many; undefined when there are none. */
  async #some(most: number): Promise<Buffer | undefined> {
    while (this.#rest.length === 0) {
      const { done, value } = await this.#source.next();
      if (done) return undefined;
      this.#rest = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    }
    const piece = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(piece.length);
    return piece;
  }

  async #exactly(count: number): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for (let left = count; left > 0; ) {
      const piece = await this.#some(left);
      if (piece === undefined) throw damaged('its end is missing');
      pieces.push(piece);
      left -= piece.length;
    }
    return Buffer.concat(pieces);
  }
}
