import assert from 'node:assert/strict';
import { createHash, randomInt } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openDatabase } from '../../server/storage/open.ts';
import { openStores } from '../../server/storage/stores/index.ts';
import { createLog } from '../../server/util/log.ts';
import { Appliance, DOMAIN, run } from '../support/appliance.ts';

const ROUNDS = 3;
const MESSAGES = 20_000;

/** As much of an archive as takes a while to be written out. */
async function fill(file: string): Promise<void> {
  const db = await openDatabase({ file, log: createLog({ level: 'silent' }) });
  const { accounts, archives } = openStores(db);
  const { id: owner } = (await accounts.find(DOMAIN, 'juliet'))!;
  const peer = `romeo@${DOMAIN}`;
  for (let n = 1; n <= MESSAGES; n++) {
    const stanza = `<message from='${peer}' to='juliet@${DOMAIN}' type='chat' id='m${n}'><body>message ${n}</body></message>`;
    archives.append(n, stanza, [{ owner, peer }]);
    if (n % 1_000 === 0) await db.durable();
  }
  await db.close();
}

interface Exports {
  readonly exports: readonly { readonly id: number; readonly state: string; readonly sha256: string }[];
}

describe('killed at a random moment', { timeout: 200_000 }, () => {
  it('of an export, the server offers none that is not whole, leaves nothing of it, and makes one the next time', async (t) => {
    await using appliance = await Appliance.start();
    await appliance.addPerson('juliet', 'capulet');
    await appliance.stop();
    await fill(join(appliance.data, 'hallway.db'));
    await appliance.start();
    const folder = join(appliance.data, 'exports');
    const ctl = (...args: string[]) => run(['server/cli/hallwayctl.js', '--config', appliance.config, ...args]);
    const list = async () => (JSON.parse((await ctl('--json', 'archive', 'exports')).stdout) as Exports).exports;
    const begin = () =>
      appliance.local.call('POST /api/archive/exports', {
        body: { domain: DOMAIN, kind: 'domain', reason: 'a test of it' },
      });
    let halves = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const { id } = await begin();
      for (let tries = 0; !existsSync(join(folder, `unfinished-${id}`)) && tries < 2_000; tries++) await sleep(2);
      if (round > 0) await sleep(randomInt(0, 250));
      await appliance.kill();
      await appliance.start();
      const all = await list();
      const state = all.find((one) => one.id === id)?.state;
      assert.ok(state === 'failed' || state === 'done', `it is ${state}`);
      if (state === 'failed') {
        halves++;
        const fetched = await ctl('archive', 'fetch', String(id), join(appliance.folder, `half-${round}.tar`));
        assert.deepEqual([fetched.code, /not there, or not any more/.test(fetched.stderr)], [1, true]);
      }
      const whole = all.filter((one) => one.state === 'done').length;
      assert.equal(readdirSync(folder).length, whole, 'what is not offered is not there');
    }
    assert.ok(halves > 0, 'none was interrupted: the test shows nothing');
    t.diagnostic(`${halves} of ${ROUNDS} were not finished when the server was killed`);
    const { id } = await begin();
    let made = (await list()).find((one) => one.id === id)!;
    while (made.state === 'running') {
      await sleep(100);
      made = (await list()).find((one) => one.id === id)!;
    }
    const file = join(appliance.folder, 'whole.tar');
    assert.equal((await ctl('archive', 'fetch', String(id), file)).code, 0);
    assert.equal(
      createHash('sha256')
        .update(await readFile(file))
        .digest('hex'),
      made.sha256,
    );
  });
});
