import { closeSync, fstatSync, fsyncSync, mkdirSync, openSync, readSync, statSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { dirname } from 'node:path';
import Sqlite, { type Database as Connection } from 'better-sqlite3';
import { StorageError } from './database.ts';

/** In the header of every store of ours (SQLite's application_id): "Hall". */
export const APPLICATION_ID = 0x48616c6c;

const MAGIC = 'SQLite format 3\0';
const HEADER_BYTES = 100;
/** Larger files are not read through at start, even when they were not closed. */
const CHECK_BELOW_BYTES = 200 * 1024 * 1024;

/** Why a store is not opened, and the ways out, for the administrator. */
export function refusal(file: string, what: string): string {
  return `${file} ${what}. It was left as it is. Restore a backup in its place, or move it away to start with an empty store`;
}

function size(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/** Reads the header without opening a database, so nothing can change the file yet. */
function header(file: string): { bytes: Buffer; size: number } {
  const fd = openSync(file, 'r');
  try {
    const bytes = Buffer.alloc(HEADER_BYTES);
    const read = readSync(fd, bytes, 0, HEADER_BYTES, 0);
    return { bytes: bytes.subarray(0, read), size: fstatSync(fd).size };
  } finally {
    closeSync(fd);
  }
}

function refuseNewer(file: string, version: number, newest: number): void {
  if (version <= newest) return;
  const text = `${file} was made by a newer release (schema ${version}, known up to ${newest}). It was left as it is. `;
  throw new StorageError('newer', `${text}Install that release again, or restore a backup made before it`);
}

/** https://www.sqlite.org/fileformat.html §1.3. Throws StorageError for what is not a whole store of ours. */
function checkHeader(file: string, journal: boolean, newest: number): void {
  const { bytes, size: length } = header(file);
  if (length === 0 && journal) throw new StorageError('corrupt', refusal(file, 'is empty, but its journal is not'));
  if (length === 0) return;
  if (bytes.length < HEADER_BYTES || bytes.toString('latin1', 0, 16) !== MAGIC) {
    throw new StorageError('corrupt', refusal(file, 'is not a database: it is damaged or something else'));
  }
  if (bytes.readUInt32BE(68) !== APPLICATION_ID) {
    throw new StorageError('foreign', refusal(file, 'is a database, but not a store of Hallway'));
  }
  const pageSize = bytes.readUInt16BE(16) === 1 ? 65_536 : bytes.readUInt16BE(16);
  const counted = bytes.readUInt32BE(24) === bytes.readUInt32BE(92);
  // With a journal beside it, pages may be in there still.
  if (!journal && counted && length < bytes.readUInt32BE(28) * pageSize) {
    throw new StorageError('corrupt', refusal(file, 'is damaged: its end is missing'));
  }
  refuseNewer(file, bytes.readUInt32BE(60), newest);
}

/** The version of the schema, 0 for an empty database. */
export function versionOf(db: Connection): number {
  const tables = db.prepare("SELECT count(*) FROM sqlite_schema WHERE name = 'schema_version'").pluck();
  if (tables.get() === 0) return 0;
  return (db.prepare('SELECT max(version) FROM schema_version').pluck().get() as number | null) ?? 0;
}

function checkWhole(file: string, db: Connection): void {
  const found = db.pragma('quick_check(1)', { simple: true });
  if (found !== 'ok') throw new StorageError('corrupt', refusal(file, `is damaged (${found})`));
}

/**
 * Looks into a file that was not closed through a connection that cannot write, so that a file that is refused does not
 * change even by its own journal. Throws StorageError. Returns whether the whole file was checked.
 */
function inspect(file: string, newest: number): boolean {
  const whole = size(file) < CHECK_BELOW_BYTES;
  const db = new Sqlite(file, { readonly: true });
  try {
    refuseNewer(file, versionOf(db), newest);
    if (whole) checkWhole(file, db);
    return whole;
  } finally {
    db.close();
  }
}

/** Makes an empty file that only we can read, its directory as well, and sees to it that its name survives a crash. */
function create(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  closeSync(openSync(file, 'wx', 0o600));
  const directory = openSync(dirname(file), 'r');
  fsyncSync(directory);
  closeSync(directory);
}

/**
 * Opens a store, made if it is not there. Throws StorageError or what the library throws, and then has changed nothing.
 * `newest` is the last version of the schema that is known.
 */
export async function openFile(file: string, newest: number): Promise<{ db: Connection; checked: boolean }> {
  let checked = false;
  if (file !== ':memory:') {
    const journal = size(`${file}-wal`) > 0;
    const there = statSync(file, { throwIfNoEntry: false }) !== undefined;
    if (!there && journal) throw new StorageError('corrupt', refusal(file, 'is missing, but its journal is there'));
    // A store is never empty, not even a new one: its content was lost, and with it everybody's account.
    if (there && !journal && size(file) === 0) throw new StorageError('corrupt', refusal(file, 'is empty'));
    if (!there) create(file);
    checkHeader(file, journal, newest);
    if (journal) checked = inspect(file, newest);
    for (const name of [file, `${file}-wal`, `${file}-shm`]) {
      await chmod(name, 0o600).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
      });
    }
  }
  // A server that is just going down lets go of the file within this time; one that stays does not.
  const db = new Sqlite(file, { timeout: 2_000 });
  try {
    refuseNewer(file, versionOf(db), newest);
    // Closed cleanly or not: a damaged page is found before anything is built on it.
    if (file !== ':memory:' && !checked && size(file) < CHECK_BELOW_BYTES) checkWhole(file, db);
    return { db, checked };
  } catch (error) {
    db.close();
    throw error;
  }
}
