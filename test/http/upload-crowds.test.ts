import assert from 'node:assert/strict';
import { once } from 'node:events';
import { open, readdir, readlink } from 'node:fs/promises';
import { createServer, get as httpGet, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Downloads } from '../../server/components/upload/downloads.ts';
import { sendFile } from '../../server/util/send-file.ts';
import { without } from '../support/packages.ts';
import { openUploads, type UploadHouse } from '../support/uploads.ts';

const LARGE = Buffer.alloc(20_000_000); // more than the system takes for somebody who does not read

/** Files of that folder that this process has open. */
async function opened({ folder }: UploadHouse): Promise<number> {
  const all = (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => ''));
  return (await Promise.all(all)).filter((path) => path.startsWith(folder.root)).length;
}

async function until(uploads: UploadHouse, files: number): Promise<void> {
  for (let i = 0; i < 250 && (await opened(uploads)) !== files; i++) await sleep(20);
  assert.equal(await opened(uploads), files);
}

const ask = (link: string): string => `GET ${new URL(link).pathname} HTTP/1.1\r\nhost: localhost\r\n\r\n`;

describe('many downloads at once (SECURITY 56, 71)', { skip: without('curl'), timeout: 60_000 }, () => {
  test('a packet full of requests does not open a file for each of them', async (t) => {
    const uploads = await openUploads(t);
    const link = await uploads.has(LARGE);
    const most: number[] = [];
    const { all } = await uploads.raw(ask(link).repeat(300));
    let over = false;
    all
      .catch(() => undefined)
      .finally(() => {
        over = true;
      });
    while (!over) {
      most.push(await opened(uploads));
      await sleep(1);
    }
    assert.ok(Math.max(...most) <= 10, `${Math.max(...most)} files were open`);
    await until(uploads, 0);
    assert.equal((await uploads.get(link, '--output', '/dev/null')).exit, 0, 'others are served');
  });

  test('who asks for a few things before the answers come gets all of them, in order', async (t) => {
    const uploads = await openUploads(t);
    const links = await Promise.all(['one', 'two', 'three', 'four'].map((text) => uploads.has(text)));
    const { socket, all } = await uploads.raw(links.map(ask).join(''));
    let got = '';
    socket.on('data', (part) => {
      got += String(part);
      if (got.endsWith('four')) socket.end();
    });
    assert.deepEqual((await all).match(/(?<=\r\n\r\n)(?:one|two|three|four)/g), ['one', 'two', 'three', 'four']);
  });

  test('who reads nothing on many connections keeps others out for no longer than a moment, and is told so', async (t) => {
    const uploads = await openUploads(t, { downloads: { most: 3, perAddress: 2 } });
    const link = await uploads.has(LARGE);
    const lazy = [await uploads.raw(ask(link)), await uploads.raw(ask(link))];
    for (const { socket } of lazy) socket.pause();
    await until(uploads, 2);
    const refused = await uploads.get(link);
    assert.deepEqual([refused.status, refused.headers['retry-after']], [503, '60'], refused.text);
    assert.equal((await uploads.get(link, '--head')).status, 503);
    for (const { socket, all } of lazy) {
      all.catch(() => undefined);
      socket.destroy();
    }
    await until(uploads, 0);
    for (let i = 0; i < 5; i++) assert.equal((await uploads.get(link, '--head')).status, 200, 'places are given back');
  });

  test('places are counted for each address, an IPv6 network as one, and for all', () => {
    const downloads = new Downloads({ most: 3, perAddress: 2 });
    const leave = downloads.enter('2001:db8::1');
    assert.ok(leave && downloads.enter('2001:db8::2'));
    assert.equal(downloads.enter('2001:db8::3'), undefined);
    assert.ok(downloads.enter('192.0.2.1'));
    assert.equal(downloads.enter('192.0.2.2'), undefined);
    leave();
    assert.ok(downloads.enter('192.0.2.2'));
  });

  test('who reads too slowly is let go', async (t) => {
    const uploads = await openUploads(t);
    await uploads.has(LARGE);
    const [name] = await uploads.house.stores.uploadLists.page({ order: 'newest', limit: 1 });
    const sent = Promise.withResolvers<void>();
    const server = createServer(async (_request, response) => {
      const file = await open(uploads.folder.path(name!.file), 'r');
      await sendFile(file, 0, LARGE.length - 1, response, 200).finally(() => file.close());
      sent.resolve();
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    t.after(() => server.close());
    const request = httpGet({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.on('error', () => undefined);
    response.pause();
    await sent.promise; // or never
    request.destroy();
  });
});
