import assert from 'node:assert/strict';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { goBack } from '../../provisioning/go-back.ts';
import { sql } from '../../server/storage/database.ts';
import { openDatabase } from '../../server/storage/sqlite.ts';
import { listeningLog } from '../storage/support.ts';
import { Appliance } from '../support/appliance.ts';

/** A store of a first release, and what the second one does to it. */
const FIRST = { version: 1, name: 'first', statements: ['CREATE TABLE word (text TEXT)'] };
const SECOND = { version: 2, name: 'second', statements: ['CREATE TABLE other (a INTEGER)'] };
const NOW = Date.UTC(2026, 0, 31, 12);

async function written(data: string, migrations: (typeof FIRST)[], text: string): Promise<void> {
  const db = await openDatabase({ file: join(data, 'hallway.db'), log: listeningLog(), migrations });
  await db.run(sql`INSERT INTO word VALUES (${text})`);
  await db.close();
}

async function words(data: string): Promise<string[]> {
  const db = await openDatabase({ file: join(data, 'hallway.db'), log: listeningLog(), migrations: [FIRST] });
  const rows = await db.all<{ text: string }>(sql`SELECT text FROM word ORDER BY rowid`);
  await db.close();
  return rows.map(({ text }) => text);
}

async function upgraded(t: TestContext): Promise<string> {
  const data = await mkdtemp(join(tmpdir(), 'hallway-back-'));
  t.after(() => rm(data, { recursive: true, force: true }));
  await written(data, [FIRST], 'before');
  await written(data, [FIRST, SECOND], 'after');
  return data;
}

describe('going back to the release of before', () => {
  it('puts its store in its place again, and what was written since goes aside', async (t) => {
    const data = await upgraded(t);
    writeFileSync(join(data, 'tokens.key'), 'the same');
    const done = await goBack(data, NOW, 1);
    assert.equal(done.before?.version, 1);
    assert.equal(done.aside, join(data, 'after-upgrade-2026-01-31-12-00-00'));
    assert.deepEqual(readdirSync(done.aside), ['hallway.db']);
    assert.deepEqual(await words(data), ['before']);
    assert.deepEqual(readdirSync(data).sort(), ['after-upgrade-2026-01-31-12-00-00', 'hallway.db', 'tokens.key']);
    // And the upgrade can be tried again.
    await written(data, [FIRST, SECOND], 'again');
  });

  it('changes nothing where this release can use the store', async (t) => {
    const data = await upgraded(t);
    assert.deepEqual(await goBack(data, NOW, 2), {});
    assert.ok(existsSync(join(data, 'hallway.db.before-1')));
  });

  it('has nothing to put back where no release has made a store yet', async (t) => {
    const data = await mkdtemp(join(tmpdir(), 'hallway-back-'));
    t.after(() => rm(data, { recursive: true }));
    assert.deepEqual(await goBack(data, NOW, 1), {});
    assert.deepEqual(readdirSync(data), []);
    assert.deepEqual(await goBack(join(data, 'nowhere'), NOW, 1), {});
  });

  it('changes nothing where there is no store of before, or a damaged one', async (t) => {
    const data = await upgraded(t);
    const files = readdirSync(data).sort();
    writeFileSync(join(data, 'hallway.db.before-1'), 'nothing of the kind');
    await assert.rejects(goBack(data, NOW, 1));
    assert.deepEqual(readdirSync(data).sort(), files);
    await rm(join(data, 'hallway.db.before-1'));
    await assert.rejects(goBack(data, NOW, 1), /Restore a backup, or install that release again/);
    assert.deepEqual(readdirSync(data).sort(), ['hallway.db']);
  });

  it('is done by hallwayctl while the server is stopped, and refused while it runs', async () => {
    await using appliance = await Appliance.start();
    const refused = await appliance.ctl(['rollback']);
    assert.deepEqual(
      [refused.code, /Hallway is running\. Stop it first/.test(refused.stderr)],
      [1, true],
      refused.stderr,
    );
    assert.match(refused.stderr, /Nothing was changed/);
    await appliance.stop();
    const { code, stdout, stderr } = await appliance.ctl(['rollback', '--json']);
    assert.deepEqual([code, JSON.parse(stdout)], [0, {}], stderr);
    await appliance.start();
  });
});
