import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Backups } from '../../server/http/contract/index.ts';
import { Appliance, run } from '../support/appliance.ts';
import { PanelClient } from '../support/panel-client.ts';

const ROUNDS = 3;
const CTL = 'server/cli/hallwayctl.js';

describe('killed at a random moment', { timeout: 240_000 }, () => {
  it('of a backup, the server leaves none that is not whole, and makes one the next time', async () => {
    await using appliance = await Appliance.start();
    await appliance.addPerson('juliet', 'capulet');
    const ctl = (...args: string[]) => run([CTL, '--config', appliance.config, ...args]);
    for (let round = 0; round < ROUNDS; round++) {
      const making = ctl('backup');
      // Not before it has begun, and at any moment from then on.
      for (let tries = 0; !existsSync(join(appliance.data, 'backup-work')) && tries < 2_000; tries++) await sleep(5);
      await sleep(randomInt(0, 300));
      await appliance.kill();
      assert.notEqual((await making).code, undefined);
      await appliance.start();
      assert.ok(!existsSync(join(appliance.data, 'backup-work')), 'what was needed meanwhile is gone');
      const { rows } = JSON.parse((await ctl('--json', 'backup', 'list')).stdout) as Backups;
      for (const { name } of rows) assert.equal((await ctl('backup', 'check', name)).code, 0, name);
    }
    assert.equal((await ctl('backup')).code, 0);
    assert.deepEqual(
      readdirSync(join(appliance.data, 'backups')).filter((name) => name.endsWith('.part')),
      [],
    );
  });

  it('of a restore, there is one of the two houses, whole', async (t) => {
    await using appliance = await Appliance.start();
    await appliance.addPerson('juliet', 'capulet');
    const ctl = (...args: string[]) => run([CTL, '--config', appliance.config, ...args]);
    const file = join(appliance.folder, 'copy.age');
    assert.equal((await ctl('backup', file)).code, 0);
    await appliance.addPerson('romeo', 'montague');
    let restored = 0;
    for (let round = 0; round < ROUNDS; round++) {
      await appliance.stop();
      const args = ['server/restore.ts', '--config', appliance.config, '--replace', file];
      const child = spawn(process.execPath, args, { cwd: join(import.meta.dirname, '../..'), stdio: 'ignore' });
      const exit = once(child, 'exit');
      for (
        let tries = 0;
        !existsSync(join(appliance.data, 'restoring')) && child.exitCode === null && tries < 2_000;
        tries++
      ) {
        await sleep(5);
      }
      await sleep(randomInt(0, 300 + round * 1_000));
      child.kill('SIGKILL');
      await exit;
      await appliance.start();
      const people = (await ctl('--json', 'user', 'list')).stdout;
      assert.match(people, /"juliet"/);
      if (!people.includes('"romeo"')) {
        restored++;
        await appliance.addPerson('romeo', 'montague');
      }
    }
    t.diagnostic(`${restored} of ${ROUNDS} were restored before they were killed`);
  });

  it('of a restore by the first page, the machine is as fresh as before until it counts, and restored from then on', async () => {
    await using old = await Appliance.start();
    await old.addPerson('juliet', 'capulet');
    assert.equal((await old.ctl(['admin', 'add', 'olga', 'owner'])).code, 0);
    const file = join(old.folder, 'copy.age');
    assert.equal((await old.ctl(['backup', file])).code, 0);
    const { identity: key } = JSON.parse((await old.ctl(['--json', 'backup', 'key'])).stdout) as { identity: string };
    await old.stop();
    await using fresh = await Appliance.start();
    for (const last of ['here', 'known', 'restoring', 'done'] as const) {
      const panel = await PanelClient.visit(fresh);
      const { token } = await panel.call('POST /api/restore', { body: { code: fresh.claimCode } });
      const params = { token };
      const reached = async (step: string): Promise<void> => {
        for (;;) {
          const state = await panel.call('GET /api/restore/:token', { params });
          if (state.step === step || state.problem !== '') return assert.equal(state.problem, '');
          await sleep(20);
        }
      };
      assert.equal((await panel.put(`/api/restore/${token}/file`, readFileSync(file))).status, 200);
      if (last !== 'here') {
        await panel.call('POST /api/restore/:token/look', { params, body: { key } });
        await reached('known');
      }
      if (last === 'restoring' || last === 'done')
        await panel.call('POST /api/restore/:token/go', { params, body: {} });
      if (last === 'done') await reached('done');
      await fresh.kill();
      await fresh.start();
      for (const name of ['incoming', 'restoring', 'restore.json'])
        assert.ok(!existsSync(join(fresh.data, name)), `${name} after ${last}`);
      const people = (await fresh.ctl(['--json', 'user', 'list'])).stdout;
      // While it is put together it may be done before it is killed; then it is another house, and there is no more to try.
      const restored = people.includes('"juliet"');
      assert.ok(last === 'restoring' || restored === (last === 'done'), last);
      if (restored) return;
    }
  });
});
