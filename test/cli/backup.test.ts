import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fateOf } from '../../provisioning/backup/entries.ts';
import type { Backup, Backups, Diagnosis } from '../../server/http/contract/index.ts';
import { Appliance, run } from '../support/appliance.ts';

const ctl = (appliance: Appliance, ...args: string[]) =>
  run(['server/cli/hallwayctl.js', '--config', appliance.config, ...args]);

describe('a house is backed up, lost, and restored on another machine', { timeout: 120_000 }, () => {
  it('by hallwayctl alone: people, files, keys and settings are there; the certificate is for the new name', async () => {
    await using old = await Appliance.start();
    await old.addPerson('juliet', 'capulet');
    const file = join(old.folder, 'copy.age');
    const made = await ctl(old, '--json', 'backup', file);
    assert.equal(made.code, 0, made.stderr);
    const backup = JSON.parse(made.stdout) as Backup;
    assert.deepEqual([backup.state, backup.people, backup.how], ['good', 1, 'cli']);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const again = await ctl(old, 'backup', file);
    assert.deepEqual([again.code, /already; nothing was changed/.test(again.stderr)], [2, true]);
    const list = JSON.parse((await ctl(old, '--json', 'backup', 'list')).stdout) as Backups;
    assert.equal(list.rows.length, 2);
    const { identity } = JSON.parse((await ctl(old, '--json', 'backup', 'key')).stdout) as { identity: string };
    const doctor = await ctl(old, '--json', 'doctor');
    const { findings } = JSON.parse(doctor.stdout) as Diagnosis;
    const bad = findings.some(({ severity }) => severity === 'bad');
    assert.equal(doctor.code, bad ? 1 : 0, doctor.stderr);
    const store = findings.find(({ code }) => code === 'store');
    assert.match(store?.sentence ?? '', /^It was read through and is whole\./);
    assert.match(findings.find(({ code }) => code === 'backup')?.sentence ?? '', /made today\. It is on the same disk/);
    assert.equal(findings.find(({ code }) => code === 'port')?.severity, 'good');
    for (const code of ['dns', 'port', 'clock', 'disk-space', 'certificate', 'relay', 'backup'])
      assert.ok(
        findings.some((one) => one.code === code),
        `${code} is looked at`,
      );
    for (const { severity, remedy, sentence } of findings)
      assert.ok(severity === 'good' || remedy !== '', `what to do about: ${sentence}`);
    // A relay that nobody answers at: something is bad, and a script learns it.
    for (const [name, value] of [
      ['calls.host', '127.0.0.1'],
      ['calls.port', '9'],
      ['calls.transport', 'tcp'],
    ] as const)
      assert.equal((await ctl(old, 'setting', 'set', name, value)).code, 0, name);
    const ill = await ctl(old, '--json', 'doctor');
    const relay = (JSON.parse(ill.stdout) as Diagnosis).findings.find(({ code }) => code === 'relay');
    assert.deepEqual([ill.code, relay?.severity], [1, 'bad']);
    assert.deepEqual(
      readdirSync(old.data).filter((name) => fateOf(name) === undefined),
      [],
      'whatever is in the data folder is in the list of what a backup has and has not',
    );
    const running = await ctl(old, 'restore', file, '--replace');
    assert.deepEqual([running.code, /is running\. Stop it first/.test(running.stderr)], [1, true]);
    await old.stop();

    await using fresh = await Appliance.prepare();
    const boot = readFileSync(fresh.config, 'utf8').replace(/^hostname.*$/m, 'hostname = "new.example.test"');
    await writeFile(fresh.config, boot);
    const key = join(fresh.folder, 'key.txt');
    await writeFile(key, identity);
    for (const args of [['nowhere.age'], [file, '--key-file', 'nowhere.age']]) {
      const missing = await ctl(fresh, 'restore', ...args);
      assert.deepEqual([missing.code, missing.stdout], [1, '']);
      assert.match(missing.stderr, /^hallwayctl: There is no file \S*\/nowhere\.age\.\nNothing was changed\.\n/);
    }
    const restored = await ctl(fresh, 'restore', file, '--key-file', key);
    assert.equal(restored.code, 0, restored.stderr);
    assert.match(restored.stdout, /^Restored: example\.test with 1 people and 0 files/m);
    assert.match(restored.stdout, /This machine is new\.example\.test; the backup was made on localhost\./);
    assert.match(restored.stdout, /certificates of example\.test were issued anew/);
    assert.deepEqual(readFileSync(join(fresh.data, 'tokens.key')), readFileSync(join(old.data, 'tokens.key')));
    const twice = await ctl(fresh, 'restore', file, '--key-file', key);
    assert.deepEqual([twice.code, /There is a house .* already/.test(twice.stderr)], [1, true]);

    await fresh.start();
    const people = await ctl(fresh, '--json', 'user', 'list');
    assert.match(people.stdout, /"juliet"/);
    const audit = await ctl(fresh, '--json', 'audit', 'list');
    assert.match(audit.stdout, /backup\.restore/);
    await fresh.stop();

    // In its place, the key that lies there opens it; what was there before is aside.
    const replaced = await ctl(fresh, '--json', 'restore', file, '--replace');
    assert.equal(replaced.code, 0, replaced.stderr);
    const { aside } = JSON.parse(replaced.stdout) as { aside: string };
    assert.ok(existsSync(join(aside, 'hallway.db')));
    assert.ok(!readdirSync(fresh.data).includes('restoring'));
    await rename(aside, join(fresh.folder, 'aside'));
    await fresh.start();
    await fresh.stop();
  });
});
