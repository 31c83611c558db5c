import assert from 'node:assert/strict';
import { test } from 'node:test';
import fastify from 'fastify';
import { hostMeta, type Listening } from '../../server/c2s/host-meta.ts';
import { fetchFrom, openWeb } from './web.ts';

const TLS: Listening = { name: 'c2s_tls', address: '[::]:5223' };

/** What is told to somebody at `from` who reached us at `at`. */
async function told(listening: readonly Listening[], from = '192.168.1.20', at = '192.168.1.5', host = 'example.test') {
  const app = fastify();
  const rules = { names: () => ['chat.example.test', 'example.test'], allowed: () => [] };
  app.addHook('onRequest', async ({ raw }) => {
    Object.defineProperty(raw.socket, 'localAddress', { value: at });
  });
  await app.register(hostMeta({ rules, listening: () => listening, serves: (name) => name === 'example.test' }));
  const reply = await app.inject({ url: '/.well-known/host-meta.json', headers: { host }, remoteAddress: from });
  await app.close();
  return reply.json() as { xmpp?: { ttl: number }; links: Record<string, unknown>[] };
}

test('XEP-0156 §3.1: host-meta names WebSocket and BOSH, at the name that was asked for', async (t) => {
  const { port } = await openWeb(t);
  const host = `example.test:${port}`;
  const reply = await fetchFrom(port, '/.well-known/host-meta', { headers: { host, origin: 'https://any.example' } });
  assert.equal(reply.status, 200);
  assert.equal(reply.headers['content-type'], 'application/xrd+xml; charset=utf-8');
  assert.equal(reply.headers['access-control-allow-origin'], '*');
  assert.match(
    reply.text,
    /^<\?xml version='1\.0' encoding='utf-8'\?><XRD xmlns='http:\/\/docs\.oasis-open\.org\/ns\/xri\/xrd-1\.0'>/,
  );
  assert.match(
    reply.text,
    new RegExp(`<Link rel='urn:xmpp:alt-connections:websocket' href='wss://${host}/xmpp-websocket'/>`),
  );
  assert.match(reply.text, new RegExp(`<Link rel='urn:xmpp:alt-connections:xbosh' href='https://${host}/http-bind'/>`));
});

test('XEP-0156: host-meta.json says the same, for the name of the machine, too', async (t) => {
  const { port } = await openWeb(t);
  for (const host of ['chat.example.test', `127.0.0.1:${port}`, 'example.test:443']) {
    const reply = await fetchFrom(port, '/.well-known/host-meta.json', { headers: { host } });
    assert.equal(reply.headers['content-type'], 'application/jrd+json; charset=utf-8');
    assert.equal(reply.headers['access-control-allow-origin'], '*');
    const { links } = JSON.parse(reply.text) as { links: { rel: string; href: string }[] };
    assert.ok(links.some(({ href }) => href === `wss://${host}/xmpp-websocket`));
    assert.ok(links.some(({ href }) => href === `https://${host}/http-bind`));
  }
});

test('SECURITY 77: names that are not ours are told nothing, nor is anything put into the answer', async (t) => {
  const { port } = await openWeb(t);
  for (const host of [
    'evil.example',
    'example.test.evil.example',
    "example.test'/><x a='",
    'example.test:1:2',
    'a/b',
  ]) {
    for (const path of ['/.well-known/host-meta', '/.well-known/host-meta.json']) {
      const { status, text } = await fetchFrom(port, path, { headers: { host } });
      assert.deepEqual([status === 404 || status === 400, text.includes('evil')], [true, false], host);
    }
  }
});

test('XEP-0487 §2.1: doors with TLS from the first byte are told with address, port and name', async () => {
  const { xmpp, links } = await told([TLS, { name: 'c2s', address: '[::]:5222' }]);
  assert.equal(xmpp?.ttl, 3_600);
  const more = { ips: ['192.168.1.5'], weight: 0, sni: 'example.test' };
  assert.deepEqual(links[0], { rel: 'urn:xmpp:alt-connections:tls', port: 5223, priority: 10, ...more });
  assert.deepEqual(links[1], {
    rel: 'urn:xmpp:alt-connections:websocket',
    href: 'wss://example.test/xmpp-websocket',
    priority: 20,
    ...more,
  });
  assert.equal(links.length, 3);
});

test('XEP-0487 §2.2: who is told of doors looks for no others, so nothing is told that may not hold', async () => {
  const plain = [{ name: 'c2s', address: '[::]:5222' }];
  const nothing = [
    await told(plain), // STARTTLS alone: there is no word for it
    await told([TLS], '203.0.114.9'), // from outside, passed on by a router: our address is another there
    await told([{ name: 'c2s_tls', address: '127.0.0.1:5223' }]), // not where the client is
    await told([{ name: 'c2s_tls', address: '0.0.0.0:5223' }], 'fd00::20', 'fd00::5'),
    await told([TLS, { name: 's2s', address: '[::]:5269' }]), // other servers would find no door
    await told([TLS], undefined, undefined, 'chat.example.test'), // no domain: its name is not for SNI
  ];
  for (const { xmpp, links } of nothing) {
    assert.equal(xmpp, undefined);
    assert.deepEqual(
      links.map((link) => Object.keys(link)),
      [
        ['rel', 'href'],
        ['rel', 'href'],
      ],
    );
  }
  assert.ok((await told([TLS], '203.0.114.9', '203.0.114.5')).xmpp !== undefined);
  const servers = await told([TLS, { name: 's2s', address: '[::]:5269' }, { name: 's2s_tls', address: '[::]:5270' }]);
  assert.ok(servers.links.some(({ rel, port }) => rel === 'urn:xmpp:alt-connections:s2s-tls' && port === 5270));
});
