import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import Sqlite from 'better-sqlite3';
import { befores, tendBefores } from '../../server/storage/before.ts';
import { sql } from '../../server/storage/database.ts';
import { migrations } from '../../server/storage/migrations/index.ts';
import { openDatabase } from '../../server/storage/sqlite.ts';
import { openStores } from '../../server/storage/stores/index.ts';
import { listeningLog, opened, temporary } from './support.ts';

/** A store as version 1 of the schema left it, in its own words: never to be changed when the migrations are. */
const VERSION_1 = `
  PRAGMA application_id = 1214344300;
  PRAGMA user_version = 1;
  CREATE TABLE schema_version (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL);
  INSERT INTO schema_version VALUES (1, 'start', 1700000000000);
  CREATE TABLE domain (name TEXT NOT NULL PRIMARY KEY, created_at INTEGER NOT NULL) WITHOUT ROWID;
  INSERT INTO domain VALUES ('office.test', 1700000000000);
  CREATE TABLE account (id INTEGER PRIMARY KEY AUTOINCREMENT, domain TEXT NOT NULL, local TEXT NOT NULL, name TEXT NOT NULL,
    status TEXT NOT NULL, reason TEXT NOT NULL, search TEXT NOT NULL, created_at INTEGER NOT NULL, UNIQUE (domain, local));
  INSERT INTO account VALUES (7, 'office.test', 'juliet', 'Juliet', 'active', '', 'juliet juliet', 1700000000000);
  CREATE TABLE roster_item (account INTEGER NOT NULL, jid TEXT NOT NULL, name TEXT NOT NULL, groups_json TEXT NOT NULL,
    subscription TEXT NOT NULL, ask INTEGER NOT NULL, approved INTEGER NOT NULL, listed INTEGER NOT NULL, pending_in TEXT,
    version INTEGER NOT NULL, PRIMARY KEY (account, jid)) WITHOUT ROWID;
  INSERT INTO roster_item VALUES (7, 'romeo@office.test', 'Romeo', '["Friends"]', 'both', 0, 0, 1, NULL, 3);
  CREATE TABLE roster (account INTEGER NOT NULL PRIMARY KEY, version INTEGER NOT NULL);
  INSERT INTO roster VALUES (7, 3);
  CREATE TABLE message (id INTEGER PRIMARY KEY, owners INTEGER NOT NULL, stanza TEXT NOT NULL);
  CREATE TABLE archive (owner INTEGER NOT NULL, id INTEGER NOT NULL, peer TEXT NOT NULL, PRIMARY KEY (owner, id)) WITHOUT ROWID;
  CREATE INDEX archive_by_peer ON archive (owner, peer, id);
  CREATE TABLE archive_fresh (id INTEGER NOT NULL, owner INTEGER NOT NULL, peer TEXT NOT NULL, other_owner INTEGER,
    other_peer TEXT);
  CREATE TABLE last_activity (account INTEGER NOT NULL PRIMARY KEY, time INTEGER NOT NULL, status TEXT NOT NULL);
  INSERT INTO last_activity VALUES (7, 1700000000500, '');
  INSERT INTO message VALUES (1, 2, '<message><body>an old word</body></message>');
  INSERT INTO message VALUES (2, 1, '<message><body>a newer word</body></message>');
  INSERT INTO archive VALUES (7, 1, 'romeo@office.test'), (8, 1, 'juliet@office.test');
  INSERT INTO archive_fresh VALUES (2, 7, 'romeo@office.test', NULL, NULL);
`;

const noMount =
  process.getuid?.() === 0 && spawnSync('mount', ['--version']).status === 0 ? false : 'only root may mount';

