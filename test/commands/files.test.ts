import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { CommandError } from '../../server/commands/command-error.ts';
import type { FileView } from '../../server/commands/file-views.ts';
import { FileCommands } from '../../server/commands/files.ts';
import { TransferCommands } from '../../server/commands/transfers.ts';
import type { FileSpace } from '../../server/host/file-space.ts';
import { openHouse, type TestHouse } from '../http/support.ts';
import { FakeTransfers, NO_FILES, putFile } from '../support/files.ts';

const by = { name: 'olga', door: 'panel' } as const;
const ROOM = 'garden@conference.example.test';
const JULIET = 'juliet@example.test';
const ROMEO = 'romeo@example.test';

let house: TestHouse;
let files: FileCommands;

beforeEach(async () => {
  house = await openHouse();
  ({ files } = house.commands);
  for (const local of ['juliet', 'romeo']) {
    await house.stores.accounts.create({ domain: 'example.test', local, credentials: [] });
  }
});
afterEach(() => house.close());

const put = (jid: string, name: string, more = {}) => putFile(house.stores, jid, name, more);
const names = ({ files: found }: { files: FileView[] }) => found.map(({ name }) => name).join(' ');
const refused = (code: string, field?: string) => (error: CommandError) => {
  assert.deepEqual([error.code, error.field], [code, field], error.message);
  return true;
};

async function audited(): Promise<string[]> {
  const { rows } = await house.commands.audit.page(undefined, 100);
  return rows.map(({ actor, action, subject, detail }) => `${actor} ${action} ${subject} ${JSON.stringify(detail)}`);
}

