import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Database } from '../../server/storage/database.ts';
import { type OpenOptions, openDatabase } from '../../server/storage/sqlite.ts';

/** A log that keeps what it is told. */
export function listeningLog(): OpenOptions['log'] & { readonly lines: string[] } {
  const lines: string[] = [];
  const note = (object: unknown, text?: string) => {
    lines.push(text ?? String(object));
  };
  return { lines, info: note, warn: note, error: note, fatal: note };
}

/** A directory that goes away with the test. */
export async function temporary(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'hallway-storage-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** An open database that is closed with the test. */
export async function opened(t: TestContext, options: Partial<OpenOptions> = {}): Promise<Database> {
  const db = await openDatabase({ file: ':memory:', log: listeningLog(), lazyMs: 5, ...options });
  t.after(() => db.close());
  return db;
}
