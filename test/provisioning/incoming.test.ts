import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, it, type TestContext } from 'node:test';
import { Encrypter } from 'age-encryption';
import { IncomingBackup } from '../../provisioning/backup/incoming.ts';
import type { BackupKey } from '../../provisioning/backup/key.ts';
import { entryHead } from '../../provisioning/backup/tar.ts';
import { prepareDataFolder } from '../../provisioning/data-folder.ts';
import { chosenName } from '../../server/config/chosen-name.ts';
import { openSnapshot } from '../../server/storage/snapshot.ts';
import { backedHouse } from './backup-kit.ts';

const OTHER = 'AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX';
const noTell = (): void => undefined;

interface Scene {
  readonly data: string;
  readonly incoming: IncomingBackup;
  readonly bytes: Buffer;
  readonly key: BackupKey;
  send(bytes: Uint8Array, said?: number): Promise<void>;
  /** Every file of the house and what is in it. */
  house(): string;
}

/** A backup of one house, and another that nobody has claimed. */
async function scene(t: TestContext, free?: number): Promise<Scene> {
  const { make, machine, folder, close } = await backedHouse(t);
  const bytes = readFileSync(await make());
  const key = await machine.key();
  await close();
  const data = join(folder, 'other');
  mkdirSync(data, { mode: 0o700 });
  for (const name of ['hallway.db', 'hallway.db-wal', 'tokens.key']) writeFileSync(join(data, name), `old ${name}`);
  mkdirSync(join(data, 'uploads'));
  const incoming = new IncomingBackup({ data, ...(free !== undefined && { free: async () => free }) });
  t.after(() => incoming[Symbol.asyncDispose]());
  const send = (some: Uint8Array, said = some.length) =>
    incoming.receive(Readable.from([Buffer.from(some)]), said, AbortSignal.timeout(20_000));
  const house = (): string => {
    const hash = createHash('sha256');
    for (const name of globSync('**', { cwd: data }).sort()) {
      if (/^(incoming|restoring)(\/|$)/.test(name)) continue;
      hash.update(`${name}\0`);
      if (statSync(join(data, name)).isFile()) hash.update(readFileSync(join(data, name)));
    }
    return hash.digest('hex');
  };
  return { data, incoming, bytes, key, send, house };
}

describe('a backup that is brought to a house that nobody has claimed', () => {
  it('is looked into, put together, and takes the place of the house at the next start', async (t) => {
    const { data, incoming, bytes, key, send, house } = await scene(t);
    const before = house();
    await send(bytes);
    const { head, files } = await incoming.look(key.identity, noTell);
    assert.deepEqual([head.domains, head.counts.account, files], [['example.test'], 1, 1]);
    const staged = await incoming.stage(key.identity, 'new.example.test', true, noTell);
    assert.deepEqual([staged.reissued, staged.files], [['example.test'], 1]);
    assert.equal(house(), before, 'until it counts nothing is changed');
    incoming.settle();
    // A journal that the house writes until it is closed.
    writeFileSync(join(data, 'hallway.db-shm'), 'old');
    prepareDataFolder(data);
    const [aside] = readdirSync(data).filter((name) => name.startsWith('before-restore-'));
    assert.deepEqual(
      readdirSync(data).sort(),
      [
        'backup.key',
        aside,
        'boot-file-of-the-backup.toml',
        'hallway.db',
        'hostname',
        'incoming',
        'tokens.key',
        'uploads',
      ].sort(),
    );
    assert.deepEqual(readdirSync(join(data, aside!)).sort(), [
      'hallway.db',
      'hallway.db-shm',
      'hallway.db-wal',
      'tokens.key',
      'uploads',
    ]);
    assert.equal(chosenName(data), 'new.example.test');
    using snapshot = openSnapshot(join(data, 'hallway.db'));
    assert.equal(snapshot.counts().account, 1);
    await incoming.forget();
    assert.ok(!existsSync(join(data, 'incoming')));
  });

  it('changes nothing with a wrong key, cut off, tampered with, or when it is none', async (t) => {
    const { incoming, bytes, key, send, house, data } = await scene(t);
    const before = house();
    await assert.rejects(incoming.look(key.identity, noTell), { code: 'foreign', message: /Send the file first/ });
    await send(bytes);
    await assert.rejects(incoming.look(OTHER, noTell), { code: 'key' });
    await assert.rejects(incoming.look('letmein', noTell), { code: 'key' });
    await incoming.look(key.identity, noTell);
    const changed = Buffer.from(bytes);
    changed[Math.floor(bytes.length / 2)]! ^= 1;
    const encrypter = new Encrypter();
    encrypter.addRecipient(key.recipient);
    const escaping = await encrypter.encrypt(entryHead('../../escaped', 0, 0));
    for (const wrong of [bytes.subarray(0, bytes.length - 70_000), changed, Buffer.alloc(100_000), escaping]) {
      await send(wrong);
      await assert.rejects(incoming.look(key.identity, noTell), { name: 'BackupProblem' });
      await assert.rejects(incoming.stage(key.identity, 'x.test', false, noTell), { name: 'BackupProblem' });
      assert.deepEqual(readdirSync(data).includes('restoring'), false);
    }
    assert.equal(house(), before);
    assert.equal(globSync('**/escaped', { cwd: join(data, '..') }).length, 0);
  });

  it('is not kept when less comes than was said, more, or when whoever sends it hangs up', async (t) => {
    const { incoming, bytes, key, send, data } = await scene(t);
    await assert.rejects(send(bytes, bytes.length + 1), { message: 'The file did not come as a whole.' });
    await assert.rejects(send(bytes, bytes.length - 1), { message: 'The file did not come as a whole.' });
    const hangs = new AbortController();
    const stalled = new Readable({ read: () => undefined });
    stalled.push(bytes.subarray(0, 1_000));
    const receiving = incoming.receive(stalled, bytes.length, hangs.signal);
    hangs.abort(new Error('gone'));
    await assert.rejects(receiving, { message: 'The file did not come as a whole.' });
    assert.ok(!existsSync(join(data, 'incoming')));
    await assert.rejects(incoming.look(key.identity, noTell), /Send the file first/);
  });

  it('is not begun when the disk has no room for it and for what is in it', async (t) => {
    const { send, bytes, data } = await scene(t, 70 * 1024 * 1024);
    await assert.rejects(send(bytes, 40 * 1024 * 1024), { code: 'room' });
    assert.ok(!existsSync(join(data, 'incoming')));
  });
});
