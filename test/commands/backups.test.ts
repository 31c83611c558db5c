import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { BackupProblem } from '../../provisioning/backup/problem.ts';
import { lastDue, nextDue } from '../../server/commands/backup-options.ts';
import { BackupCommands, type BackupMaker } from '../../server/commands/backups.ts';
import { openHouse } from '../http/support.ts';

const OLGA = { name: 'olga', door: 'panel' } as const;
const HOUR = 3_600_000;
const NIGHT = new Date(2026, 0, 31, 3).getTime();

async function scene(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'hallway-backups-'));
  const { stores, commands, close } = await openHouse();
  t.after(async () => {
    await close();
    await rm(folder, { recursive: true, force: true });
  });
  let now = NIGHT - HOUR;
  let problem: BackupProblem | undefined;
  let refusal: BackupProblem | undefined;
  let hold: Promise<void> | undefined;
  const head = { format: 1, version: '1', schema: 1, hostname: 'h', domains: [], madeAt: 0, counts: { account: 3 } };
  const machine: BackupMaker = {
    async make(target) {
      await hold;
      if (refusal !== undefined) throw refusal;
      await writeFile(target, 'x');
      return { bytes: 1, head, files: 2, missing: 0 };
    },
    async check() {
      if (problem !== undefined) throw problem;
      return { head, files: 2 };
    },
    key: async () => ({ identity: 'secret', recipient: 'age1x' }),
    ownFolder: folder,
    sameDisk: async () => false,
  };
  // The values of settings, as far as backups ask for them.
  const values: Record<string, unknown> = {
    'backup.schedule': 'daily',
    'backup.hour': 3,
    'backup.keep': 2,
    'backup.folder': '',
  };
  const options = { get: ({ key }: { key: string }) => values[key] } as never;
  const backups = new BackupCommands({ machine, stores, options, hostname: 'chat.example.test', now: () => now });
  t.after(() => backups.close());
  await backups.load();
  return {
    backups,
    stores,
    commands,
    folder,
    values,
    at(time: number) {
      now = time;
    },
    bad(text: string | undefined, code: 'damaged' | 'room' = 'damaged') {
      problem = text === undefined ? undefined : new BackupProblem(code, text);
    },
    refuse(text: string | undefined) {
      refusal = text === undefined ? undefined : new BackupProblem('room', text);
    },
    hold(until: Promise<void> | undefined) {
      hold = until;
    },
    rows: async () => (await backups.state()).rows,
  };
}

