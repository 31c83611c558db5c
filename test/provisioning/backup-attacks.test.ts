import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { Decrypter, Encrypter } from 'age-encryption';
import { Header } from 'tar';
import { type BackupKey, readKey } from '../../provisioning/backup/key.ts';
import { opens, readBackup } from '../../provisioning/backup/read.ts';
import { restoreBackup } from '../../provisioning/backup/restore.ts';
import { entryHead, padding } from '../../provisioning/backup/tar.ts';
import { finishRestore, RESTORING, swap } from '../../provisioning/restore-swap.ts';
import { openSnapshot } from '../../server/storage/snapshot.ts';
import { backedHouse, SILENT } from './backup-kit.ts';

interface Made {
  readonly file: string;
  readonly key: BackupKey;
  readonly folder: string;
  /** The archive in the clear. */
  readonly plain: Buffer;
  /** Encrypts an archive for the key, as anybody can who knows the recipient. */
  forge(archive: Uint8Array): Promise<string>;
}

async function made(t: TestContext): Promise<Made> {
  const { make, machine, folder, close } = await backedHouse(t);
  const file = await make();
  const key = await machine.key();
  await close();
  const opened = new Decrypter();
  opened.addIdentity(key.identity);
  const plain = Buffer.from(await opened.decrypt(readFileSync(file)));
  let count = 0;
  const forge = async (archive: Uint8Array): Promise<string> => {
    const encrypter = new Encrypter();
    encrypter.addRecipient(key.recipient);
    const forged = join(folder, `forged-${count++}.age`);
    writeFileSync(forged, await encrypter.encrypt(archive));
    return forged;
  };
  return { file, key, folder, plain, forge };
}

const look = (file: string, key: BackupKey) => readBackup({ file, key, place: () => undefined });

/** An archive cut into its entries. */
function entries(plain: Buffer): { path: string; bytes: Buffer; body: Buffer }[] {
  const found = [];
  for (let at = 0; at < plain.length - 1024; ) {
    const { path = '', size = 0 } = new Header(plain, at);
    const end = at + 512 + size + ((512 - (size % 512)) % 512);
    found.push({ path, bytes: plain.subarray(at, end), body: plain.subarray(at + 512, at + 512 + size) });
    at = end;
  }
  return found;
}

const end = Buffer.alloc(1024);

function entry(path: string, body: string): Buffer {
  return Buffer.concat([entryHead(path, body.length, 0), Buffer.from(body), padding(body.length)]);
}

function special(
  path: string,
  type: 'SymbolicLink' | 'Link' | 'CharacterDevice' | 'Directory' | 'FIFO',
  linkpath = '',
): Buffer {
  const block = Buffer.alloc(512);
  new Header({ path, type, size: 0, mode: 0o777, mtime: new Date(0), linkpath, devmaj: 1, devmin: 3 }).encode(block, 0);
  return block;
}

