import assert from 'node:assert/strict';
import { readdir, utimes } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { describe, type TestContext, test } from 'node:test';
import { Keeper } from '../../server/components/upload/keeper.ts';
import { filesStay, uploadOptions } from '../../server/components/upload/options.ts';
import { OptionValues } from '../../server/host/option-values.ts';
import { FileFolder } from '../../server/storage/file-folder.ts';
import type { UploadPurpose } from '../../server/storage/stores/uploads.ts';
import { house } from '../storage/stores/support.ts';
import { temporary } from '../storage/support.ts';

const DAY = 86_400_000;

async function open(t: TestContext) {
  const stores = await house(t);
  const folder = new FileFolder(await temporary(t));
  await folder.open();
  const options = new OptionValues(stores.settings, uploadOptions);
  const errors: string[] = [];
  const log = { error: (_: object, text: string) => void errors.push(text) };
  const keeper = new Keeper({
    uploads: stores.uploads,
    folder,
    options,
    domains: () => ['office.test', 'other.test'],
    log,
  });
  t.after(() => keeper[Symbol.asyncDispose]());
  const juliet = await stores.person('juliet');
  let made = 0;
  const file = async (
    more: { createdAt?: number; expiresAt?: number; purpose?: UploadPurpose; account?: number } = {},
  ) => {
    const signal = new AbortController().signal;
    const written = await folder.write(Readable.from([Buffer.from('12345')]), { signal, bytes: 5 });
    const { createdAt = Date.now(), expiresAt, purpose = 'message', account = juliet.id } = more;
    const token = `token ${++made}`;
    await stores.uploads.add(token, { ...written, account, name: 'a', type: '', purpose, createdAt, expiresAt });
    return { ...written, token };
  };
  const onDisk = async () => {
    const entries = await readdir(folder.root, { recursive: true, withFileTypes: true });
    return entries.filter((one) => one.isFile()).map(({ parentPath, name }) => `${parentPath.slice(-2)}/${name}`);
  };
  return { stores, folder, options, keeper, errors, juliet, file, onDisk };
}

describe('the keeper of files', { timeout: 30_000 }, () => {
  test('takes away, row and bytes, what may not be had any more, and what is too old where that is set', async (t) => {
    const { stores, options, keeper, file, onDisk, errors } = await open(t);
    const other = await stores.person('romeo', 'other.test');
    const old = { createdAt: Date.now() - 8 * DAY };
    await file({ expiresAt: Date.now() - 1 });
    await file(old);
    const stays = [
      await file({ expiresAt: Date.now() + DAY }),
      await file({ ...old, account: other.id }),
      await file({ ...old, purpose: 'profile' }),
      await file({ createdAt: Date.now() - 6 * DAY }),
    ];
    await keeper.round();
    assert.equal((await onDisk()).length, 5, 'no age limit is set');
    await options.set(filesStay, 'office.test', 7);
    await keeper.round();
    assert.deepEqual((await onDisk()).sort(), stays.map((one) => one.file).sort());
    assert.deepEqual(await stores.uploads.gone(9), []);
    assert.deepEqual(errors, []);
  });

  test('works in slices of a hundred, however much there is to do', async (t) => {
    const { stores, keeper, file, onDisk } = await open(t);
    for (let i = 0; i < 250; i++) await file({ expiresAt: 1 });
    const slices: number[] = [];
    const expire = stores.uploads.expire.bind(stores.uploads);
    t.mock.method(stores.uploads, 'expire', async (now: number, limit: number) => {
      const n = await expire(now, limit);
      slices.push(n);
      return n;
    });
    await Promise.all([keeper.round(), keeper.round()]);
    assert.deepEqual(slices, [100, 100, 50], 'and two rounds do not run at once');
    assert.deepEqual(await onDisk(), []);
  });

  test('files of an account that is removed leave the disk', async (t) => {
    const { stores, keeper, file, onDisk, juliet } = await open(t);
    await file();
    await stores.accounts.remove(juliet);
    await stores.accounts.sweep();
    await keeper.round();
    assert.deepEqual(await onDisk(), []);
  });

  test('orphans: what a crash left without a row goes; what has one, or is just being stored, stays', async (t) => {
    const { folder, keeper, file, onDisk } = await open(t);
    const kept = await file();
    await utimes(folder.path(kept.file), 1, 1);
    const signal = new AbortController().signal;
    const orphan = await folder.write(Readable.from([Buffer.from('x')]), { signal, bytes: 1 });
    await utimes(folder.path(orphan.file), 1, 1);
    const search = keeper.orphans();
    const fresh = await folder.write(Readable.from([Buffer.from('x')]), { signal, bytes: 1 });
    await search;
    assert.deepEqual((await onDisk()).sort(), [kept.file, fresh.file].sort());
  });

  test('one file that cannot be taken away does not keep the others, and is tried again', async (t) => {
    const { folder, keeper, file, onDisk, errors } = await open(t);
    const bad = await file({ expiresAt: 1 });
    await file({ expiresAt: 2 });
    const remove = folder.remove.bind(folder);
    const broken = t.mock.method(folder, 'remove', async (name: string) => {
      if (name === bad.file) throw new Error('EIO');
      return remove(name);
    });
    await keeper.round();
    assert.deepEqual(await onDisk(), [bad.file]);
    assert.deepEqual(errors, ['an old file could not be taken away']);
    broken.mock.restore();
    await keeper.round();
    assert.deepEqual(await onDisk(), []);
  });

  test('a store that fails is told to the log, and the next round comes', async (t) => {
    const { stores, keeper, errors } = await open(t);
    const broken = t.mock.method(stores.uploads, 'gone', () => Promise.reject(new Error('gone')));
    await keeper.round();
    assert.deepEqual(errors, ['old files could not be taken away']);
    broken.mock.restore();
    await keeper.round();
    assert.equal(errors.length, 1);
  });
});