describe('backups by themselves', () => {
  it('are made once each night, and made up for when the server was away', async (t) => {
    const { backups, at, rows } = await scene(t);
    await backups.tick();
    assert.deepEqual(await rows(), []);
    at(NIGHT + 60_000);
    await backups.tick();
    await backups.tick();
    const [one, ...more] = await rows();
    assert.deepEqual([one?.state, one?.how, one?.people, more], ['good', 'timer', 3, []]);
    at(NIGHT + 30 * HOUR);
    await backups.tick();
    assert.equal((await rows()).length, 2);
  });

  it('are due at the hour of the machine, weekly in the night to Sunday, and never when switched off', () => {
    const saturday = new Date(2026, 0, 31, 12).getTime();
    assert.equal(lastDue('daily', 3, saturday), NIGHT);
    assert.equal(nextDue('daily', 3, saturday), new Date(2026, 1, 1, 3).getTime());
    assert.equal(lastDue('daily', 13, saturday), new Date(2026, 0, 30, 13).getTime());
    assert.equal(lastDue('weekly', 3, saturday), new Date(2026, 0, 25, 3).getTime());
    assert.equal(nextDue('weekly', 3, saturday), new Date(2026, 1, 1, 3).getTime());
    assert.equal(lastDue('off', 3, saturday), undefined);
  });

  it('that fail are told, and tried again after an hour', async (t) => {
    const { backups, at, rows, refuse } = await scene(t);
    refuse('The disk is full.');
    at(NIGHT + 60_000);
    await backups.tick();
    assert.deepEqual([(await backups.state()).failure?.text, await rows()], ['The disk is full.', []]);
    refuse(undefined);
    await backups.tick();
    assert.deepEqual(await rows(), []);
    at(NIGHT + 2 * HOUR);
    await backups.tick();
    const { failure, rows: made } = await backups.state();
    assert.deepEqual([failure, made.length], [null, 1]);
  });

  it('leave as many good ones as wished; bad ones take none away, and nobody else’s files are touched', async (t) => {
    const { backups, at, rows, bad, folder } = await scene(t);
    await writeFile(join(folder, 'notes.txt'), 'mine');
    await writeFile(join(folder, 'hallway-other.test-2020-01-01-000000.age'), 'put here by somebody');
    const night = async (number: number) => {
      at(NIGHT + number * 24 * HOUR + 60_000);
      await backups.tick();
    };
    for (const number of [0, 1, 2]) await night(number);
    assert.deepEqual(
      (await rows()).map(({ how }) => how),
      ['timer', 'timer', null],
    );
    bad('It is damaged.');
    for (const number of [3, 4]) await night(number);
    assert.deepEqual(
      (await rows()).map(({ state }) => state),
      ['bad', 'bad', 'good', 'good', 'unchecked'],
    );
    bad(undefined);
    for (const number of [5, 6]) await night(number);
    assert.deepEqual(
      (await rows()).map(({ state }) => state),
      ['good', 'good', 'unchecked'],
    );
    assert.ok((await readdir(folder)).includes('notes.txt'));
  });

  it('are not called bad when there was only no room to test them', async (t) => {
    const { backups, rows, bad } = await scene(t);
    bad('There is not enough room.', 'room');
    await backups.make(OLGA);
    await backups.idle();
    assert.deepEqual(
      (await rows()).map(({ state, problem }) => [state, problem]),
      [['unchecked', 'There is not enough room.']],
    );
  });
});

describe('backups by hand', () => {
  it('are made one at a time: who comes second is told so', async (t) => {
    const { backups, hold, stores } = await scene(t);
    const held = Promise.withResolvers<void>();
    hold(held.promise);
    const outcomes = await Promise.allSettled([backups.make(OLGA), backups.make(OLGA)]);
    assert.deepEqual(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    await assert.rejects(backups.make(OLGA), { code: 'busy' });
    assert.equal((await backups.state()).running?.step, 'store');
    held.resolve();
    await backups.idle();
    const { rows, running } = await backups.state();
    assert.deepEqual([rows.length, running], [1, null]);
    assert.deepEqual(
      (await stores.audit.page({ limit: 5 })).map(({ action, actor }) => `${actor} ${action}`),
      ['olga backup.make'],
    );
  });

  it('go nowhere else than to a folder that is there, and are named by nothing else than their names', async (t) => {
    const { backups, values } = await scene(t);
    for (const name of [
      '../x',
      'notes.txt',
      'hallway-../../x-2020-01-01-000000.age',
      'hallway-gone-2020-01-01-000000.age',
    ]) {
      await assert.rejects(backups.link(OLGA, name), { code: 'backup-not-found' });
      await assert.rejects(backups.remove(OLGA, name), { code: 'backup-not-found' });
    }
    values['backup.folder'] = '/nonexistent/disk';
    await assert.rejects(backups.make(OLGA), { code: 'invalid', message: /Is the disk there/ });
  });

  it('are fetched by a link that is good once, for a minute; who saw the key is written down', async (t) => {
    const { backups, at, stores } = await scene(t);
    const name = await backups.make(OLGA);
    await backups.idle();
    const token = await backups.link(OLGA, name);
    assert.ok(backups.follow(token).endsWith(name));
    assert.throws(() => backups.follow(token), { code: 'link-unknown' });
    const late = await backups.link(OLGA, name);
    at(NIGHT + HOUR);
    assert.throws(() => backups.follow(late), { code: 'link-unknown' });
    await backups.key(OLGA);
    const [last] = await stores.audit.page({ limit: 1 });
    assert.deepEqual([last?.action, last?.subject], ['backup.key', 'age1x']);
    assert.ok(!JSON.stringify(last).includes('secret'));
  });
});
