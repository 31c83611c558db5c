import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { closeSync, fdatasyncSync, mkdirSync, openSync, readSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { Decrypter } from 'age-encryption';
import { type BackupHead, HEAD, rankOf, readHead, SEAL, STORE, SUMS, sealKey, sumLine, UPLOADS } from './format.ts';
import type { BackupKey } from './key.ts';
import { BackupProblem } from './problem.ts';
import { TarReader } from './tar.ts';

const PIECE = 256 * 1024;
/** The head of an age file is a few hundred bytes; it ends in a line that begins so. */
const LONGEST_HEAD = 64 * 1024;
const MAGIC = 'age-encryption.org/v1\n';
const HEAD_ENDS = '\n--- ';

/** A file by its path, or one that is open for reading and stays so. */
export type Source = string | number;

export interface ReadTask {
  readonly file: Source;
  readonly key: BackupKey;
  /** Where an entry is to be written; undefined when it is only to be looked at. */
  place(path: string): string | undefined;
  /** Looks at the head before anything is written; may throw. */
  accept?(head: BackupHead): void;
  /** Hears how many bytes of the file are read. */
  tell?(bytes: number): void;
}

export interface Read {
  readonly head: BackupHead;
  /** Uploaded files. */
  readonly files: number;
}

/**
 * Reads a backup from its beginning to its end, and writes what is asked for. All of it is checked on the way: that it is whole, that
 * every part is what it was, and that it was sealed with this recovery key. Nothing that was written may be used before this
 * resolves. Throws BackupProblem, or the system's errors for what cannot be written.
 */
export async function readBackup(task: ReadTask): Promise<Read> {
  using source = opened(task.file);
  const { descriptor } = source;
  checkMagic(descriptor);
  const decrypter = new Decrypter();
  decrypter.addIdentity(task.key.identity);
  let plain: ReadableStream<Uint8Array>;
  try {
    plain = await decrypter.decrypt(ReadableStream.from(piecesOf(descriptor, task.tell)));
  } catch (cause) {
    if (!(cause instanceof Error) || !/no identity matched/.test(cause.message)) throw undecipherable(cause);
    throw new BackupProblem('key', 'This recovery key does not open it: it belongs to another server.', { cause });
  }
  return await new Reading(task, new TarReader(deciphered(plain))).all();
}

/** Whether a key is the one that a backup was encrypted for. Throws BackupProblem for what is no backup. */
export async function opens(file: Source, key: BackupKey): Promise<boolean> {
  using source = opened(file);
  const { descriptor } = source;
  try {
    checkMagic(descriptor);
    const decrypter = new Decrypter();
    decrypter.addIdentity(key.identity);
    const plain = await decrypter.decrypt(ReadableStream.from(piecesOf(descriptor)));
    await plain.cancel();
    return true;
  } catch (error) {
    if (error instanceof Error && /no identity matched/.test(error.message)) return false;
    throw error instanceof BackupProblem ? error : undecipherable(error);
  }
}

function opened(file: Source): Disposable & { readonly descriptor: number } {
  if (typeof file === 'number') return { descriptor: file, [Symbol.dispose]: () => undefined };
  const descriptor = openSync(file, 'r');
  return { descriptor, [Symbol.dispose]: () => closeSync(descriptor) };
}

/** What age finds wrong, in words for people. */
async function* deciphered(plain: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = plain.getReader();
  for (;;) {
    const { done, value } = await reader.read().catch((cause: unknown) => {
      throw undecipherable(cause);
    });
    if (done) return;
    yield value;
  }
}

function undecipherable(cause: unknown): BackupProblem {
  return new BackupProblem('damaged', 'It was changed or is not whole: it does not decipher.', { cause });
}

function checkMagic(descriptor: number): void {
  const bytes = Buffer.alloc(LONGEST_HEAD);
  const head = bytes.toString('latin1', 0, readSync(descriptor, bytes, 0, LONGEST_HEAD, 0));
  // A head without an end would be read into memory to the end of the file.
  if (!head.startsWith(MAGIC) || !head.includes(HEAD_ENDS)) {
    throw new BackupProblem('foreign', 'This is no backup of Hallway.');
  }
}

function* piecesOf(descriptor: number, tell?: (bytes: number) => void): Generator<Uint8Array> {
  for (let at = 0; ; ) {
    const piece = Buffer.allocUnsafeSlow(PIECE);
    const read = readSync(descriptor, piece, 0, PIECE, at);
    if (read === 0) return;
    at += read;
    tell?.(at);
    yield piece.subarray(0, read);
  }
}

/** One walk through the archive. */
class Reading {
  readonly #task: ReadTask;
  readonly #tar: TarReader;
  readonly #sums = createHash('sha256');
  readonly #seal;
  #head: BackupHead | undefined;
  #store = false;
  #summed = false;
  #files = 0;

  constructor(task: ReadTask, tar: TarReader) {
    this.#task = task;
    this.#tar = tar;
    this.#seal = createHmac('sha256', sealKey(task.key.identity));
  }

  async all(): Promise<Read> {
    let before = { rank: -1, path: '' };
    let sealed = false;
    for (;;) {
      const entry = await this.#tar.next();
      if (entry === undefined) break;
      const { path, size } = entry;
      const rank = rankOf(path, size);
      // In order, and so none of them twice.
      const next = rank > before.rank || (rank === before.rank && path > before.path);
      if (!next || (this.#head === undefined && path !== HEAD))
        throw new BackupProblem('damaged', `Its part ${path} is not in its place.`);
      before = { rank, path };
      if (path === SEAL) sealed = this.#isSealed(await this.#tar.whole());
      else await this.#take(path);
    }
    if (this.#head === undefined || !this.#store || !this.#summed || !sealed)
      throw new BackupProblem('damaged', 'It is not whole.');
    return { head: this.#head, files: this.#files };
  }

  async #take(path: string): Promise<void> {
    if (path === HEAD) {
      const bytes = await this.#tar.whole();
      this.#head = readHead(bytes);
      this.#task.accept?.(this.#head);
      this.#sums.update(sumLine(createHash('sha256').update(bytes).digest('hex'), path));
      return;
    }
    const hash = createHash('sha256');
    const target = path === SUMS ? undefined : this.#task.place(path);
    const sink = target === undefined ? undefined : new Sink(target);
    try {
      for await (const piece of this.#tar.bytes()) {
        hash.update(piece);
        if (path === SUMS) this.#seal.update(piece);
        sink?.write(piece);
      }
      sink?.sync();
    } finally {
      sink?.close();
    }
    const found = hash.digest('hex');
    if (path === SUMS) {
      if (found !== this.#sums.digest('hex')) throw new BackupProblem('damaged', 'A part of it is not what it was.');
      this.#summed = true;
      return;
    }
    this.#sums.update(sumLine(found, path));
    if (path === STORE) this.#store = true;
    if (path.startsWith(UPLOADS)) this.#files++;
  }

  #isSealed(given: Buffer): boolean {
    const right = Buffer.from(`${this.#seal.digest('hex')}\n`);
    if (given.length === right.length && timingSafeEqual(given, right)) return true;
    throw new BackupProblem('damaged', 'It was not made by a server that has this recovery key.');
  }
}

/** A new file, for our eyes only. */
class Sink {
  readonly #descriptor: number;

  constructor(path: string) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    this.#descriptor = openSync(path, 'wx', 0o600);
  }

  write(piece: Buffer): void {
    for (let at = 0; at < piece.length; ) at += writeSync(this.#descriptor, piece, at);
  }

  sync(): void {
    fdatasyncSync(this.#descriptor);
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}