describe('files, as administrators see them', () => {
  test('the overview says what is left before the first limit is met', async () => {
    const space = (more: Partial<FileSpace>) => new FileCommands(house.stores, house.house, { ...NO_FILES, ...more });
    await put(JULIET, 'a.png', { bytes: 4_000 });
    assert.deepEqual(await space({}).overview(), {
      files: 1,
      bytes: 4_000,
      free: 10_000_000_000,
      reserve: 1_000_000_000,
      most: 0,
      left: 9_000_000_000,
      domains: [{ domain: 'example.test', ...NO_FILES.limits('') }],
    });
    const left = async (total: number, free: number) =>
      (await space({ all: () => ({ total, reserve: 500 }), free: async () => free }).overview()).left;
    assert.equal(await left(5_000, 10_000), 1_000, 'the limit of all is nearer');
    assert.equal(await left(5_000, 700), 200, 'the disk is');
    assert.equal(await left(5_000, 400), 0, 'nothing, and never less');
    assert.equal(await left(3_000, 10_000), 0);
  });

  test('a list in every order, of a person or a room, page after page', async () => {
    await put(JULIET, 'one', { bytes: 10, createdAt: 1, room: ROOM });
    await put(JULIET, 'two', { bytes: 30, createdAt: 2 });
    await put(ROMEO, 'three', { bytes: 20, createdAt: 3, room: ROOM });
    assert.equal(names(await files.list({})), 'three two one');
    assert.equal(names(await files.list({ order: 'oldest' })), 'one two three');
    assert.equal(names(await files.list({ order: 'largest' })), 'two three one');
    assert.equal(names(await files.list({ person: JULIET })), 'two one');
    const room = await files.list({ room: 'Garden@conference.example.test', order: 'largest' });
    assert.deepEqual([names(room), room.total], ['three one', { files: 2, bytes: 30 }]);
    const first = await files.list({ order: 'largest', limit: 2 });
    assert.deepEqual([names(first), first.total.files], ['two three', 3]);
    const second = await files.list({ order: 'largest', limit: 2, after: first.next! });
    assert.deepEqual([names(second), second.next], ['one', null]);
    await assert.rejects(files.list({ person: JULIET, room: ROOM }), refused('invalid', 'room'));
    await assert.rejects(files.list({ person: 'nobody@example.test' }), refused('account-not-found', 'person'));
    await assert.rejects(files.list({ room: 'conference.example.test' }), refused('invalid', 'room'));
    for (const after of ['', '1', '1.', "1.1' OR 1=1", '-1.1', '9'.repeat(30)]) {
      await assert.rejects(files.list({ after }), refused('invalid', 'after'), after);
    }
  });

  test('people and rooms, who has most first, page after page', async () => {
    await put(JULIET, 'one', { bytes: 10, room: ROOM });
    await put(ROMEO, 'two', { bytes: 20, room: 'cellar@conference.example.test' });
    const first = await files.people({ limit: 1 });
    assert.deepEqual(first.people, [{ jid: ROMEO, files: 1, bytes: 20 }]);
    const second = await files.people({ limit: 1, after: first.next!, domain: 'EXAMPLE.test' });
    assert.deepEqual([second.people[0]?.jid, second.next], [JULIET, null]);
    await assert.rejects(files.people({ domain: 'elsewhere.test' }), refused('domain-not-found'));
    await assert.rejects(files.people({ after: 'x' }), refused('invalid', 'after'));
    const rooms = await files.rooms({ limit: 1 });
    assert.equal(rooms.rooms[0]?.room, 'cellar@conference.example.test');
    const last = await files.rooms({ limit: 1, after: rooms.next! });
    assert.deepEqual(last, { rooms: [{ room: ROOM, files: 1, bytes: 10 }], next: null });
    await assert.rejects(files.rooms({ after: '5' }), refused('invalid', 'after'));
  });

  test('a link leads to its file, however it is written; nothing leads back', async () => {
    const link = await put(JULIET, 'a photo.png', { room: ROOM });
    const token = link.split('/')[4]!;
    for (const one of [link, ` ${link}\n`, link.replace('https:', 'aesgcm:').concat('#0a0b'), `/file/${token}`]) {
      const found = await files.find(one);
      assert.deepEqual([found.name, found.jid, found.room], ['a photo.png', JULIET, ROOM]);
      assert.ok(!JSON.stringify(found).includes(token));
    }
    const all = JSON.stringify([await files.list({}), await files.people({}), await files.rooms({}), await audited()]);
    assert.ok(!all.includes(token) && !all.includes('00/'), 'neither secret nor place on the disk');
    for (const one of ['', 'https://example.test/', `https://example.test/upload/${token}/x`, `/file/${token}x/y`]) {
      await assert.rejects(files.find(one), refused('invalid', 'link'), one);
    }
    await assert.rejects(files.find(link.replace(token, 'A'.repeat(24))), refused('file-not-found', 'link'));
  });

  test('removing some: from then on the links lead nowhere, and it is written down whose they were', async () => {
    const link = await put(JULIET, 'one', { bytes: 10 });
    await put(JULIET, 'two', { bytes: 5 });
    await put(ROMEO, 'three', { bytes: 1 });
    const ids = (await files.list({})).files.map(({ id }) => id);
    assert.deepEqual(await files.remove(by, [...ids, 4_711]), { files: 3, bytes: 16 });
    await assert.rejects(files.find(link), refused('file-not-found', 'link'));
    assert.deepEqual((await audited()).sort(), [
      `olga file.remove juliet@example.test {"files":2,"bytes":15,"names":"one, two"}`,
      `olga file.remove romeo@example.test {"files":1,"bytes":1,"names":"three"}`,
    ]);
    await assert.rejects(files.remove(by, ids), refused('file-not-found'));
    await assert.rejects(files.remove(by, []), refused('file-not-found'));
    const many = Array.from({ length: 201 }, (_, i) => i + 1);
    await assert.rejects(files.remove(by, many), refused('invalid', 'ids'));
  });

  test('removing all of a person, of a room, or from before a day asks for confirmation', async () => {
    const day = (text: string) => new Date(`${text}T00:00:00`).getTime();
    for (let i = 0; i < 450; i++) await put(JULIET, `${i}`, { createdAt: day('2026-01-30') + i });
    await put(JULIET, 'face', { purpose: 'profile', createdAt: 1 });
    await put(ROMEO, 'shown', { room: ROOM, createdAt: day('2026-02-01') });
    await put(ROMEO, 'kept', { createdAt: day('2026-02-01') });
    for (const [wish, confirm] of [
      [{ person: JULIET }, ROMEO],
      [{ room: ROOM }, 'garden'],
      [{ before: '2026-02-01' }, 'yes'],
    ] as const) {
      await assert.rejects(files.removeAll(by, wish, confirm), refused('not-confirmed', 'confirm'));
    }
    assert.deepEqual(await audited(), []);
    assert.deepEqual(await files.count({ before: '2026-02-01' }), { files: 450, bytes: 45_000 });
    const gone = await files.removeAll(by, { before: '2026-02-01' }, '2026-02-01');
    assert.deepEqual(gone, { files: 450, bytes: 45_000 });
    assert.equal(names(await files.list({ order: 'oldest' })), 'face shown kept');
    assert.equal((await files.removeAll(by, { room: ROOM }, ROOM)).files, 1);
    assert.equal((await files.removeAll(by, { person: JULIET }, ' Juliet@example.test ')).files, 1);
    assert.equal(names(await files.list({})), 'kept');
    assert.deepEqual(await audited(), [
      `olga file.remove-all juliet@example.test {"files":1,"bytes":100}`,
      `olga file.remove-all ${ROOM} {"files":1,"bytes":100}`,
      `olga file.remove-all 2026-02-01 {"files":450,"bytes":45000}`,
    ]);
    assert.equal((await house.stores.uploads.gone(1_000)).length, 452, 'their bytes are to be taken off the disk');
  });

  test('which files is said in one way, and a day is a day that has begun', async () => {
    for (const wish of [{}, { person: JULIET, before: '2026-01-01' }]) {
      await assert.rejects(files.count(wish), refused('invalid'));
    }
    for (const before of ['2026-02-30', '2026-13-01', '26-01-01', 'yesterday', '9999-01-01', '2026-01-01x']) {
      await assert.rejects(files.count({ before }), refused('invalid', 'before'), before);
      await assert.rejects(files.removeAll(by, { before }, before), refused('invalid', 'before'), before);
    }
    await assert.rejects(files.count({ person: 'nobody@example.test' }), refused('account-not-found', 'person'));
    await assert.rejects(files.count({ room: 'garden' }), refused('invalid', 'room'));
  });

  test('a person and a room know what is theirs', async () => {
    await put(JULIET, 'one', { bytes: 10 });
    const { counts } = await house.commands.accounts.get('example.test', 'juliet');
    assert.deepEqual([counts.files, counts.fileBytes], [1, 10]);
    await house.commands.accounts.remove(by, 'example.test', 'juliet', JULIET);
    assert.equal((await files.overview()).files, 0, 'they go with whose they are');
  });
});

describe('what goes through the file proxy', () => {
  test('is listed, the first 200, and broken off by an administrator, which is written down', async () => {
    const proxy = new FakeTransfers();
    const transfers = new TransferCommands(proxy, house.stores.audit);
    proxy.add('a');
    proxy.add('b', { state: 'waiting', requester: undefined, target: undefined, sent: 0 });
    const { transfers: listed, total } = transfers.list();
    assert.deepEqual([total, listed[1]?.requester, listed[1]?.state], [2, null, 'waiting']);
    await transfers.end(by, 'a');
    await transfers.end(by, 'b');
    await assert.rejects(transfers.end(by, 'b'), refused('transfer-not-found'));
    assert.deepEqual(await audited(), [
      'olga transfer.end 192.0.2.7 192.0.2.8 {"bytes":0}',
      'olga transfer.end juliet@example.test/balcony {"with":"romeo@example.test/orchard","bytes":5000000}',
    ]);
    for (let i = 0; i < 300; i++) proxy.add(`${i}`);
    assert.deepEqual([transfers.list().transfers.length, transfers.list().total], [200, 300]);
  });
});
