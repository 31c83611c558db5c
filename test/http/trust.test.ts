import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { type IncomingHttpHeaders, request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createPanelDoor, type Door } from '../../server/http/door.ts';
import { PlainDoor } from '../../server/http/plain-door.ts';
import { trustFacts, trustPages, trustUrl } from '../../server/http/trust.ts';
import { certificate } from '../support/authority.ts';
import { openHouse, selfSigned, type TestHouse } from './support.ts';

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

describe('the page for devices', () => {
  const root = certificate({ ca: true, cn: 'Hallway', permitted: ['example.test'] });
  let folder: string;
  let house: TestHouse;
  let panel: Door;
  let plain: PlainDoor;
  let httpsPort = 0;
  let httpPort = 0;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hallway-trust-'));
    house = await openHouse();
    const { commands, log } = house;
    panel = await createPanelDoor({ commands, log, tls: selfSigned(), panel: folder, mounts: [trustPages(commands)] });
    httpsPort = ((await panel.listen({ host: '127.0.0.1', port: 0 })) as AddressInfo).port;
    plain = new PlainDoor({
      trust: () => trustFacts(commands),
      challenge: (token) => (token === 'known-token' ? 'known-token.thumbprint' : undefined),
      names: () => ['chat.example.test', 'example.test', 'bücher.test'],
      httpsPort: () => httpsPort,
      log,
    });
    httpPort = await plain.listen({ host: '127.0.0.1', port: 0 });
    const none = await ask('http', '/trust');
    assert.match(none.body.toString(), /no certificate authority of its own/);
    assert.equal((await ask('https', '/trust/hallway-authority.crt')).status, 404);
    await house.stores.certificates.setAuthority({
      name: 'internal',
      keyPem: 'the key',
      certificatePem: root.pem,
      createdAt: 1,
    });
  });
  after(async () => {
    await plain?.close();
    await panel?.close();
    await house?.close();
    await rm(folder, { recursive: true });
  });

  function ask(
    scheme: 'http' | 'https',
    path: string,
    headers: Record<string, string> = {},
    method = 'GET',
  ): Promise<Answer> {
    const to = { host: '127.0.0.1', path, method, agent: false, headers: { host: 'chat.example.test', ...headers } };
    return new Promise((resolve, reject) => {
      const sent =
        scheme === 'http'
          ? plainRequest({ ...to, port: httpPort })
          : secureRequest({ ...to, port: httpsPort, rejectUnauthorized: false });
      sent.on('response', async (response) => {
        const parts: Buffer[] = [];
        for await (const part of response) parts.push(part as Buffer);
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts) });
      });
      sent.on('error', reject).end();
    });
  }

  for (const scheme of ['http', 'https'] as const) {
    test(`${scheme}: the .crt is the certificate in DER, for systems to install`, async () => {
      const { status, headers, body } = await ask(scheme, '/trust/hallway-authority.crt');
      assert.deepEqual([status, headers['content-type']], [200, 'application/x-x509-ca-cert']);
      assert.equal(headers['content-disposition'], 'attachment; filename="hallway-authority.crt"');
      assert.equal(headers['x-content-type-options'], 'nosniff');
      assert.deepEqual(new X509Certificate(body).raw, root.der);
      const pem = await ask(scheme, '/trust/hallway-authority.pem');
      assert.equal(pem.body.toString(), root.pem);
    });

    test(`${scheme}: the .mobileconfig is a profile of Apple’s with the certificate as a root`, async () => {
      const { headers, body } = await ask(scheme, '/trust/hallway-authority.mobileconfig');
      assert.equal(headers['content-type'], 'application/x-apple-aspen-config');
      const text = body.toString();
      const uuids = [...text.matchAll(/<key>PayloadUUID<\/key><string>([^<]+)<\/string>/g)].map(([, one]) => one ?? '');
      assert.equal(new Set(uuids).size, 2);
      for (const one of uuids) assert.match(one, /^[0-9A-F]{8}-[0-9A-F]{4}-4[0-9A-F]{3}-8[0-9A-F]{3}-[0-9A-F]{12}$/);
      const types = [...text.matchAll(/<key>PayloadType<\/key><string>([^<]+)<\/string>/g)].map(([, one]) => one);
      assert.deepEqual(types, ['com.apple.security.root', 'Configuration']);
      const [, data = ''] = /<data>([^<]+)<\/data>/.exec(text) ?? [];
      assert.deepEqual(Buffer.from(data, 'base64'), root.der);
      assert.deepEqual(
        (await ask(scheme, '/trust/hallway-authority.mobileconfig')).body,
        body,
        'a phone knows it again',
      );
    });

    test(`${scheme}: the page shows the fingerprint and what the authority may vouch for, and runs nothing`, async () => {
      for (const [language, words] of [
        ['de-AT,en;q=0.5', /Dem Server dieses Büros vertrauen/],
        ['fr', /Trust this office’s server/],
      ] as const) {
        const { status, headers, body } = await ask(scheme, '/trust', { 'accept-language': language });
        const text = body.toString();
        assert.deepEqual([status, headers['content-type']], [200, 'text/html; charset=utf-8']);
        assert.match(text, words);
        assert.ok(text.includes(new X509Certificate(root.der).fingerprint256));
        assert.ok(text.includes('<li>example.test</li>'));
        assert.match(text, /gpupdate \/force/);
        assert.doesNotMatch(text, /<script/);
        assert.match(String(headers['content-security-policy']), /default-src '(?:none|self)'/);
      }
      assert.match(String((await ask(scheme, '/trust/page.css')).headers['content-type']), /^text\/css/);
    });

    test(`${scheme}: there is nothing else below it`, async () => {
      for (const path of [
        '/trust/x',
        '/trust/hallway-authority.key',
        '/trust/hallway-authority.crt/x',
        '/trust/..%2fapi',
      ]) {
        const { status, headers } = await ask(scheme, path);
        assert.ok(
          status === 404 || (status === 308 && String(headers.location).startsWith('https://')),
          `${path}: ${status}`,
        );
      }
    });
  }

  test('the profile is one to who reads property lists', {
    skip: !existsSync('/usr/bin/python3') && 'no python3',
  }, async () => {
    const { body } = await ask('http', '/trust/hallway-authority.mobileconfig');
    const program =
      'import plistlib,sys; p=plistlib.loads(sys.stdin.buffer.read()); print(p["PayloadContent"][0]["PayloadContent"].hex())';
    const printed = await new Promise<string>((resolve, reject) => {
      const child = execFile('/usr/bin/python3', ['-c', program], (error, out) =>
        error ? reject(error) : resolve(out),
      );
      child.stdin?.end(body);
    });
    assert.equal(printed.trim(), root.der.toString('hex'));
  });

  test('over plain HTTP everything else is sent to the panel’s door, by a name of the house and no other', async () => {
    const at = (name: string, path = '/people?x=1') => `https://${name}:${httpsPort}${path}`;
    for (const [host, to] of [
      ['chat.example.test', at('chat.example.test')],
      ['EXAMPLE.test:80', at('example.test')],
      ['xn--bcher-kva.test', at('xn--bcher-kva.test')],
      ['127.0.0.1', at('127.0.0.1')],
      ['evil.test', at('chat.example.test')],
      ['chat.example.test@evil.test', at('chat.example.test')],
    ] as const) {
      const { status, headers } = await ask('http', '/people?x=1', { host });
      assert.deepEqual([status, headers.location], [308, to], host);
    }
    assert.equal((await ask('http', '//evil.test/x')).headers.location, at('chat.example.test', '//evil.test/x'));
    assert.equal((await ask('http', '/api/session', {}, 'POST')).status, 405);
    for (const path of [
      '/favicon.ico',
      '/.well-known/x',
      '/.well-known/acme-challenge/unknown',
      '/.well-known/acme-challenge/a/b',
    ]) {
      assert.equal((await ask('http', path)).status, 404, path);
    }
    const proof = await ask('http', '/.well-known/acme-challenge/known-token');
    assert.deepEqual([proof.status, proof.body.toString()], [200, 'known-token.thumbprint']);
    assert.equal((await ask('http', '/trust', {}, 'HEAD')).body.length, 0);
  });

  test('its address, which the QR code has, is that of plain HTTP where that is open', () => {
    const panelOf = () => ({ url: 'https://chat.example.test:5281/', fingerprint: '' });
    const address = (httpPort: number | undefined) => trustUrl({ panel: panelOf, acme: { httpPort } as never });
    assert.deepEqual([undefined, 80, 8080].map(address), [
      'https://chat.example.test:5281/trust',
      'http://chat.example.test/trust',
      'http://chat.example.test:8080/trust',
    ]);
  });
});
