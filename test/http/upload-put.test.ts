import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import type { Uploads } from '../../server/storage/stores/uploads.ts';
import { without } from '../support/packages.ts';
import { openUploads, type UploadHouse } from '../support/uploads.ts';

const head = (url: string, length: number | string, more = ''): string =>
  `PUT ${new URL(url).pathname} HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${length}\r\n${more}\r\n`;
const statuses = (text: string): string[] => text.match(/^HTTP\/1\.1 \d+/gm)?.map((line) => line.slice(9)) ?? [];

/** Resolves when nothing is being written any more. */
async function quiet(uploads: UploadHouse, files: number): Promise<void> {
  for (let i = 0; i < 500 && (await uploads.onDisk()).length !== files; i++) await sleep(20);
  assert.equal((await uploads.onDisk()).length, files);
}

describe('uploading a file (XEP-0363 §6)', { skip: without('curl'), timeout: 60_000 }, () => {
  test('stores it, byte for byte, and says 201', async (t) => {
    const uploads = await openUploads(t);
    const content = randomBytes(3_000_000);
    const { put, get } = await uploads.slot(content.length, { type: 'image/png', name: 'très cool.png' });
    const done = await uploads.put(put, content);
    assert.deepEqual([done.status, done.text, done.exit], [201, '', 0]);
    assert.ok((await uploads.get(get)).body.equals(content));
    assert.deepEqual(await uploads.house.stores.uploads.use(uploads.account.id), { files: 1, bytes: content.length });
  });

  test('refuses another length than was promised, before a byte of it is stored; the slot stays', async (t) => {
    const uploads = await openUploads(t);
    const { put } = await uploads.slot(5);
    for (const content of ['1234', '123456', '']) {
      const refused = await uploads.put(put, content);
      assert.deepEqual([refused.status, refused.text], [400, 'The file was said to have 5 bytes.\n'], content);
    }
    assert.deepEqual(await uploads.onDisk(), []);
    assert.equal((await uploads.put(put, '12345')).status, 201);
  });

  test('refuses chunks, whose length nobody said', async (t) => {
    const uploads = await openUploads(t);
    const { put } = await uploads.slot(5);
    const refused = await uploads.put(put, '12345', '--header', 'transfer-encoding: chunked');
    assert.equal(refused.status, 411);
    assert.match(refused.text, /Content-Length/);
    const both = await uploads.raw(`${head(put, 5, 'transfer-encoding: chunked\r\n')}5\r\n12345\r\n0\r\n\r\n`);
    assert.deepEqual(statuses(await both.all), ['400'], 'both at once are a request smuggled');
    assert.deepEqual(await uploads.onDisk(), []);
  });

  test('refuses two lengths, and a length that is none', async (t) => {
    const uploads = await openUploads(t);
    const { put } = await uploads.slot(5);
    for (const [length, more] of [
      [5, 'content-length: 6\r\n'],
      ['5, 6', ''],
      ['+5', ''],
      ['0x5', ''],
      ['-5', ''],
      ['99999999999999999999999', ''],
    ] as const) {
      const asked = await uploads.raw(`${head(put, length, `connection: close\r\n${more}`)}12345`);
      assert.deepEqual(statuses(await asked.all), ['400'], `${length} ${more}`);
    }
    assert.deepEqual(await uploads.onDisk(), []);
  });

  test('a length that is a lie: too short a body leaves nothing, and what is behind a body is not part of it', async (t) => {
    const uploads = await openUploads(t);
    const other = await uploads.has('other');
    const { put, get } = await uploads.slot(5);
    const short = await uploads.raw(`${head(put, 5)}123`);
    await quiet(uploads, 2); // begun
    short.socket.destroy();
    await quiet(uploads, 1);
    const behind = `GET ${new URL(other).pathname} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`;
    const long = await uploads.raw(`${head(put, 5)}12345${behind}`);
    const answers = await long.all;
    assert.deepEqual(statuses(answers), ['201', '200'], answers);
    assert.match(answers, /\r\n\r\nother$/, 'the second request was answered, after the first');
    assert.equal((await uploads.get(get)).text, '12345');
  });

  test('who has sent all is not hung up on while the disk or the cleaning takes its time', async (t) => {
    const uploads = await openUploads(t, { idleMs: 300, clean: () => () => sleep(1_000) });
    const { put } = await uploads.slot(5);
    const done = await uploads.put(put, '12345');
    assert.deepEqual([done.status, done.exit], [201, 0]);
  });

  test('a slot serves once', async (t) => {
    const uploads = await openUploads(t);
    const { put, get } = await uploads.slot(5);
    assert.equal((await uploads.put(put, 'first')).status, 201);
    const again = await uploads.put(put, 'other');
    assert.equal(again.status, 404);
    assert.match(again.text, /Ask for another one/);
    assert.equal((await uploads.get(get)).text, 'first');
  });

  test('of two uploads to one slot at once, one is told to stay away', async (t) => {
    const uploads = await openUploads(t);
    const { put, get } = await uploads.slot(5);
    const first = await uploads.raw(`${head(put, 5, 'connection: close\r\n')}fi`);
    await quiet(uploads, 1);
    const second = await uploads.put(put, 'other');
    assert.deepEqual([second.status, second.text], [409, 'This file is being uploaded already.\n']);
    first.socket.write('rst');
    assert.deepEqual(statuses(await first.all), ['201']);
    assert.equal((await uploads.get(get)).text, 'first');
  });

  test('a slot that is somebody else’s, guessed, cut or past its time is none', async (t) => {
    const uploads = await openUploads(t);
    const { put, get } = await uploads.slot(5);
    const guesses = [
      put.replace(/upload\/./, 'upload/%00'),
      put.replace(/upload\/[^/]+/, 'upload/x'),
      put.replace(/upload\/[^/]+/, `upload/${get.split('/')[4]}`), // the secret to have it is not the one to put it
      put.replace(/upload\/[^/]+/, `upload/${'x'.repeat(3_000)}`),
      put.replace(/upload\/[^/]+/, 'upload/__proto__'),
    ];
    for (const guess of guesses) assert.equal((await uploads.put(guess, '12345')).status, 404, guess);
    uploads.later(300_001);
    assert.equal((await uploads.put(put, '12345')).status, 404);
    assert.deepEqual(await uploads.onDisk(), []);
  });

  test('path tricks lead nowhere: only the secret is looked at', async (t) => {
    const uploads = await openUploads(t);
    const { put, get } = await uploads.slot(5);
    const start = put.slice(0, put.lastIndexOf('/'));
    for (const name of ['..%2f..%2fetc%2fpasswd', '%2e%2e', '..%5c..%5c', '%00', 'a%0d%0aset-cookie:x=1']) {
      const answer = await uploads.put(`${start}/${name}`, '1');
      assert.equal(answer.status, 400, `${name}: the slot was found, the length was wrong`);
      assert.equal(answer.headers['set-cookie'], undefined);
    }
    for (const path of ['/../a', '/a/b', '//a', '']) {
      const { status } = await uploads.put(start + path, '12345');
      assert.ok(status === 404 || status === 400, `${path}: ${status}`);
    }
    assert.equal((await uploads.put(`${start}/%ff`, '12345')).status, 400, 'no UTF-8');
    assert.equal((await uploads.put(put, '12345')).status, 201);
    const link = get.slice(0, get.lastIndexOf('/'));
    for (const path of ['/..%2f..%2f', '/%2e%2e%2f%2e%2e%2fetc%2fpasswd', '/anything']) {
      const { text, headers } = await uploads.get(link + path);
      assert.equal(text, '12345', path);
      assert.equal(headers['content-disposition'], 'attachment; filename=a.txt', 'as its owner called it');
    }
    assert.match((await uploads.onDisk()).join(), /^[0-9a-f]{30}$/);
  });

  test('the media type must be the promised one, and nothing is unpacked', async (t) => {
    const uploads = await openUploads(t);
    const { put } = await uploads.slot(5, { type: 'image/png' });
    const type = (said: string) => uploads.put(put, '12345', '--header', `content-type: ${said}`);
    assert.equal((await type('text/html')).status, 415);
    const packed = await uploads.put(put, '12345', '--header', 'content-encoding: gzip');
    assert.deepEqual([packed.status, packed.text], [415, 'Files are taken as they are, not compressed on the way.\n']);
    assert.equal((await type('application/octet-stream')).status, 201);
    const again = await uploads.slot(5, { type: 'image/png' });
    const right = await uploads.put(again.put, '12345', '--header', 'content-type: IMAGE/PNG; x=y');
    assert.equal(right.status, 201);
  });

  test('a slot whose type was not said takes that of the upload, whatever it is', async (t) => {
    const uploads = await openUploads(t);
    for (const [said, stored] of [
      ['image/png', 'image/png'],
      ['text/html; charset=utf-8', 'application/octet-stream'],
      ['application/octet-stream', 'application/octet-stream'],
    ] as const) {
      const { put, get } = await uploads.slot(5);
      assert.equal((await uploads.put(put, '12345', '--header', `content-type: ${said}`)).status, 201, said);
      assert.equal((await uploads.get(get)).headers['content-type'], stored);
    }
    const { put } = await uploads.slot(5);
    assert.equal((await uploads.put(put, '12345', '--header', 'content-type: no type at all')).status, 415);
  });

  test('somebody whose account is gone or locked while they upload is refused, with nothing left', async (t) => {
    const uploads = await openUploads(t);
    const { put } = await uploads.slot(5);
    const { accounts } = uploads.house.stores;
    await accounts.setStatus(uploads.account, 'disabled');
    const refused = await uploads.put(put, '12345');
    assert.deepEqual([refused.status, refused.text], [403, 'This account is not in use any more.\n']);
    assert.deepEqual(await uploads.onDisk(), []);
  });

  test('whoever is refused a large file reads why, and does not send it all', async (t) => {
    const uploads = await openUploads(t, { pace: { bytes: 1_000, every: 30_000, lastWords: 1_500 } });
    const { put } = await uploads.slot(5);
    for (let i = 0; i < 3; i++) {
      const refused = await uploads.put(put, Buffer.alloc(60_000_000));
      assert.deepEqual([refused.status, refused.text], [400, 'The file was said to have 5 bytes.\n']);
    }
    const stubborn = await uploads.raw(head(put, 1_000_000_000));
    const began = Date.now();
    const more = setInterval(() => stubborn.socket.write(Buffer.alloc(100_000)), 20);
    assert.deepEqual(statuses(await stubborn.all), ['400']);
    clearInterval(more);
    const listened = Date.now() - began;
    assert.ok(listened > 1_000 && listened < 15_000, `${listened} ms`);
  });

  test('who sends too slowly, or not at all, is told so and let go; the slot can be used again', async (t) => {
    for (const drip of [true, false]) {
      const uploads = await openUploads(t, { pace: { bytes: 1_000, every: 150, lastWords: 200 } });
      const { put, get } = await uploads.slot(5);
      const slow = await uploads.raw(`${head(put, 5)}1`);
      await sleep(100);
      if (drip) slow.socket.write('2');
      const answer = await slow.all;
      assert.deepEqual(statuses(answer), ['408'], answer);
      await quiet(uploads, 0);
      assert.equal((await uploads.put(put, '12345')).status, 201);
      assert.equal((await uploads.get(get)).text, '12345');
    }
  });

  test('when the row cannot be stored, the file goes and nobody is told 201', async (t) => {
    const failing = { add: () => Promise.reject(new Error('the store is gone')) } as unknown as Uploads;
    const uploads = await openUploads(t, { uploads: failing });
    const { put } = await uploads.slot(5);
    const refused = await uploads.put(put, '12345');
    assert.deepEqual([refused.status, refused.text], [500, 'The file could not be stored. Tell an administrator.\n']);
    assert.deepEqual(await uploads.onDisk(), []);
    assert.match(uploads.house.logged.join(), /an upload could not be stored/);
  });

  test('more at once than there are places for are told to come back', async (t) => {
    const uploads = await openUploads(t);
    const { accounts } = uploads.house.stores;
    const open: TLSSocket[] = [];
    for (let person = 0; person < 10; person++) {
      const { id } = await accounts.create({ domain: 'example.test', local: `p${person}`, credentials: [] });
      for (let i = 0; i < 20; i++) {
        const { put } = await uploads.slot(5, { account: id });
        open.push((await uploads.raw(`${head(put, 5)}1`)).socket);
      }
      if (person > 0) continue;
      await quiet(uploads, 20);
      const much = await uploads.put((await uploads.slot(5, { account: id })).put, '12345');
      assert.deepEqual(
        [much.status, much.text],
        [429, 'You are uploading many files already. Wait for some of them.\n'],
      );
    }
    await quiet(uploads, 200);
    const { put } = await uploads.slot(5);
    const late = await uploads.put(put, '12345');
    assert.deepEqual([late.status, late.text], [503, 'Too many files are being uploaded. Try again in a minute.\n']);
    for (const socket of open) socket.destroy();
    await quiet(uploads, 0);
    assert.equal((await uploads.put(put, '12345')).status, 201);
  });
});
