import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import Sqlite from 'better-sqlite3';
import { backupKey } from '../../provisioning/backup/key.ts';
import { restoreBackup } from '../../provisioning/backup/restore.ts';
import { writeBackup } from '../../provisioning/backup/write.ts';
import { tokenKey } from '../../provisioning/token-key.ts';
import { migrations } from '../../server/storage/migrations/index.ts';
import { openDatabase } from '../../server/storage/open.ts';
import { NEWEST_SCHEMA } from '../../server/storage/snapshot.ts';
import { APPLICATION_ID } from '../../server/storage/sqlite-file.ts';
import { addTextFunctions } from '../../server/storage/sqlite-text-index.ts';
import { openStores } from '../../server/storage/stores/index.ts';
import { SILENT } from './backup-kit.ts';

/** A store as the release of that schema left it, with one person. */
function oldStore(file: string, schema: number): void {
  const db = new Sqlite(file);
  addTextFunctions(db);
  db.pragma(`application_id = ${APPLICATION_ID}`);
  db.pragma(`user_version = ${schema}`);
  db.exec('CREATE TABLE schema_version (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL)');
  for (const { version, name, statements } of migrations.filter((one) => one.version <= schema)) {
    for (const statement of statements) db.exec(statement);
    db.prepare('INSERT INTO schema_version VALUES (?, ?, 1)').run(version, name);
  }
  db.exec(`INSERT INTO domain (name, created_at) VALUES ('example.test', 1);
    INSERT INTO account (domain, local, name, status, reason, search, created_at)
      VALUES ('example.test', 'juliet', 'Juliet', 'active', '', 'juliet juliet', 1)`);
  db.close();
}

describe('a backup of an older release', () => {
  for (const schema of [1, 13, 15, NEWEST_SCHEMA - 1]) {
    it(`is restored and brought up to date, from schema ${schema}`, async (t) => {
      const folder = mkdtempSync(join(tmpdir(), 'hallway-older-'));
      t.after(() => rmSync(folder, { recursive: true }));
      const [old, fresh, work] = ['old', 'fresh', 'work'].map((name) => join(folder, name)) as [string, string, string];
      for (const one of [old, work]) mkdirSync(one, { mode: 0o700 });
      oldStore(join(old, 'hallway.db'), schema);
      tokenKey(old);
      const key = await backupKey(old);
      const target = join(folder, 'one.age');
      const made = await writeBackup(
        {
          target,
          store: join(old, 'hallway.db'),
          work,
          data: old,
          key,
          version: '0.0.1',
          hostname: 'chat.example.test',
          madeAt: 1_000,
          boot: '',
        },
        () => undefined,
      );
      assert.deepEqual([made.head.schema, made.head.counts.account], [schema, 1]);
      const done = await restoreBackup({
        file: target,
        key,
        data: fresh,
        hostname: 'new.example.test',
        replace: false,
        caller: 'olga',
        log: SILENT,
      });
      assert.equal(done.migrated, true);
      const db = await openDatabase({ file: join(fresh, 'hallway.db'), log: SILENT });
      t.after(() => db.close());
      const stores = openStores(db);
      assert.equal(await stores.health.schema(), NEWEST_SCHEMA);
      assert.equal((await stores.accounts.find('example.test', 'juliet'))?.name, 'Juliet');
    });
  }
});
