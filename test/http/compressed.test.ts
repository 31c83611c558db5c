import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { createApp } from '../../server/http/app.ts';
import { openHouse } from './support.ts';

test('files of the panel go compressed to who takes that, whole to who does not, and caches are told of it', async (t) => {
  const panel = await mkdtemp(join(tmpdir(), 'hallway-panel-'));
  await mkdir(join(panel, 'assets'));
  for (const file of ['index.html', 'assets/app-1a.js', 'assets/few-1a.js']) {
    await writeFile(join(panel, file), `this is ${file}`);
    if (!file.includes('few')) await writeFile(join(panel, `${file}.gz`), gzipSync(`this is ${file}`));
  }
  const { commands, log, close } = await openHouse();
  const { app } = await createApp({ commands, log, side: 'panel', panel });
  t.after(async () => {
    await app.close();
    await close();
    await rm(panel, { recursive: true });
  });
  const get = async (url: string, encoding: string) => {
    const reply = await app.inject({ url, headers: { host: 'example.test', 'accept-encoding': encoding } });
    const { 'content-encoding': packed, 'content-type': type, vary = '', ...rest } = reply.headers;
    const text = packed === 'gzip' ? gunzipSync(reply.rawPayload).toString() : reply.body;
    assert.equal(rest['x-content-type-options'], 'nosniff', url);
    return { packed, text, type: String(type).split(';')[0], vary: String(vary).toLowerCase() };
  };
  const script = { text: 'this is assets/app-1a.js', type: 'application/javascript', vary: 'accept-encoding' };
  assert.deepEqual(await get('/assets/app-1a.js', 'gzip, deflate, br'), { ...script, packed: 'gzip' });
  assert.deepEqual(await get('/assets/app-1a.js', 'identity'), { ...script, packed: undefined });
  assert.deepEqual(await get('/assets/app-1a.js', 'gzip;q=0'), { ...script, packed: undefined });
  const page = { text: 'this is index.html', type: 'text/html', vary: 'accept-encoding' };
  assert.deepEqual(await get('/people', 'gzip'), { ...page, packed: 'gzip' });
  assert.equal((await get('/assets/few-1a.js', 'gzip')).packed, undefined, 'what is small has no second file');
});