describe('migrations', () => {
  it('are numbered 1, 2, 3, …', () => {
    assert.deepEqual(
      migrations.map((step) => step.version),
      migrations.map((_, i) => i + 1),
    );
  });

  it('bring a store of version 1 up to date and keep what it holds', async (t) => {
    const file = join(await temporary(t), 'store.db');
    const old = new Sqlite(file);
    old.exec(VERSION_1);
    old.close();
    const db = await opened(t, { file });
    const stores = openStores(db);
    const juliet = await stores.accounts.find('office.test', 'juliet');
    assert.equal(juliet?.name, 'Juliet');
    assert.equal(await stores.people.seenAt(7), 1_700_000_000_500);
    assert.deepEqual((await stores.rosters.get(7, 'romeo@office.test'))?.groups, ['Friends']);
    await stores.settings.set('theme', 'dark');
    const pattern = { phrases: [{ words: ['word'], open: false }] };
    const found = await stores.archiveSearch.page(7, { limit: 9, fromEnd: false, pattern });
    assert.deepEqual([found.rows.map((row) => row.id), found.complete], [[1, 2], true]);
    assert.deepEqual(
      await db.all(sql`SELECT rowid AS id FROM message_words WHERE message_words MATCH '"word" AND "@8"'`),
      [{ id: 1 }],
    );
    assert.deepEqual(
      await db.all(sql`SELECT version, name FROM schema_version ORDER BY version`),
      migrations.map(({ version, name }) => ({ version, name })),
    );
  });

  it('undo a step that fails half-way, and name the file', async (t) => {
    const file = join(await temporary(t), 'store.db');
    const good = { version: 1, name: 'good', statements: ['CREATE TABLE one (a INTEGER)'] };
    const bad = {
      version: 2,
      name: 'bad',
      statements: ['CREATE TABLE two (a INTEGER)', 'CREATE TABLE one (a INTEGER)'],
    };
    const log = listeningLog();
    await assert.rejects(openDatabase({ file, log, migrations: [good, bad] }), /store\.db could not be opened.*one/);
    const db = await opened(t, { file, migrations: [good] });
    assert.deepEqual(await db.all(sql`SELECT name FROM sqlite_schema WHERE name IN ('one', 'two')`), [{ name: 'one' }]);
  });

  /** A store of a first release, and the steps of a second. */
  const first = {
    version: 1,
    name: 'first',
    statements: ['CREATE TABLE one (a INTEGER)', 'INSERT INTO one VALUES (7)'],
  };
  const second = { version: 2, name: 'second', statements: ['DELETE FROM one', 'CREATE TABLE two (a INTEGER)'] };
  const third = { version: 3, name: 'third', statements: ['CREATE TABLE two (a INTEGER)'] };

  it('keep the store of before them beside it, readable by its owner alone', async (t) => {
    const file = join(await temporary(t), 'store.db');
    await (await opened(t, { file, migrations: [first] })).close();
    assert.deepEqual(befores(file), []);
    const db = await opened(t, { file, migrations: [first, second] });
    assert.deepEqual(await db.all(sql`SELECT a FROM one`), []);
    const [before] = befores(file);
    assert.deepEqual([before?.file, before?.version], [`${file}.before-1`, 1]);
    assert.equal(statSync(before!.file).mode & 0o777, 0o600);
    const old = await opened(t, { file: before!.file, migrations: [first] });
    assert.deepEqual(await old.all(sql`SELECT a FROM one`), [{ a: 7 }]);
  });

  it('of which a later one fails leave the store to the release of before, as it was', async (t) => {
    const file = join(await temporary(t), 'store.db');
    await (await opened(t, { file, migrations: [first] })).close();
    const opening = openDatabase({ file, log: listeningLog(), migrations: [first, second, third] });
    await assert.rejects(opening, /store\.db could not be opened.*two/);
    const db = await opened(t, { file, migrations: [first] });
    assert.deepEqual(await db.all(sql`SELECT a FROM one`), [{ a: 7 }]);
  });

  it('do nothing where there is no room for the store of before', { skip: noMount }, async (t) => {
    const folder = await temporary(t);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', folder]);
    try {
      const file = join(folder, 'store.db');
      const log = listeningLog();
      await (await openDatabase({ file, log, migrations: [first] })).close();
      const opening = openDatabase({ file, log, migrations: [first, second] });
      await assert.rejects(opening, /there is no room to keep it as it is.*Nothing was changed/);
      const db = await openDatabase({ file, log, migrations: [first] });
      assert.deepEqual(await db.all(sql`SELECT a FROM one`), [{ a: 7 }]);
      await db.close();
    } finally {
      execFileSync('umount', [folder]);
    }
  });

  it('forget the store of before after two weeks', async (t) => {
    const file = join(await temporary(t), 'store.db');
    await (await opened(t, { file, migrations: [first] })).close();
    await (await opened(t, { file, migrations: [first, second] })).close();
    const old = new Date(Date.now() - 15 * 24 * 60 * 60_000);
    utimesSync(`${file}.before-1`, old, old);
    await (await opened(t, { file, migrations: [first, second] })).close();
    assert.deepEqual(befores(file), []);
  });

  it('forget it in a process that runs for months, too', async (t) => {
    const file = join(await temporary(t), 'store.db');
    t.mock.timers.enable({ apis: ['setInterval'] });
    writeFileSync(`${file}.before-1`, '');
    t.after(tendBefores(file));
    assert.equal(befores(file).length, 1);
    const old = new Date(Date.now() - 15 * 24 * 60 * 60_000);
    utimesSync(`${file}.before-1`, old, old);
    t.mock.timers.tick(60 * 60_000);
    assert.deepEqual(befores(file), []);
  });
});
