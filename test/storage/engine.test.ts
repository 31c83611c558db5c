import assert from 'node:assert/strict';
import { appendFile, copyFile, open, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import Sqlite from 'better-sqlite3';
import { sql } from '../../server/storage/database.ts';
import { openDatabase } from '../../server/storage/sqlite.ts';
import { listeningLog, opened, temporary } from './support.ts';

const log = listeningLog();
const insert = (name: string) => sql`INSERT INTO domain (name, created_at) VALUES (${name}, 1)`;

/** A store with a row, closed. */
async function made(t: TestContext): Promise<string> {
  const file = join(await temporary(t), 'deep', 'er', 'store.db');
  const db = await openDatabase({ file, log });
  await db.run(insert('a'));
  await db.close();
  return file;
}

/** The same as a killed server leaves it: its journal beside it. */
async function abandoned(t: TestContext): Promise<string> {
  const file = await made(t);
  const db = await openDatabase({ file, log });
  for (const name of ['b', 'c', 'd']) await db.run(insert(name));
  await copyFile(file, `${file}.copy`);
  await copyFile(`${file}-wal`, `${file}.copy-wal`);
  await db.close();
  return `${file}.copy`;
}

/** Opening must fail so, and leave every byte where it was. */
async function refused(file: string, code: string, text: RegExp): Promise<void> {
  const before = await readFile(file);
  const journal = await readFile(`${file}-wal`).catch(() => undefined);
  await assert.rejects(openDatabase({ file, log }), (error: Error & { code?: string }) => {
    assert.equal(error.code, code);
    assert.match(error.message, text);
    assert.ok(error.message.includes(file), 'the text names the file');
    return true;
  });
  assert.ok(before.equals(await readFile(file)), 'the file is as it was');
  if (journal !== undefined) assert.ok(journal.equals(await readFile(`${file}-wal`)), 'its journal is as it was');
}

async function overwrite(file: string, position: number, bytes: Buffer): Promise<void> {
  const handle = await open(file, 'r+');
  await handle.write(bytes, 0, bytes.length, position);
  await handle.close();
}

describe('the embedded engine and its file', () => {
  it('makes the file and its directory for its own user only', async (t) => {
    const file = join(await temporary(t), 'deep', 'er', 'store.db');
    const db = await opened(t, { file });
    await db.run(insert('a'));
    const mode = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);
    assert.equal(await mode(join(file, '..')), '700');
    for (const name of [file, `${file}-wal`]) assert.equal(await mode(name), '600');
  });

  it('belongs to one process: a second one is refused with a reason', async (t) => {
    const file = join(await temporary(t), 'store.db');
    const db = await opened(t, { file });
    await db.run(insert('a'));
    await assert.rejects(opened(t, { file }), /in use by another process/);
  });

  it('keeps what was written, and leaves one file when closed', async (t) => {
    const file = await made(t);
    assert.deepEqual(await readdir(join(file, '..')), ['store.db']);
    const db = await opened(t, { file });
    assert.deepEqual(await db.all(sql`SELECT name FROM domain`), [{ name: 'a' }]);
  });

  it('takes up and checks a store that was not closed', async (t) => {
    const file = await abandoned(t);
    const heard = listeningLog();
    const db = await opened(t, { file, log: heard });
    assert.deepEqual(await db.get(sql`SELECT count(*) AS n FROM domain`), { n: 4 });
    assert.match(heard.lines.join(), /not closed cleanly/);
  });

  it('syncs each commit to disk and checks references', async (t) => {
    const db = await opened(t, { file: join(await temporary(t), 'store.db') });
    const pragma = async (text: string) =>
      Object.values((await db.get<Record<string, unknown>>({ text, values: [] })) ?? {})[0];
    assert.equal(await pragma('PRAGMA synchronous'), 2);
    assert.equal(await pragma('PRAGMA foreign_keys'), 1);
  });

  it('folds the journal into the file under load, so that it does not grow', async (t) => {
    const file = join(await temporary(t), 'store.db');
    const db = await opened(t, { file });
    const filling = 'x'.repeat(3_000);
    for (let n = 0; n < 20_000; n++) {
      db.queue([sql`INSERT INTO setting (name, value_json) VALUES (${`s${n}`}, ${filling})`]);
      if (n % 500 === 0) await db.durable();
    }
    await db.durable();
    assert.ok((await stat(`${file}-wal`)).size < 24 * 1024 * 1024, 'the journal stays below some megabytes');
  });

  it('refuses what is no database', async (t) => {
    const file = join(await temporary(t), 'store.db');
    await writeFile(file, 'Dear diary, '.repeat(1_000));
    await refused(file, 'corrupt', /not a database.*Restore a backup.*move it away/);
    await writeFile(file, 'short');
    await refused(file, 'corrupt', /not a database/);
  });

  it('refuses the database of another program', async (t) => {
    const file = join(await temporary(t), 'store.db');
    const other = new Sqlite(file);
    other.exec('CREATE TABLE bookmark (url TEXT)');
    other.close();
    await refused(file, 'foreign', /not a store of Hallway/);
  });

  it('refuses a file whose end is missing', async (t) => {
    const file = await made(t);
    await truncate(file, (await stat(file)).size - 4_096);
    await refused(file, 'corrupt', /end is missing.*left as it is|end is missing.*left as it was/);
  });

  it('refuses a damaged first page', async (t) => {
    const file = await made(t);
    await overwrite(file, 100, Buffer.alloc(2_000, 0xaa));
    await refused(file, 'corrupt', /damaged/);
  });

  it('refuses an unclosed store with a damaged page in the middle', async (t) => {
    const file = await abandoned(t);
    const size = (await stat(file)).size;
    await overwrite(file, size - 3 * 4_096, Buffer.alloc(3 * 4_096, 0xaa));
    await refused(file, 'corrupt', /damaged/);
  });

  it('refuses an empty or missing file whose journal is there, for that would be thrown away', async (t) => {
    const file = await abandoned(t);
    await truncate(file, 0);
    await refused(file, 'corrupt', /empty, but its journal is not/);
    await rm(file);
    await assert.rejects(openDatabase({ file, log }), /missing, but its journal is there/);
    assert.ok((await stat(`${file}-wal`)).size > 0);
  });

  it('refuses a store of a newer release, closed or not', async (t) => {
    for (const file of [await made(t), await abandoned(t)]) {
      if (file.endsWith('.copy')) {
        // A newer release wrote its version and was killed: it stands in the journal only.
        const newer = new Sqlite(file);
        newer.prepare('INSERT INTO schema_version VALUES (9000, ?, 0)').run('future');
        await copyFile(file, `${file}2`);
        await copyFile(`${file}-wal`, `${file}2-wal`);
        newer.close();
        await refused(`${file}2`, 'newer', /newer release \(schema 9000/);
      } else {
        const newer = new Sqlite(file);
        newer.pragma('user_version = 9000');
        newer.close();
        await refused(file, 'newer', /newer release \(schema 9000/);
      }
    }
  });

  it('refuses an empty file: a store was there, or is meant to be', async (t) => {
    const file = join(await temporary(t), 'store.db');
    await writeFile(file, '');
    await refused(file, 'corrupt', /is empty/);
  });

  it('finds damage in the middle of a file that was closed cleanly, and leaves it as it is', async (t) => {
    const file = join(await temporary(t), 'store.db');
    const db = await openDatabase({ file, log });
    for (let i = 0; i < 2_000; i++) db.queue([insert(`row ${i} ${'x'.repeat(200)}`)]);
    await db.close();
    const handle = await open(file, 'r+');
    const { size } = await handle.stat();
    for (let at = 4_096 * 3; at + 4_096 < size; at += 4_096) await handle.write(Buffer.alloc(64, 0xa5), 0, 64, at);
    await handle.close();
    await refused(file, 'corrupt', /damaged/);
  });

  it('says what is wrong when the place cannot be written', async (t) => {
    const directory = await temporary(t);
    await appendFile(join(directory, 'plain'), 'x');
    await assert.rejects(
      openDatabase({ file: join(directory, 'plain', 'store.db'), log }),
      /plain.*could not be opened|plain/,
    );
  });

  it('fails every write of a commit that does not fit, still answers queries, and goes on when there is room', async (t) => {
    const file = join(await temporary(t), 'store.db');
    await (await openDatabase({ file, log })).close();
    // Room for the schema and one of the big rows below, not for four.
    const maxPages = (await stat(file)).size / 4_096 + 45;
    const db = await opened(t, { file, maxPages });
    await db.run(insert('before'));
    const failures: string[] = [];
    const filling = 'x'.repeat(100_000);
    const big = (n: number) => sql`INSERT INTO setting (name, value_json) VALUES (${`s${n}`}, ${filling})`;
    db.queue([insert('together')], (error) => failures.push((error as Error & { code: string }).code));
    const bigs = Promise.allSettled([1, 2, 3, 4].map((n) => db.run(big(n))));
    const query = db.all(sql`SELECT name FROM domain`);
    assert.deepEqual(
      (await bigs).map((one) => one.status === 'rejected' && one.reason.code),
      Array(4).fill('full'),
    );
    assert.deepEqual(failures, ['full']);
    assert.deepEqual(await query, [{ name: 'before' }]);
    assert.deepEqual(await db.get(sql`SELECT count(*) AS n FROM setting`), { n: 0 });
    assert.equal(await db.run(insert('after')), 1);
    assert.equal(await db.run(big(1)), 1);
  });
});
