import { createHash, createHmac } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { Encrypter } from 'age-encryption';
import { openSnapshot, type Snapshot } from '../../server/storage/snapshot.ts';
import {
  BACKUP_KEY,
  type BackupHead,
  BOOT_FILE,
  FORMAT,
  HEAD,
  SEAL,
  STORE,
  SUMS,
  sealKey,
  sumLine,
  TOKEN_KEY,
  UPLOADS,
} from './format.ts';
import { BACKUP_KEY_FILE, type BackupKey } from './key.ts';
import { ENDING, entryHead, padding } from './tar.ts';

const PIECE = 256 * 1024;
/** Bytes after which what was written is waited for, so that nobody else's write waits behind gigabytes of ours. */
const SEND_AFTER = 32 * 1024 * 1024;

export interface WriteTask {
  /** Where the backup is to be. Nothing may be there yet. */
  readonly target: string;
  /** A copy of the store, and a folder for what is only needed meanwhile. */
  readonly store: string;
  readonly work: string;
  /** The data folder, where uploads and keys are. */
  readonly data: string;
  readonly key: BackupKey;
  readonly version: string;
  readonly hostname: string;
  readonly madeAt: number;
  /** The boot file's text, '' for none. */
  readonly boot: string;
}

export interface Written {
  readonly bytes: number;
  readonly head: BackupHead;
  readonly files: number;
  /** Files that were removed by somebody meanwhile. */
  readonly missing: number;
}

/**
 * Writes a backup: under a name ending in `.part` until all of it is on disk, for our eyes only. `tell` hears how many bytes are
 * read. It works step by step on the thread that calls it. Throws the system's errors; then nothing of it is left.
 */
export async function writeBackup(task: WriteTask, tell: (bytes: number) => void): Promise<Written> {
  const part = `${task.target}.part`;
  if (existsSync(task.target)) throw new Error(`${task.target} is there already`);
  rmSync(part, { force: true });
  using snapshot = openSnapshot(task.store);
  const archive = new Archive(task, snapshot, tell);
  const encrypter = new Encrypter();
  encrypter.addRecipient(task.key.recipient);
  const descriptor = openSync(part, 'wx', 0o600);
  try {
    const bytes = await pour(await encrypter.encrypt(ReadableStream.from(archive.bytes())), descriptor);
    fsyncSync(descriptor);
    renameSync(part, task.target);
    const folder = openSync(dirname(task.target), 'r');
    fsyncSync(folder);
    closeSync(folder);
    return { bytes, head: archive.head, files: archive.files, missing: archive.missing };
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  } finally {
    closeSync(descriptor);
  }
}

async function pour(source: ReadableStream<Uint8Array>, descriptor: number): Promise<number> {
  let written = 0;
  let sent = 0;
  for await (const piece of source) {
    for (let at = 0; at < piece.length; ) at += writeSync(descriptor, piece, at);
    written += piece.length;
    if (written - sent < SEND_AFTER) continue;
    fdatasyncSync(descriptor);
    sent = written;
  }
  return written;
}

/** The bytes of the archive, made as they are asked for. */
class Archive {
  readonly head: BackupHead;
  files = 0;
  missing = 0;
  readonly #task: WriteTask;
  readonly #snapshot: Snapshot;
  readonly #tell: (bytes: number) => void;
  /** SHA256SUMS grows with the files: it is kept on disk. */
  readonly #sums: string;
  #pending = '';
  #read = 0;

  constructor(task: WriteTask, snapshot: Snapshot, tell: (bytes: number) => void) {
    this.#task = task;
    this.#snapshot = snapshot;
    this.#tell = tell;
    this.#sums = join(task.work, SUMS);
    this.head = {
      format: FORMAT,
      version: task.version,
      schema: snapshot.version,
      hostname: task.hostname,
      domains: snapshot.domains(),
      madeAt: task.madeAt,
      counts: snapshot.counts(),
    };
  }

  async *bytes(): AsyncGenerator<Uint8Array> {
    const { data, boot, store, key } = this.#task;
    rmSync(this.#sums, { force: true });
    yield* this.#text(HEAD, `${JSON.stringify(this.head, undefined, 2)}\n`);
    if (boot !== '') yield* this.#text(BOOT_FILE, boot);
    yield* this.#file(BACKUP_KEY, join(data, BACKUP_KEY_FILE));
    yield* this.#file(TOKEN_KEY, join(data, 'tokens.key'), true);
    yield* this.#file(STORE, store);
    for (const { file } of this.#snapshot.files()) {
      // What was removed after the copy of the store was made is gone for good: nobody wants it back.
      const there = yield* this.#file(`${UPLOADS}${file}`, join(data, 'uploads', file), true);
      if (there) this.files++;
      else this.missing++;
    }
    this.#flush();
    const sealed = createHmac('sha256', sealKey(key.identity));
    yield* this.#file(SUMS, this.#sums, false, (piece) => void sealed.update(piece));
    yield* this.#text(SEAL, `${sealed.digest('hex')}\n`);
    yield ENDING;
  }

  *#text(path: string, text: string): Generator<Uint8Array> {
    const bytes = Buffer.from(text);
    yield entryHead(path, bytes.length, this.#task.madeAt);
    yield bytes;
    yield padding(bytes.length);
    this.#sum(path, createHash('sha256').update(bytes).digest('hex'));
  }

  /** False, with nothing said, when it is not there and need not be. */
  *#file(path: string, file: string, optional = false, see?: (piece: Buffer) => void): Generator<Uint8Array, boolean> {
    let descriptor: number;
    try {
      descriptor = openSync(file, 'r');
    } catch (error) {
      if (optional && (error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    }
    try {
      const { size, mtimeMs } = fstatSync(descriptor);
      yield entryHead(path, size, mtimeMs);
      const hash = createHash('sha256');
      for (let at = 0; at < size; ) {
        const piece = Buffer.allocUnsafeSlow(Math.min(PIECE, size - at));
        const read = readSync(descriptor, piece, 0, piece.length, at);
        if (read === 0) throw new Error(`${file} became shorter while it was read`);
        const got = piece.subarray(0, read);
        hash.update(got);
        see?.(got);
        at += read;
        this.#read += read;
        this.#tell(this.#read);
        yield got;
      }
      yield padding(size);
      this.#sum(path, hash.digest('hex'));
      return true;
    } finally {
      closeSync(descriptor);
    }
  }

  #sum(path: string, hash: string): void {
    this.#pending += sumLine(hash, path);
    if (this.#pending.length > PIECE) this.#flush();
  }

  #flush(): void {
    const descriptor = openSync(this.#sums, 'a', 0o600);
    writeSync(descriptor, this.#pending);
    closeSync(descriptor);
    this.#pending = '';
  }
}