describe('a backup that somebody has tampered with', () => {
  it('is refused, whichever byte was changed and wherever it was cut', async (t) => {
    const { file, key } = await made(t);
    const whole = readFileSync(file);
    const places = [
      0,
      25,
      60,
      150,
      200,
      250,
      65_800,
      Math.floor(whole.length / 2),
      whole.length - 20,
      whole.length - 1,
    ];
    for (const at of places) {
      const bytes = Buffer.from(whole);
      bytes[at]! ^= 1;
      writeFileSync(file, bytes);
      await assert.rejects(look(file, key), { name: 'BackupProblem' }, `byte ${at}`);
    }
    for (const length of [0, 10, 200, 70_000, whole.length - 65_552, whole.length - 1]) {
      writeFileSync(file, whole);
      truncateSync(file, length);
      await assert.rejects(look(file, key), { name: 'BackupProblem' }, `${length} bytes`);
    }
    writeFileSync(file, Buffer.concat([whole, Buffer.from('more')]));
    await assert.rejects(look(file, key), { code: 'damaged' });
    writeFileSync(file, whole);
    await look(file, key);
  });

  it('is refused with another key, and so is what is no backup', async (t) => {
    const { file, folder, key } = await made(t);
    const other = await readKey('AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX');
    await assert.rejects(look(file, other), { code: 'key' });
    assert.deepEqual([await opens(file, other), await opens(file, key)], [false, true]);
    const big = join(folder, 'zeros');
    writeFileSync(big, Buffer.alloc(8 * 1024 * 1024));
    await assert.rejects(look(big, other), { code: 'foreign' });
    writeFileSync(big, `age-encryption.org/v1\n${'x'.repeat(1_000_000)}`);
    await assert.rejects(look(big, other), { code: 'foreign' });
  });

  it('is refused when somebody who knows only for whom to encrypt has put it together', async (t) => {
    const { key, plain, forge } = await made(t);
    const all = entries(plain);
    const of = (path: string) => all.find((one) => one.path === path)!.bytes;
    await look(await forge(plain), key);
    const without = (path: string) =>
      Buffer.concat([...all.filter((one) => one.path !== path).map(({ bytes }) => bytes), end]);
    for (const path of ['hallway-backup.json', 'store.db', 'SHA256SUMS', 'SEAL']) {
      await assert.rejects(look(await forge(without(path)), key), { code: 'damaged' }, path);
    }
    // The boot file changed, and the sum of it as well: the seal is what cannot be made.
    const changed = all.map(({ path, bytes }) =>
      path === 'boot.toml' ? entry(path, 'domain = "evil.example"') : bytes,
    );
    await assert.rejects(look(await forge(Buffer.concat([...changed, end])), key), /not what it was/);
    const twice = all.flatMap(({ path, bytes }) => (path === 'store.db' ? [bytes, bytes] : [bytes]));
    await assert.rejects(look(await forge(Buffer.concat([...twice, end])), key), /not in its place/);
    await assert.rejects(look(await forge(Buffer.concat([of('store.db'), plain])), key), /not in its place/);
    await assert.rejects(look(await forge(Buffer.concat([plain, of('SEAL')])), key), /follows its end/);
  });

  it('writes nowhere else: no path out, no link, no device, no size that is not there, nothing compressed', async (t) => {
    const { key, plain, forge, folder } = await made(t);
    const [head] = entries(plain);
    const huge = entryHead('store.db', 8 * 1024 ** 4, 0);
    const hostile: readonly Buffer[] = [
      entry('../../etc/cron.d/x', 'x'),
      entry('/etc/passwd', 'x'),
      entry('uploads/../../x', 'x'),
      entry('uploads/ab/../../../x', 'x'),
      entry('keys/other.key', 'x'),
      special('store.db', 'SymbolicLink', '/etc/passwd'),
      special('store.db', 'Link', '/etc/passwd'),
      special('store.db', 'CharacterDevice'),
      special('store.db', 'FIFO'),
      special('uploads', 'Directory'),
      huge,
      entryHead('boot.toml', 2 * 1024 * 1024, 0),
    ];
    for (const [number, one] of hostile.entries()) {
      const file = await forge(Buffer.concat([head!.bytes, one, end]));
      const out = join(folder, `out-${number}`);
      await assert.rejects(
        readBackup({ file, key, place: (path) => join(out, path) }),
        { name: 'BackupProblem' },
        `${number}`,
      );
      if (existsSync(out))
        for (const name of readdirSync(out)) assert.ok(['store.db', 'boot.toml'].includes(name), name);
    }
    const bomb = await forge(gzipSync(plain));
    await assert.rejects(look(bomb, key), { code: 'damaged' });
    assert.ok(!existsSync(join(folder, 'x')));
  });
});

