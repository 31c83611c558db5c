import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Backups } from '../../server/http/contract/index.ts';
import { Appliance, run } from '../support/appliance.ts';

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
});
