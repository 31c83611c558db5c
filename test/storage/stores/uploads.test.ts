import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Statement } from '../../../server/storage/database.ts';
import { type UploadPurpose, Uploads } from '../../../server/storage/stores/uploads.ts';
import { type House, house } from './support.ts';

let made = 0;

async function upload(
  { uploads }: House,
  account: number,
  more: { bytes?: number; createdAt?: number; expiresAt?: number; purpose?: UploadPurpose } = {},
) {
  const n = ++made;
  const token = `token-${n}`;
  const file = `ab/${String(n).padStart(30, '0')}`;
  const { bytes = 10, createdAt = 1_000, expiresAt, purpose = 'message' } = more;
  const added = await uploads.add(token, {
    file,
    account,
    name: 'a.txt',
    type: 'text/plain',
    bytes,
    purpose,
    createdAt,
    expiresAt,
  });
  return { token, file, added };
}

describe('the store of uploaded files', () => {
  it('finds a file by the secret of its link, of which only the hash is kept', async (t) => {
    const store = await house(t);
    const juliet = await store.person('juliet');
    const { token, file } = await upload(store, juliet.id, { expiresAt: 5_000 });
    const { id, ...found } = (await store.uploads.find(token))!;
    assert.ok(id > 0);
    assert.deepEqual(found, {
      file,
      account: juliet.id,
      name: 'a.txt',
      type: 'text/plain',
      bytes: 10,
      purpose: 'message',
      room: '',
      createdAt: 1_000,
      expiresAt: 5_000,
    });
    assert.equal(await store.uploads.find('token'), undefined);
    const rows = await store.db.all<object>({ text: 'SELECT * FROM upload', values: [] });
    assert.doesNotMatch(JSON.stringify(rows), new RegExp(token));
  });

  it('takes nothing for somebody who is gone or locked out', async (t) => {
    const store = await house(t);
    const juliet = await store.person('juliet');
    assert.equal((await upload(store, juliet.id + 99)).added, false);
    await store.accounts.setStatus(juliet, 'disabled');
    assert.equal((await upload(store, juliet.id)).added, false);
    assert.deepEqual(await store.uploads.total(), { files: 0, bytes: 0 });
  });

  it('knows what everybody has, in whatever way rows go', async (t) => {
    const store = await house(t);
    const juliet = await store.person('juliet');
    const romeo = await store.person('romeo');
    const first = await upload(store, juliet.id, { bytes: 5, createdAt: 100 });
    await upload(store, juliet.id, { bytes: 7, createdAt: 200 });
    await upload(store, romeo.id, { bytes: 11, expiresAt: 900 });
    const { uploads } = store;
    assert.deepEqual(await uploads.use(juliet.id), { files: 2, bytes: 12 });
    assert.deepEqual(await uploads.total(), { files: 3, bytes: 23 });
    assert.deepEqual(await uploads.since(juliet.id, 150), { bytes: 7, first: 200 });
    assert.deepEqual(await uploads.since(juliet.id, 300), { bytes: 0, first: undefined });
    const { id } = (await uploads.find(first.token))!;
    assert.equal(await uploads.remove([id, 12_345]), 1);
    assert.equal(await uploads.expire(899, 10), 0);
    assert.equal(await uploads.expire(900, 10), 1);
    assert.deepEqual(await uploads.use(juliet.id), { files: 1, bytes: 7 });
    assert.deepEqual(await uploads.use(romeo.id), { files: 0, bytes: 0 });
    assert.equal((await uploads.gone(10)).length, 2);
    await uploads.forgetGone(await uploads.gone(1));
    assert.equal((await uploads.gone(10)).length, 1);
    await uploads.forgetGone([]);
    await assert.rejects(uploads.remove(Array.from({ length: 1_001 }, (_, i) => i)), RangeError);
  });

  it('the age limit is of one domain, leaves pictures of profiles, and comes in slices, the oldest first', async (t) => {
    const store = await house(t);
    const juliet = await store.person('juliet');
    const other = await store.person('juliet', 'other.test');
    const old = await upload(store, juliet.id, { createdAt: 10 });
    const older = await upload(store, juliet.id, { createdAt: 5 });
    const young = await upload(store, juliet.id, { createdAt: 60 });
    const face = await upload(store, juliet.id, { createdAt: 5, purpose: 'profile' });
    const theirs = await upload(store, other.id, { createdAt: 5 });
    assert.equal(await store.uploads.expireOlder('office.test', 50, 1), 1);
    assert.equal(await store.uploads.find(older.token), undefined);
    assert.ok(await store.uploads.find(old.token));
    assert.equal(await store.uploads.expireOlder('office.test', 50, 10), 1);
    assert.equal(await store.uploads.expireOlder('office.test', 50, 10), 0);
    for (const { token } of [young, face, theirs]) assert.ok(await store.uploads.find(token));
    assert.deepEqual((await store.uploads.gone(9)).sort(), [older.file, old.file].sort());
  });

  it('the first room that its owner shows it to counts, and nobody else’s word', async (t) => {
    const store = await house(t);
    const juliet = await store.person('juliet');
    const romeo = await store.person('romeo');
    const { token } = await upload(store, juliet.id);
    store.uploads.shownTo(token, romeo.id, 'c@rooms.test');
    store.uploads.shownTo(token, juliet.id, 'a@rooms.test');
    store.uploads.shownTo(token, juliet.id, 'b@rooms.test');
    assert.equal((await store.uploads.find(token))?.room, 'a@rooms.test');
  });

  it('an account that is removed takes its files along, and its name inherits none', async (t) => {
    const store = await house(t);
    const juliet = await store.person('juliet');
    const { token, file } = await upload(store, juliet.id);
    await store.accounts.remove(juliet);
    await store.accounts.sweep();
    assert.equal(await store.uploads.find(token), undefined);
    assert.deepEqual(await store.uploads.gone(9), [file]);
    const again = await store.person('juliet');
    assert.deepEqual(await store.uploads.use(again.id), { files: 0, bytes: 0 });
  });

  it('says which names in the folder have a row', async (t) => {
    const store = await house(t);
    const juliet = await store.person('juliet');
    const { file } = await upload(store, juliet.id);
    assert.deepEqual(await store.uploads.known([file, 'ab/x']), new Set([file]));
    assert.deepEqual(await store.uploads.known([]), new Set());
  });

  it('asks everything by an index', async (t) => {
    const { db } = await house(t);
    const asked: Statement[] = [];
    const note = (result: unknown) => (statement: Statement | Statement[]) => {
      asked.push(...[statement].flat());
      return Promise.resolve(result);
    };
    const store = new Uploads({
      run: note(0),
      get: note(undefined),
      all: note([]),
      batch: note([]),
      queue: note(undefined),
    } as never);
    await store.find('x');
    store.shownTo('x', 1, 'y');
    await store.use(1);
    await store.since(1, 5);
    await store.remove([1]);
    await store.expire(5, 9);
    await store.expireOlder('office.test', 5, 9);
    await store.forgetGone(['x']);
    await store.known(['x', 'y']);
    assert.equal(asked.length, 9);
    const plans: string[] = [];
    for (const { text, values } of asked) {
      // What would be changed is looked for in the same way.
      const [, set] = /^UPDATE upload SET (.*?) WHERE/s.exec(text) ?? [];
      const read = text
        .replace(/^DELETE FROM/, 'SELECT 1 FROM')
        .replace(/^UPDATE upload SET .*? WHERE/s, 'SELECT 1 FROM upload WHERE');
      const left = set === undefined ? values : values.slice(1);
      const plan = await db.all<{ detail: string }>({ text: `EXPLAIN QUERY PLAN ${read}`, values: left });
      const steps = plan.map(({ detail }) => detail).join('\n');
      assert.match(steps, /SEARCH/, text);
      assert.doesNotMatch(steps, /SCAN (?!CONSTANT)|TEMP B-TREE/, text);
      plans.push(steps);
    }
    assert.match(plans.join('\n'), /upload_by_age \(domain=\? AND created_at<\?\)/);
  });
});
