import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createApp } from '../../server/http/app.ts';
import { webChat } from '../../server/http/web-chat.ts';
import { assertStrict } from '../support/strict-headers.ts';
import { openHouse } from './support.ts';

test('attack: by no address is the panel served under the policy of the chat, or a file under a name that is not its own', async (t) => {
  const panel = await mkdtemp(join(tmpdir(), 'hallway-chat-'));
  for (const folder of ['assets', 'chat']) await mkdir(join(panel, folder));
  for (const file of ['index.html', 'assets/app-1a.js', 'chat/index.html', 'chat/converse.min.js']) {
    await writeFile(join(panel, file), `this is ${file}`);
  }
  const { commands, log, close } = await openHouse();
  const mounts = [
    webChat(
      panel,
      () => ['example.test'],
      () => 'https://files.example.test:8443',
    ),
  ];
  const { app } = await createApp({ commands, log, side: 'panel', panel, mounts });
  t.after(async () => {
    await app.close();
    await close();
    await rm(panel, { recursive: true });
  });
  const get = async (url: string) => {
    const { statusCode, body, headers } = await app.inject({ url, headers: { host: 'example.test' } });
    const loose = String(headers['content-security-policy']).includes('unsafe-inline');
    assertStrict(headers, url, /^(?:no-store|no-cache|(?:public|private), max-age=\d+(?:, immutable)?)$/);
    return { statusCode, body, loose, cache: String(headers['cache-control']) };
  };
  for (const [url, file] of [
    ['/chat/', 'chat/index.html'],
    ['/chat/converse.min.js', 'chat/converse.min.js'],
  ] as const) {
    assert.deepEqual(await get(url), { statusCode: 200, body: `this is ${file}`, loose: true, cache: 'no-cache' });
  }
  assert.match((await get('/assets/app-1a.js')).cache, /immutable/);
  for (const page of ['/', '/invite/abc', '/reset/abc']) {
    assert.deepEqual(await get(page), { statusCode: 200, body: 'this is index.html', loose: false, cache: 'no-store' });
  }
  const strange = [
    'none.html',
    'none.js',
    'a/b/c.js',
    '..%2findex.html',
    'a%2fb.js',
    'index.html%00.png',
    '.',
    '/x.js',
  ];
  for (const name of strange.flatMap((one) => [`/chat/${one}`, `/assets/${one}`])) {
    const { statusCode, body, loose, cache } = await get(name);
    if (body === 'this is index.html') assert.equal(loose, false, name);
    else if (statusCode === 200) assert.equal(name, '/chat/.', name);
    if (name !== '/chat/.') assert.doesNotMatch(cache, /immutable|no-cache/, name);
    if (/^\/assets\/(none|\.\.)/.test(name)) assert.equal(statusCode, 404, name);
  }
});

test('the chat may upload to, and show pictures and films of, the address that files have, and no other', async (t) => {
  const panel = await mkdtemp(join(tmpdir(), 'hallway-chat-'));
  await mkdir(join(panel, 'chat'));
  for (const file of ['chat/index.html', 'chat/converse.min.js']) await writeFile(join(panel, file), '');
  const { commands, log, close } = await openHouse();
  const mounts = [
    webChat(
      panel,
      () => ['example.test'],
      () => 'https://files.example.test:8443',
    ),
  ];
  const { app } = await createApp({ commands, log, side: 'panel', panel, mounts });
  t.after(async () => {
    await app.close();
    await close();
    await rm(panel, { recursive: true });
  });
  const ask = (url: string) => app.inject({ url, headers: { host: 'example.test' } });
  const policy = String((await ask('/chat/')).headers['content-security-policy']);
  for (const part of ['img-src', 'media-src', 'connect-src'])
    assert.match(policy, new RegExp(`${part} 'self'[^;]* https://files\\.example\\.test:8443;`), part);
  assert.equal(policy.match(/https:/g)?.length, 3);
  assert.equal((await ask('/chat/settings.json')).json().files, 'files.example.test');
});