describe('a restore', () => {
  const restore = (data: string, file: string, key: BackupKey, replace = false) =>
    restoreBackup({ file, key, data, hostname: 'new.example.test', replace, caller: 'olga', log: SILENT });

  it('that fails leaves the house as it was', async (t) => {
    const { file, key, folder } = await made(t);
    const data = join(folder, 'data');
    const before = readdirSync(data).sort();
    const store = readFileSync(join(data, 'hallway.db'));
    const bytes = readFileSync(file);
    bytes[Math.floor(bytes.length / 2)]! ^= 1;
    writeFileSync(file, bytes);
    await assert.rejects(restore(data, file, key, true), { code: 'damaged' });
    assert.deepEqual(readdirSync(data).sort(), before);
    assert.deepEqual(readFileSync(join(data, 'hallway.db')), store);
  });

  it('says what has changed, and that another name needs the authority anew', async (t) => {
    const { file, key, folder } = await made(t);
    const done = await restore(join(folder, 'fresh'), file, key);
    assert.deepEqual([done.reissued, done.widened, done.migrated, done.files], [['example.test'], false, false, 1]);
    assert.equal(statSync(join(folder, 'fresh/backup.key')).mode & 0o777, 0o600);
    const elsewhere = await restoreBackup({
      file,
      key,
      data: join(folder, 'other'),
      hostname: 'chat.other.test',
      replace: false,
      caller: 'olga',
      log: SILENT,
    });
    assert.equal(elsewhere.widened, true);
  });

  it('of a backup that a newer release has made is refused', async (t) => {
    const { key, plain, forge, folder } = await made(t);
    const [head, ...rest] = entries(plain);
    const said = JSON.parse(head!.body.toString()) as { schema: number };
    const newer = entry('hallway-backup.json', JSON.stringify({ ...said, schema: 9_999 }));
    const file = await forge(Buffer.concat([newer, ...rest.map(({ bytes }) => bytes), end]));
    await assert.rejects(restore(join(folder, 'fresh'), file, key), { code: 'newer' });
  });

  it('that was killed at any moment after it counted is finished by whoever comes next', async (t) => {
    const { folder } = await made(t);
    for (let moment = 0; moment < 6; moment++) {
      const data = join(folder, `killed-${moment}`);
      const note = { aside: 'before', before: ['hallway.db', 'tokens.key'], after: ['hallway.db', 'tokens.key'] };
      mkdirSync(join(data, RESTORING), { recursive: true });
      for (const name of note.before) writeFileSync(join(data, name), 'old');
      for (const name of note.after) writeFileSync(join(data, RESTORING, name), 'new');
      if (moment === 5) swap(data, note);
      else {
        // The note is written; so many of the steps were done when it was killed.
        writeFileSync(join(data, 'restore.json'), JSON.stringify(note));
        mkdirSync(join(data, 'before'));
        const steps = [
          ...note.before.map((name) => () => renameSync(join(data, name), join(data, 'before', name))),
          ...note.after.map((name) => () => renameSync(join(data, RESTORING, name), join(data, name))),
        ];
        for (const step of steps.slice(0, moment)) step();
        assert.equal(finishRestore(data), true);
      }
      assert.deepEqual(readdirSync(data).sort(), ['before', 'hallway.db', 'tokens.key'], `${moment}`);
      for (const name of note.after) {
        assert.equal(readFileSync(join(data, name), 'utf8'), 'new');
        assert.equal(readFileSync(join(data, 'before', name), 'utf8'), 'old');
      }
      assert.equal(finishRestore(data), false);
    }
  });

  it('lets nobody be signed in who was when the backup was made', async (t) => {
    const { make, stores, machine, folder, close } = await backedHouse(t);
    const { id } = await stores.admins.create({ name: 'olga', passwordHash: 'x', role: 'owner' });
    await stores.oneTimeCodes.put('hash', { purpose: 'claim', subject: '', createdAt: 1, expiresAt: Date.now() + 1e9 });
    assert.ok(id > 0);
    const file = await make();
    const key = await machine.key();
    await close();
    await restore(join(folder, 'fresh'), file, key);
    using snapshot = openSnapshot(join(folder, 'fresh/hallway.db'));
    const { admin, one_time_code: codes, admin_session: sessions } = snapshot.counts();
    assert.deepEqual([admin, codes, sessions], [1, 0, 0]);
  });
});
