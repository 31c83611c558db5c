import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { migrations } from '../../server/storage/migrations/index.ts';
import { openDatabase } from '../../server/storage/sqlite.ts';

test('a new store is one line of the log, one that was brought up to date another, its steps are for who looks closer', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'hallway-lines-'));
  try {
    const file = join(folder, 'store.db');
    const open = async (steps = migrations): Promise<[string, string][]> => {
      const lines: [string, string][] = [];
      const at = (level: string) => (_: unknown, said: string) => void lines.push([level, said]);
      const log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), fatal: at('fatal') };
      const options = { file, log: log as unknown as Parameters<typeof openDatabase>[0]['log'], migrations: steps };
      await (await openDatabase(options)).close();
      return lines;
    };
    const fresh = await open(migrations.slice(0, -2));
    const steps = fresh.filter(([level]) => level === 'debug');
    assert.equal(steps.length, migrations.length - 2);
    const told = fresh.filter(([level]) => level !== 'debug');
    assert.deepEqual(told, [['info', 'made a store']]);
    const later = (await open()).filter(([level]) => level !== 'debug');
    const kept = 'the store of before the upgrade is kept for two weeks';
    assert.deepEqual(later, [
      ['info', 'schema brought up to date'],
      ['info', kept],
    ]);
    assert.deepEqual(await open(), []);
  } finally {
    await rm(folder, { recursive: true });
  }
});
