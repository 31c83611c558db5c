import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { backedHouse } from '../provisioning/backup-kit.ts';
import { Appliance, HOSTNAME, run } from '../support/appliance.ts';

const NAME = 'chat.new.example.test';
const PLAN = 'domains = ["elsewhere.test"]\n[[administrators]]\nname = "eve"\npassword_file = "eve.txt"\n';

describe('hallwayctl restore --hostname', { timeout: 120_000 }, () => {
  it('names the machine, unless the boot file does; and what that file would set up anew is left alone', async (t) => {
    const { make, machine, folder, close } = await backedHouse(t);
    const file = await make();
    const key = join(folder, 'key.txt');
    await writeFile(key, (await machine.key()).identity);
    await close();
    await using fresh = await Appliance.prepare();
    const restore = (hostname: string) =>
      run([
        ...['server/cli/hallwayctl.js', '--config', fresh.config, 'restore', file],
        ...['--key-file', key, '--hostname', hostname],
      ]);

    const other = await restore(NAME);
    assert.equal(other.code, 1, other.stdout);
    assert.match(other.stderr, /hallway\.toml: .*the name of the machine is written here: localhost\. Change it there/);
    assert.match(other.stderr, /Nothing was changed\./);
    for (const none of ['no name', '<b>.test']) {
      const { code, stderr } = await restore(none);
      assert.deepEqual([code, /--hostname: .*\nNothing was changed\./s.test(stderr)], [1, true], `${none}: ${stderr}`);
      assert.doesNotMatch(stderr, /^\s+at /m);
    }
    assert.ok(!existsSync(join(fresh.data, 'hallway.db')) && !existsSync(join(fresh.data, 'restoring')));

    const boot = readFileSync(fresh.config, 'utf8').replace(`hostname = "${HOSTNAME}"`, 'provision = "office.toml"');
    await writeFile(fresh.config, boot);
    await writeFile(join(fresh.folder, 'office.toml'), PLAN);
    await writeFile(join(fresh.folder, 'eve.txt'), 'wherefore art thou here');
    const done = await restore(NAME);
    assert.equal(done.code, 0, done.stderr);
    assert.match(done.stdout, new RegExp(`This machine is ${NAME}; the backup was made on chat\\.example\\.test\\.`));

    await fresh.start();
    assert.match(fresh.log, new RegExp(`Panel: https://${NAME}:`));
    const { domains } = await fresh.local.call('GET /api/domains', {});
    assert.deepEqual(
      domains.map(({ name, people }) => [name, people]),
      [['example.test', 1]],
    );
    assert.match(fresh.log, /Claim code/, 'nobody became an administrator by it');
    // By hand it is done when somebody wants it, and takes nothing away.
    const asked = await fresh.ctl(['--json', 'provision', join(fresh.folder, 'office.toml')]);
    assert.equal(asked.code, 0, asked.stderr);
    assert.deepEqual((await fresh.local.call('GET /api/domains', {})).domains.map(({ name }) => name).sort(), [
      'elsewhere.test',
      'example.test',
    ]);
  });
});
