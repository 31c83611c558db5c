import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { connect } from 'node:tls';
import { createPanelDoor, createSocketDoor, type Door } from '../../server/http/door.ts';
import { ADMIN, openHouse, selfSigned, type TestHouse } from './support.ts';

let house: TestHouse;
let door: Door;
let address: AddressInfo;
let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hallway-door-'));
  house = await openHouse();
  const { commands, log } = house;
  door = await createPanelDoor({ commands, log, tls: selfSigned(), panel: folder });
  address = await door.listen({ host: '127.0.0.1', port: 0 });
});
after(async () => {
  await door.close();
  await house.close();
  await rm(folder, { recursive: true });
});

async function call(
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: object,
): Promise<IncomingMessage> {
  const sent = request({
    host: '127.0.0.1',
    port: address.port,
    rejectUnauthorized: false,
    method,
    path,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
  });
  sent.end(body === undefined ? undefined : JSON.stringify(body));
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return response;
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response) text += chunk;
  return text;
}

/** Sends bytes over TLS as they are, and `more` again and again; returns what comes back until the server hangs up. */
async function raw(bytes: string, more?: string): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port: address.port, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  socket.write(bytes);
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  socket.on('error', () => undefined);
  const again = more === undefined ? undefined : setInterval(() => socket.write(more), 500);
  // `once` would take being hung up on while sending for a failure.
  await new Promise((resolve) => socket.once('close', resolve));
  clearInterval(again);
  return text;
}

