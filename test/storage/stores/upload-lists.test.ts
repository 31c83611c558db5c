import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Statement } from '../../../server/storage/database.ts';
import {
  filesStatement,
  lotStatement,
  olderStatement,
  peopleStatement,
  roomsStatement,
  type UploadEdge,
  type UploadQuery,
} from '../../../server/storage/stores/upload-lists.ts';
import type { Upload } from '../../../server/storage/stores/uploads.ts';
import { type House, house } from './support.ts';

const ROOM = 'garden@conference.office.test';
let files = 0;

/** Puts a file in, of which there are only the words; gives the secret of its link. */
async function file(store: House, account: number, more: Partial<Upload> = {}): Promise<string> {
  files++;
  const plain = { name: `${files}.png`, type: 'image/png', bytes: 100, purpose: 'message', createdAt: files } as const;
  const { room = '', ...one } = { ...plain, account, file: `f${files}`, expiresAt: undefined, ...more };
  const token = `secret ${files}`;
  assert.ok(await store.uploads.add(token, one));
  if (room !== '') store.uploads.shownTo(token, account, room);
  return token;
}

describe('lists of files', () => {
  it('go on where they ended, in every order, also among equals', async (t) => {
    const store = await house(t);
    const [juliet, romeo] = [await store.person('juliet'), await store.person('romeo')];
    for (let i = 0; i < 7; i++) await file(store, juliet.id, { bytes: i % 2 === 0 ? 500 : 30, room: ROOM });
    await file(store, romeo.id, { bytes: 30, createdAt: 1 });
    for (const order of ['largest', 'oldest', 'newest'] as const) {
      for (const which of [{}, { account: juliet.id }, { room: ROOM }]) {
        const all = await store.uploadLists.page({ order, ...which, limit: 1_000 });
        assert.equal(all.length, 'account' in which || 'room' in which ? 7 : 8);
        const values = all.map((one) => (order === 'largest' ? -one.bytes : one.createdAt));
        assert.deepEqual(
          values,
          values.toSorted((a, b) => (order === 'newest' ? b - a : a - b)),
        );
        const walked: number[] = [];
        let after: UploadEdge | undefined;
        for (;;) {
          const page = await store.uploadLists.page({ order, ...which, limit: 3, ...(after && { after }) });
          const last = page.at(-1);
          if (last === undefined) break;
          walked.push(...page.map(({ id }) => id));
          after = { value: order === 'largest' ? last.bytes : last.createdAt, id: last.id };
        }
        assert.deepEqual(
          walked,
          all.map(({ id }) => id),
        );
      }
    }
    await assert.rejects(store.uploadLists.page({ order: 'newest', limit: 1_001 }), RangeError);
  });

  it('count by person and by room, whatever way files go', async (t) => {
    const store = await house(t);
    const [juliet, nurse] = [await store.person('juliet'), await store.person('nurse', 'other.test')];
    const tokens = [
      await file(store, juliet.id, { room: ROOM }),
      await file(store, juliet.id),
      await file(store, nurse.id, { bytes: 7, room: ROOM }),
    ];
    store.uploads.shownTo(tokens[0]!, juliet.id, 'cellar@conference.office.test');
    store.uploads.shownTo(tokens[1]!, nurse.id, ROOM);
    const lists = store.uploadLists;
    const people = async (domain?: string) =>
      (await lists.people({ limit: 9, ...(domain !== undefined && { domain }) })).map(
        ({ jid, files, bytes }) => `${jid} ${files} ${bytes}`,
      );
    const rooms = async () => (await lists.rooms({ limit: 9 })).map((one) => ({ ...one }));
    assert.deepEqual(await people(), ['juliet@office.test 2 200', 'nurse@other.test 1 7']);
    assert.deepEqual(await people('other.test'), ['nurse@other.test 1 7']);
    assert.deepEqual(
      await rooms(),
      [{ room: ROOM, files: 2, bytes: 107 }],
      'the first room counts, and only one’s own',
    );
    await store.accounts.remove(nurse);
    assert.deepEqual({ ...(await lists.room(ROOM)) }, { files: 1, bytes: 100 });
    const all = await lists.page({ order: 'oldest', limit: 9 });
    await store.uploads.remove(all.map(({ id }) => id));
    assert.deepEqual([await people(), await rooms()], [[], []]);
    assert.deepEqual(await lists.room(ROOM), { files: 0, bytes: 0 });
    assert.equal((await store.uploads.gone(9)).length, 3);
  });

  it('of somebody who is removed go in slices: nobody waits while thousands of rows leave their indexes', async (t) => {
    const store = await house(t);
    const [juliet, romeo] = [await store.person('juliet'), await store.person('romeo')];
    for (let i = 0; i < 1_100; i++) await file(store, juliet.id);
    await file(store, romeo.id);
    await store.accounts.remove(juliet);
    assert.deepEqual(
      (await store.uploadLists.people({ limit: 9 })).map(({ jid }) => jid),
      ['romeo@office.test'],
    );
    assert.deepEqual({ ...(await store.uploads.total()) }, { files: 1, bytes: 100 });
    assert.equal((await store.uploads.gone(2_000)).length, 1_100);
  });

  it('of what is old leave pictures of profiles out', async (t) => {
    const store = await house(t);
    const { id } = await store.person('juliet');
    for (const [createdAt, purpose] of [
      [1, 'profile'],
      [2, 'message'],
      [3, 'ephemeral'],
      [4, 'message'],
    ] as const)
      await file(store, id, { createdAt, purpose });
    assert.deepEqual({ ...(await store.uploadLists.before(4)) }, { files: 2, bytes: 200 });
    const lot = async (after?: UploadEdge) =>
      (await store.uploadLists.lot({ before: 4 }, after, 1)).map((one) => one.createdAt);
    assert.deepEqual(await lot(), [2]);
    assert.deepEqual(await lot({ value: 2, id: 9 }), [3]);
    assert.deepEqual(await lot({ value: 3, id: 9 }), []);
    assert.equal((await store.uploadLists.lot({ account: id }, undefined, 9)).length, 4);
  });

  it('are read by an index, as far as asked and no further', async (t) => {
    const { db } = await house(t);
    const after = { value: 1, id: 1 };
    const orders: readonly UploadQuery['order'][] = ['largest', 'oldest', 'newest'];
    const statements: Statement[] = [
      ...orders.flatMap((order) =>
        [{}, { account: 1 }, { room: ROOM }].map((which) => filesStatement({ order, ...which, after, limit: 9 })),
      ),
      peopleStatement({ after, limit: 9 }),
      peopleStatement({ domain: 'office.test', after, limit: 9 }),
      roomsStatement({ after: { bytes: 1, room: ROOM }, limit: 9 }),
      olderStatement(1),
      ...[{ account: 1 }, { room: ROOM }, { before: 9 }].map((lot) => lotStatement(lot, after, 9)),
    ];
    for (const statement of statements) {
      const plan = await db.all<{ detail: string }>({ ...statement, text: `EXPLAIN QUERY PLAN ${statement.text}` });
      const steps = plan.map(({ detail }) => detail).join('\n');
      assert.match(steps, /^SEARCH (u|s|upload|upload_room) USING (COVERING )?INDEX upload_\w+ \(/, statement.text);
      assert.doesNotMatch(steps, /SCAN|TEMP B-TREE/, statement.text);
    }
  });
});
