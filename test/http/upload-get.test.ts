import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { without } from '../support/packages.ts';
import { ALLOWED, type Got, openUploads, type UploadHouse } from '../support/uploads.ts';

const TEXT = 'The quick brown fox jumps over the lazy dog';

describe('having a file (XEP-0363 §6, §11; RFC 9110 §13, §14)', { skip: without('curl'), timeout: 60_000 }, () => {
  let uploads: UploadHouse;
  let link: string;
  const ended: (() => unknown)[] = [];

  before(async () => {
    uploads = await openUploads({ after: (then) => void ended.push(then as () => unknown) });
    link = await uploads.has(TEXT, { name: 'fox.txt', type: 'text/plain' });
  });
  after(async () => {
    for (const then of ended) await then();
  });
  const range = (value: string, ...more: string[]): Promise<Got> =>
    uploads.get(link, '--header', `range: ${value}`, ...more);

  test('as a whole: what it is, how long it is, and nothing that a browser may run', async () => {
    const { status, text, headers } = await uploads.get(link);
    assert.deepEqual([status, text], [200, TEXT]);
    const { date, etag, ...rest } = headers;
    assert.ok(date);
    assert.match(etag ?? '', /^"[0-9a-f]{32}"$/);
    assert.deepEqual(rest, {
      'accept-ranges': 'bytes',
      'access-control-allow-origin': '*',
      'cache-control': 'private, max-age=31536000, immutable',
      connection: 'keep-alive',
      'content-disposition': 'attachment; filename=fox.txt',
      'content-length': '43',
      'content-security-policy':
        "default-src 'none'; img-src 'self'; media-src 'self'; frame-ancestors 'none'; sandbox",
      'content-type': 'application/octet-stream',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'cross-origin',
      'keep-alive': 'timeout=30, max=1000',
      'permissions-policy': 'camera=(), geolocation=(), microphone=()',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    });
  });

  test('HEAD tells the same without the file', async () => {
    const whole = await uploads.get(link);
    const { status, text, headers } = await uploads.get(link, '--head');
    assert.deepEqual([status, text], [200, '']);
    assert.deepEqual({ ...headers, date: '' }, { ...whole.headers, date: '' });
  });

  test('what is no picture, sound or film is for saving, whatever its owner called it', async () => {
    for (const type of [
      'text/html',
      'image/svg+xml',
      'text/javascript',
      'application/xhtml+xml',
      'text/xml',
      'application/pdf',
      'multipart/x-mixed-replace',
      'image/',
      'image/png2',
      '',
    ]) {
      const had = await uploads.get(await uploads.has('<svg/>', { type, name: 'x.html' }));
      assert.equal(had.headers['content-type'], 'application/octet-stream', type);
      assert.equal(had.headers['content-disposition'], 'attachment; filename=x.html', type);
      assert.equal(had.headers['x-content-type-options'], 'nosniff');
    }
    for (const type of ['image/png', 'audio/ogg', 'video/mp4']) {
      const had = await uploads.get(await uploads.has('<svg/>', { type, name: 'x.html' }));
      assert.equal(had.headers['content-type'], type);
      assert.equal(had.headers['content-disposition'], 'inline; filename=x.html');
      assert.equal(had.headers['x-content-type-options'], 'nosniff');
      assert.match(had.headers['content-security-policy'] ?? '', /^default-src 'none'.* sandbox$/);
    }
  });

  test('a part: from, to, the last bytes', async () => {
    for (const [asked, got, text] of [
      ['bytes=0-2', 'bytes 0-2/43', 'The'],
      ['bytes=40-', 'bytes 40-42/43', 'dog'],
      ['bytes=-3', 'bytes 40-42/43', 'dog'],
      ['bytes=40-1000000', 'bytes 40-42/43', 'dog'],
      ['bytes=-1000', 'bytes 0-42/43', TEXT],
    ] as const) {
      const part = await range(asked);
      assert.deepEqual([part.status, part.headers['content-range'], part.text], [206, got, text], asked);
      assert.equal(part.headers['content-length'], String(text.length));
    }
    assert.equal((await range('bytes=0-2', '--head')).headers['content-length'], '43', 'only GET has parts (§14.2)');
  });

  test('a part that is not there is refused, with the length to be read', async () => {
    for (const asked of ['bytes=43-', 'bytes=100-200', 'bytes=-0', 'bytes=999999999999999-']) {
      const none = await range(asked);
      assert.deepEqual([none.status, none.headers['content-range'], none.text], [416, 'bytes */43', ''], asked);
    }
  });

  test('what is no range, or many of them, gets the file once as a whole, however they overlap', async () => {
    const thousand = `bytes=${Array.from({ length: 1_000 }, (_, i) => `${i % 40}-`).join(',')}`;
    const nested = `bytes=${Array.from({ length: 1_000 }, () => '0-').join(',')}`;
    for (const asked of [
      'bytes=5-2',
      'lines=1-2',
      'bytes=x',
      'bytes=',
      'bytes=0-1,5-6',
      'bytes=0-,0-',
      'bytes=9999999999999999-',
      thousand,
      nested,
    ]) {
      const { status, text } = await range(asked);
      assert.deepEqual([status, text], [200, TEXT], asked.slice(0, 30));
    }
  });

  test('If-None-Match and If-Range: nobody gets again what they have, nor a part of what is another', async () => {
    const { etag = '' } = (await uploads.get(link)).headers;
    const known = await uploads.get(link, '--header', `if-none-match: ${etag}`);
    assert.deepEqual([known.status, known.text], [304, '']);
    assert.equal((await uploads.get(link, '--header', 'if-none-match: "x"')).status, 200);
    assert.equal((await range('bytes=0-2', '--header', 'if-range: "x"')).status, 200);
    assert.equal((await range('bytes=0-2', '--header', `if-range: ${etag}`)).status, 206);
    assert.equal(
      (await range('bytes=0-2', '--header', `if-range: W/${etag}`)).status,
      200,
      'weak is not enough (§13.1.5)',
    );
    for (const said of ['*', `"x", ${etag}`, `W/${etag}`])
      assert.equal((await uploads.get(link, '--header', `if-none-match: ${said}`)).status, 304, said);
  });

  test('names come through whole, and as nothing else than names', async () => {
    for (const [name, disposition] of [
      ['a "quoted" \\ name.txt', 'attachment; filename="a \\"quoted\\" \\\\ name.txt"'],
      ['x\r\nset-cookie: a=b.txt', /^attachment; filename="x[^\r\n]*set-cookie: a=b\.txt"; filename\*=/],
      ['très cool €.txt', /filename\*=UTF-8''tr%C3%A8s%20cool%20%E2%82%AC\.txt$/],
      ['gpj.exe\u202e', /filename\*=UTF-8''gpj\.exe%E2%80%AE$/],
    ] as const) {
      const { headers } = await uploads.get(await uploads.has('1', { name }));
      const got = headers['content-disposition'] ?? '';
      if (typeof disposition === 'string') assert.equal(got, disposition);
      else assert.match(got, disposition);
      assert.equal(headers['set-cookie'], undefined);
    }
  });

  test('a link that leads nowhere, is guessed or is past its time', async () => {
    for (const path of [
      link.replace(/file\/./, 'file/%00'),
      link.replace(/file\/[^/]+/, 'file/x'),
      link.replace(/file\/[^/]+/, `file/${'x'.repeat(3_000)}`),
    ]) {
      const { status, text } = await uploads.get(path);
      assert.deepEqual([status, text], [404, 'There is no such file, or not any more.\n']);
    }
    const short = await uploads.has('1', { purpose: 'ephemeral', expiresAt: Date.now() + 700 });
    const now = await uploads.get(short);
    assert.deepEqual([now.status, now.headers['cache-control']], [200, 'no-store']);
    await new Promise((resolve) => setTimeout(resolve, 800));
    assert.equal((await uploads.get(short)).status, 404, 'at once, although it is still on the disk');
  });

  test('a file that somebody took off the disk is not there, and the panel is not shown instead', async () => {
    const lost = await uploads.has('1');
    const { etag = '' } = (await uploads.get(lost)).headers;
    await rm(uploads.folder.path(etag.replaceAll('"', '').replace(/^../, '$&/')));
    const { status, text } = await uploads.get(lost);
    assert.equal(status, 404);
    assert.doesNotMatch(text, /the panel/);
  });

  test('who may upload and who may have, as browsers ask (CORS)', async () => {
    const { put } = await uploads.slot(5);
    const ask = (url: string, origin: string, method: string) =>
      uploads.curl([
        '--request',
        'OPTIONS',
        '--header',
        `origin: ${origin}`,
        '--header',
        `access-control-request-method: ${method}`,
        '--header',
        'access-control-request-headers: content-type',
        url,
      ]);
    const ours = await ask(put, ALLOWED, 'PUT');
    assert.equal(ours.status, 204);
    assert.equal(ours.headers['access-control-allow-origin'], ALLOWED);
    assert.equal(ours.headers['access-control-allow-methods'], 'PUT');
    assert.equal(ours.headers['access-control-allow-headers'], 'content-type');
    assert.equal(ours.headers.vary, 'origin');
    const strange = await ask(put, 'https://evil.example', 'PUT');
    assert.equal(strange.status, 403);
    assert.equal(strange.headers['access-control-allow-origin'], undefined);
    const taken = await uploads.put(put, '12345', '--header', 'origin: https://evil.example');
    assert.equal(taken.status, 403);
    assert.equal((await uploads.put(put, '12345', '--header', 'origin: null')).status, 403);
    const done = await uploads.put(put, '12345', '--header', `origin: ${ALLOWED}`);
    assert.deepEqual([done.status, done.headers['access-control-allow-origin']], [201, ALLOWED]);
    const anybody = await ask(link, 'https://elsewhere.example', 'GET');
    assert.deepEqual([anybody.status, anybody.headers['access-control-allow-origin']], [204, '*']);
    assert.equal(anybody.headers['access-control-allow-credentials'], undefined);
  });

  test('no other method is known', async () => {
    for (const method of ['POST', 'DELETE', 'PATCH', 'PUT'])
      assert.equal((await uploads.curl(['--request', method, link])).status, 404, method);
  });
});
