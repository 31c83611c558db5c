import { parentPort, workerData } from 'node:worker_threads';
import type { Database as Connection } from 'better-sqlite3';
import { keepBefore, tendBefores } from './before.ts';
import { StorageError } from './database.ts';
import { Checkpointer } from './sqlite-checkpoint.ts';
import { copyStore } from './sqlite-copy.ts';
import { toStorageError } from './sqlite-error.ts';
import { Executor } from './sqlite-executor.ts';
import { APPLICATION_ID, openFile, refusal, versionOf } from './sqlite-file.ts';
import { CLOSE, type CopyRequest, type Opened, type Request, type WorkerOptions } from './sqlite-protocol.ts';
import { addTextFunctions } from './sqlite-text-index.ts';

/** The thread in which the disk is waited for, so that the other one never does. */

const options = workerData as WorkerOptions;
const port = parentPort!;

/** Brings the schema up to date, all or nothing: the release of before can open a store of which a step failed. */
async function migrate(db: Connection): Promise<{ migrated: string[]; before: string }> {
  const from = versionOf(db);
  const steps = options.migrations.filter((step) => step.version > from);
  if (steps.length === 0) return { migrated: [], before: '' };
  const before = from === 0 ? '' : await keepBefore(db, options.file, from);
  db.transaction(() => {
    db.exec(`CREATE TABLE IF NOT EXISTS schema_version
      (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL)`);
    for (const step of steps) {
      for (const statement of step.statements) db.exec(statement);
      db.prepare('INSERT INTO schema_version VALUES (?, ?, ?)').run(step.version, step.name, Date.now());
      db.pragma(`user_version = ${step.version}`); // the same in the file's header, where it is read before opening
    }
  })();
  return { migrated: steps.map((step) => step.name), before };
}

function prepare(db: Connection): void {
  if (versionOf(db) === 0) db.pragma(`application_id = ${APPLICATION_ID}`);
  // One process owns the store: the caches of a second one would not see what this one writes.
  db.pragma('locking_mode = EXCLUSIVE');
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.pragma('foreign_keys = ON');
  // What is deleted is gone: its bytes are overwritten, not only forgotten.
  db.pragma('secure_delete = ON');
  db.pragma('cache_size = -32000');
  db.pragma('temp_store = MEMORY');
  db.pragma('wal_autocheckpoint = 0');
  db.pragma('journal_size_limit = 67108864');
  if (options.maxPages !== undefined) db.pragma(`max_page_count = ${options.maxPages}`);
}

async function open(): Promise<{ db: Connection; opened: Opened }> {
  const newest = options.migrations.at(-1)?.version ?? 0;
  const { db, checked } = await openFile(options.file, newest);
  try {
    prepare(db);
    addTextFunctions(db);
    const { migrated, before } = await migrate(db);
    return { db, opened: { opened: true, version: versionOf(db), migrated, before, checked } };
  } catch (error) {
    db.close();
    throw error;
  }
}

function serve(db: Connection): void {
  const executor = new Executor(db);
  const checkpointer = new Checkpointer(db);
  const endTending = options.file === ':memory:' ? undefined : tendBefores(options.file);
  port.on('message', (request: Request | CopyRequest | typeof CLOSE) => {
    if (request === CLOSE) {
      checkpointer.close();
      endTending?.();
      db.close();
      port.close();
      return;
    }
    if ('copyTo' in request) {
      void copyStore(db, request.copyTo, request.port);
      return;
    }
    port.postMessage(executor.execute(request));
    if (request.writes) checkpointer.wrote(request.operations.length);
  });
}

try {
  const { db, opened } = await open();
  serve(db);
  port.postMessage(opened);
} catch (error) {
  const known = toStorageError(error);
  const ours = error instanceof StorageError;
  const damaged = refusal(options.file, `is damaged (${known.message})`);
  const inUse = `${options.file} is in use by another process: is Hallway running already?`;
  const why = known.code === 'busy' ? inUse : `${options.file} could not be opened: ${known.message}`;
  const other = known.code === 'corrupt' ? damaged : why;
  port.postMessage({ opened: false, code: known.code, text: ours ? known.message : other } satisfies Opened);
  port.close();
}
