import { StorageError, type StorageErrorCode } from './database.ts';

const CODES: readonly (readonly [prefix: string, code: StorageErrorCode])[] = [
  ['SQLITE_CONSTRAINT', 'constraint'],
  ['SQLITE_FULL', 'full'],
  ['SQLITE_BUSY', 'busy'],
  ['SQLITE_LOCKED', 'busy'],
  ['SQLITE_CORRUPT', 'corrupt'],
  ['SQLITE_NOTADB', 'corrupt'],
  ['SQLITE_IOERR', 'io'],
  ['SQLITE_READONLY', 'io'],
  ['SQLITE_CANTOPEN', 'io'],
  ['SQLITE_PERM', 'io'],
  ['SQLITE_NOMEM', 'io'],
];

/** What the library threw, in the words of the contract. */
export function toStorageError(error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  const text = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  // The rules of that name in the schema.
  if (text === 'CHECK constraint failed: quota') return new StorageError('quota', text);
  const known = CODES.find(([prefix]) => code.startsWith(prefix));
  return new StorageError(known?.[1] ?? 'statement', code === '' ? text : `${text} (${code})`);
}