describe('over TLS', () => {
  test('answers, in HTTP/1.1 and nothing older than TLS 1.2', async () => {
    const response = await call('GET', '/api/session');
    assert.equal(response.statusCode, 200);
    assert.equal(JSON.parse(await textOf(response)).claimed, false);
    const old = connect({
      host: '127.0.0.1',
      port: address.port,
      rejectUnauthorized: false,
      maxVersion: 'TLSv1.1',
      minVersion: 'TLSv1',
    });
    await assert.rejects(once(old, 'secureConnect'));
  });

  test('headers too large are 431, ambiguous lengths 400, and the connection ends', async () => {
    const large = await raw(`GET /api/session HTTP/1.1\r\nHost: x\r\nX-Large: ${'x'.repeat(20_000)}\r\n\r\n`);
    assert.match(large, /^HTTP\/1\.1 431 /);
    const both = await raw(
      'POST /api/sign-out HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /api/domains HTTP/1.1\r\nHost: x\r\n\r\n',
    );
    assert.match(both, /^HTTP\/1\.1 400 /);
    assert.equal(both.match(/HTTP\/1\.1/g)?.length, 1, 'what was smuggled is not answered');
    assert.match(await raw('GET /api/session HTTP/1.1\r\n\r\n'), /^HTTP\/1\.1 400 /, 'no host');
    assert.match(await raw('not http\r\n\r\n'), /^HTTP\/1\.1 400 /);
  });

  test('attack: who is refused before a file is taken is not listened to for ever', { timeout: 60_000 }, async () => {
    const put = (token: string, headers: string) =>
      raw(`PUT /api/restore/${token}/file HTTP/1.1\r\n${headers}\r\nContent-Length: 9000000000\r\n\r\n`, 'x');
    const here = `Host: 127.0.0.1:${address.port}`;
    let isOver = false;
    const short = raw(`POST /api/domains HTTP/1.1\r\n${here}\r\nContent-Length: 60000\r\n\r\n`, 'x');
    void short.then(() => {
      isOver = true;
    });
    const answers = await Promise.all([
      put('A'.repeat(32), 'Host: evil.test'),
      put('short', `${here}\r\nOrigin: https://127.0.0.1:${address.port}`),
      put('A'.repeat(32), `${here}\r\nOrigin: https://evil.test`),
      put('A'.repeat(32), `${here}\r\nOrigin: https://127.0.0.1:${address.port}`),
    ]);
    assert.deepEqual(
      answers.map((answer) => answer.slice(9, 12)),
      ['421', '400', '403', '404'],
    );
    await put('A'.repeat(32), 'Host: evil.test');
    assert.ok(isOver, 'an ordinary route does not listen longer than those for files, of which two came and went');
    assert.equal((await short).slice(9, 12), '401');
  });

  test('events: figures at once and again, clients that come and go, and the end when signed out', async () => {
    const { code } = await house.commands.claim.freshCode({ name: 'test', door: 'house' });
    const origin = `https://127.0.0.1:${address.port}`;
    const claimed = await call('POST', '/api/claim', { origin }, { code, ...ADMIN });
    assert.equal(claimed.statusCode, 200, await textOf(claimed));
    const cookie = String(claimed.headers['set-cookie']).split(';')[0]!;
    const stream = await call('GET', '/api/events', { cookie });
    assert.equal(stream.statusCode, 200);
    assert.equal(stream.headers['content-type'], 'text/event-stream; charset=utf-8');
    assert.equal(stream.headers['x-content-type-options'], 'nosniff');
    let text = '';
    stream.on('data', (chunk) => {
      text += chunk;
    });
    const heard = async (pattern: RegExp) => {
      while (!pattern.test(text)) await once(stream, 'data', { signal: AbortSignal.timeout(6_000) });
    };
    await heard(/event: overview\ndata: \{.*"sessions":0.*\}\n\n/);
    const session = house.house.connect('anna@example.test/desk');
    await heard(/event: session\ndata: \{.*"online","jid":"anna@example\.test\/desk","sessions":1\}\n\n/);
    await heard(/event: overview\ndata: \{.*"sessions":1.*\}\n\n/);
    session.end('policy-violation', 'test');
    await heard(/"offline","jid":"anna@example\.test\/desk","sessions":0\}/);
    const ended = once(stream, 'end', { signal: AbortSignal.timeout(6_000) });
    assert.equal((await call('POST', '/api/sign-out', { cookie, origin })).statusCode, 200);
    await ended;
    assert.match(text, /event: bye\ndata: \{"reason":"signed-out"\}\n\n$/);
  });

  test('events: nobody has more than 8 of the streams at once, in whatever browsers, so that others get theirs', async () => {
    const { admins } = house.stores;
    await admins.create({ name: 'hal', passwordHash: 'x', role: 'help-desk' });
    const cookieOf = async (name: string) =>
      `__Host-hallway=${(await house.commands.admins.welcome(name, { address: '', agent: '' })).token}`;
    const his = [await cookieOf('hal'), await cookieOf('hal')];
    const many = Array.from({ length: 40 }, (_, n) => call('GET', '/api/events', { cookie: his[n % 2]! }));
    const streams = await Promise.all(many);
    assert.deepEqual(streams.map((one) => one.statusCode).sort(), [...Array(8).fill(200), ...Array(32).fill(503)]);
    const cookie = await cookieOf('olga');
    const hers = await Promise.all(['/api/events', '/api/log/events'].map((path) => call('GET', path, { cookie })));
    assert.deepEqual(
      hers.map((one) => one.statusCode),
      [200, 200],
    );
    for (const stream of [...streams, ...hers]) stream.destroy();
  });

  test('events: no more than 128 at once, all administrators together', async () => {
    const all: Promise<IncomingMessage>[] = [];
    for (let n = 0; n < 17; n++) {
      const name = `admin${n}`;
      await house.stores.admins.create({ name, passwordHash: 'x', role: 'help-desk' });
      const { token } = await house.commands.admins.welcome(name, { address: '', agent: '' });
      const cookie = `__Host-hallway=${token}`;
      for (let tab = 0; tab < (n < 16 ? 8 : 1); tab++) all.push(call('GET', '/api/events', { cookie }));
    }
    const streams = await Promise.all(all);
    assert.deepEqual(
      streams.map((one) => one.statusCode).filter((status) => status !== 200),
      [503],
    );
    for (const stream of streams) stream.destroy();
  });
});

describe('the Unix socket', () => {
  async function status(path: string): Promise<number> {
    const sent = httpRequest({ socketPath: path, path: '/api/domains', headers: { host: 'hallway' } });
    sent.end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    response.resume();
    return response.statusCode ?? 0;
  }

  test('is for its owner alone, takes the place of one left behind, and never of one that answers', async () => {
    const path = join(folder, 'hallwayctl.sock');
    const { commands, log } = house;
    await writeFile(path, ''); // what a crash left
    const first = await createSocketDoor({ commands, log });
    await first.listenLocal(path);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.equal(await status(path), 200);
    const second = await createSocketDoor({ commands, log });
    await assert.rejects(second.listenLocal(path), /is Hallway running already/);
    assert.equal(await status(path), 200, 'the first still answers');
    await second.close();
    await first.close();
    await assert.rejects(stat(path), { code: 'ENOENT' });
  });

  test('a path that is too long is explained', async () => {
    const { commands, log } = house;
    const one = await createSocketDoor({ commands, log });
    await assert.rejects(one.listenLocal(join(folder, 'x'.repeat(100))), /choose a shorter data folder/);
    await one.close();
  });
});

test('a port in use is the system error, for the hall to name', async () => {
  await assert.rejects(door.listen({ host: '127.0.0.1', port: address.port }), { code: 'EADDRINUSE' });
});
