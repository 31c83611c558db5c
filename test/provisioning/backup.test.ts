import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { BackupHead } from '../../provisioning/backup/format.ts';
import { existingKey, readKey } from '../../provisioning/backup/key.ts';
import { without } from '../support/packages.ts';
import { backedHouse, FILE } from './backup-kit.ts';

/** Only root may make a small disk. */
const noTmpfs =
  process.getuid?.() === 0 && spawnSync('mount', ['--version']).status === 0 ? false : 'only root may mount';
const noTell = (): void => undefined;

describe('a backup', () => {
  it('is one file for our eyes only, with store, uploads, keys and boot file; and is found good', async (t) => {
    const { machine, data, out } = await backedHouse(t);
    const steps = new Set<string>();
    const made = await machine.make(join(out, 'one.age'), out, 1_000, (step) => void steps.add(step));
    assert.deepEqual([made.files, made.missing, made.head.hostname], [1, 0, 'chat.example.test']);
    assert.equal(made.head.counts.account, 1);
    assert.deepEqual(readdirSync(out), ['one.age']);
    assert.equal(statSync(join(out, 'one.age')).mode & 0o777, 0o600);
    assert.ok(steps.has('store'));
    const checked = await machine.check(join(out, 'one.age'), noTell);
    assert.deepEqual(checked, { head: made.head, files: 1 });
    assert.ok(!readdirSync(data).includes('backup-work'), 'what was needed meanwhile is gone');
  });

  it('is opened by age and tar of Debian with the recovery key, and sha256sum finds all of it right', {
    skip: without('age'),
  }, async (t) => {
    const { make, folder, data, machine } = await backedHouse(t);
    const file = await make();
    const { identity } = await machine.key();
    writeFileSync(join(folder, 'key.txt'), `# printed on paper\n${identity}\n`);
    execFileSync('sh', ['-c', `mkdir x && age -d -i key.txt ${file} | tar x -C x`], { cwd: folder });
    const plain = join(folder, 'x');
    assert.match(execFileSync('sha256sum', ['-c', 'SHA256SUMS'], { cwd: plain, encoding: 'utf8' }), /^store\.db: OK$/m);
    assert.equal(readFileSync(join(plain, 'uploads', FILE), 'utf8'), 'a rose by any other name');
    assert.equal(readFileSync(join(plain, 'boot.toml'), 'utf8'), 'domain = "example.test"\n');
    assert.deepEqual(readFileSync(join(plain, 'keys/tokens.key')), readFileSync(join(data, 'tokens.key')));
    const head = JSON.parse(readFileSync(join(plain, 'hallway-backup.json'), 'utf8')) as BackupHead;
    assert.deepEqual(head.domains, ['example.test']);
  });

  it('has what was written before, and what is written while it is made is in it as a whole or not at all', async (t) => {
    const { make, stores, machine } = await backedHouse(t);
    let over = false;
    let added = 0;
    const adding = (async () => {
      while (!over)
        await stores.accounts.create({ local: `person-${added++}`, domain: 'example.test', credentials: [] });
    })();
    const file = await make();
    over = true;
    await adding;
    const { head } = await machine.check(file, noTell);
    assert.ok((head.counts.account ?? 0) >= 1);
    assert.ok((head.counts.account ?? 0) <= added + 1);
  });

  it('is made without what was removed after the store was copied', async (t) => {
    const { machine, data, out } = await backedHouse(t);
    await rm(join(data, 'uploads', FILE));
    const made = await machine.make(join(out, 'one.age'), out, 1_000, noTell);
    assert.deepEqual([made.files, made.missing], [0, 1]);
    await machine.check(join(out, 'one.age'), noTell);
  });

  it('leaves nothing behind when the disk is full after all', { skip: noTmpfs }, async (t) => {
    const { machine, folder } = await backedHouse(t, { free: async () => 1e12 });
    const small = join(folder, 'small');
    mkdirSync(small);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', small]);
    try {
      await assert.rejects(machine.make(join(small, 'one.age'), small, 1_000, noTell), {
        code: 'room',
        message: 'The disk is full.',
      });
      assert.deepEqual(readdirSync(small), []);
    } finally {
      execFileSync('umount', [small]);
    }
  });

  it('is not begun when there is no room for it', async (t) => {
    const { make, out } = await backedHouse(t, { free: async () => 60 * 1024 * 1024 });
    await assert.rejects(make(), {
      code: 'room',
      message: /There is not enough room .*: \d+ MB are needed, 63 MB are free/,
    });
    assert.deepEqual(readdirSync(out), []);
  });
});

describe('the recovery key', () => {
  it('is made once, for our eyes only, and read with what age-keygen writes around one', async (t) => {
    const { machine, data } = await backedHouse(t);
    assert.equal(await existingKey(data), undefined);
    const [one, other] = await Promise.all([machine.key(), machine.key()]);
    assert.deepEqual(one, other);
    assert.match(one.identity, /^AGE-SECRET-KEY-1/);
    assert.equal(statSync(join(data, 'backup.key')).mode & 0o777, 0o600);
    assert.deepEqual(await readKey(`# created: today\n# public key: x\n${one.identity.toLowerCase()}\n`), one);
    for (const wrong of ['', 'AGE-SECRET-KEY-1ABC', one.identity.slice(0, -1), `${one.identity}Q`, one.recipient]) {
      await assert.rejects(readKey(wrong), { code: 'key', message: /^This is no recovery key/ });
    }
  });

  it('is read as it comes off paper: in groups, on several lines, with other dashes; a wrong letter is called one', async (t) => {
    const one = await (await backedHouse(t)).machine.key();
    const groups = one.identity.slice(16).match(/.{1,4}/g) ?? [];
    for (const typed of [
      `AGE-SECRET-KEY-1 ${groups.join(' ')}`,
      `age-secret-key-1\n${groups.join('\r\n')}\n`,
      `AGE\u2011SECRET\u2013KEY\u20101\u00a0${groups.join('-')}`,
      `AGESECRETKEY1${groups.join('')}`,
      `# of the old server\n${one.identity}\n# and another one\n${one.identity}\n`,
    ]) {
      assert.deepEqual(await readKey(typed), one, typed);
    }
    const other = one.identity.endsWith('Q') ? 'P' : 'Q';
    for (const wrong of [`${one.identity.slice(0, -1)}${other}`, one.identity.replace(/.$/, 'B')]) {
      await assert.rejects(readKey(wrong), { code: 'key', message: /^A letter of this recovery key is wrong/ });
    }
  });
});
