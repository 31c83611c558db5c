import assert from 'node:assert/strict';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import tls, { type ConnectionOptions, TLSSocket } from 'node:tls';
import { incomingTls, outgoingTls } from '../../server/certificates/link-tls.ts';
import { chainOf, PeerChains } from '../../server/certificates/peer-chain.ts';
import { SecureContexts } from '../../server/certificates/secure-context.ts';
import { TrustAnchors } from '../../server/certificates/trust-anchors.ts';
import { authority, type TestCertificate } from '../support/authority.ts';
import { emptyStore, log } from './support.ts';

const root = authority('Public root');
const between = root.issue({ cn: 'Public issuer', ca: true });
const ours = authority('Our root');
const DOMAINS = ['example.test', 'bücher.test'];
const ASCII: Readonly<Record<string, string>> = { 'example.test': 'example.test', 'bücher.test': 'xn--bcher-kva.test' };

const store = await emptyStore();
const contexts = new SecureContexts({ store, domains: async () => DOMAINS, log });
const chains = new PeerChains({ log, anchors: new TrustAnchors(log, [], () => [root.pem]) });
after(() => chains[Symbol.asyncDispose]());

async function give(domain: string, one: TestCertificate): Promise<void> {
  const notAfter = Date.now() + 1_000_000;
  const [chainPem, keyPem] = [one.chainPem, one.keyPem];
  await store.set({ domain, chainPem, keyPem, notAfter, source: 'internal', createdAt: Date.now() });
  await contexts.reload();
}

/** Both ends of a connection, with TLS on both, once the handshake is over. */
interface Link {
  readonly near: TLSSocket;
  readonly far: TLSSocket;
}

const open = new Set<net.Socket>();
const listeners = new Set<net.Server>();
after(() => {
  for (const socket of open) socket.destroy();
  for (const listener of listeners) listener.close();
});

/** A server comes to us. */
async function comes(options: ConnectionOptions, domain: string | undefined): Promise<Link> {
  const listener = net.createServer().listen(0, '127.0.0.1');
  listeners.add(listener);
  await once(listener, 'listening');
  const client = net.connect((listener.address() as AddressInfo).port, '127.0.0.1');
  const [socket] = (await once(listener, 'connection')) as [net.Socket];
  listener.close();
  const near = new TLSSocket(socket, incomingTls(contexts, domain));
  const far = tls.connect({ socket: client, rejectUnauthorized: false, ...options });
  for (const one of [near, far, socket, client]) open.add(one.on('error', () => undefined));
  // The last word of the handshake is the client's, so who accepts knows first when all is said.
  near.once('secure', () => near.write('hello'));
  const [first] = await Promise.race([once(far, 'data'), once(near, 'close')]);
  assert.equal(String(first), 'hello', 'there is a handshake');
  return { near, far };
}

/** We go to a server. */
async function goes(
  domain: string,
  remote: string,
  direct: boolean,
  server: tls.TlsOptions,
): Promise<Link & { sni: string }> {
  const listener = tls.createServer({ requestCert: true, rejectUnauthorized: false, ...server }).listen(0, '127.0.0.1');
  listeners.add(listener);
  await once(listener, 'listening');
  const socket = net.connect((listener.address() as AddressInfo).port, '127.0.0.1');
  const near = tls.connect({ socket, ...outgoingTls(contexts, domain, remote, direct) });
  for (const one of [near, socket]) open.add(one.on('error', () => undefined));
  const [[far]] = (await Promise.all([once(listener, 'secureConnection'), once(near, 'secureConnect')])) as [
    [TLSSocket],
    unknown,
  ];
  open.add(far.on('error', () => undefined));
  listener.close();
  return { near, far, sni: String((far as TLSSocket & { servername: unknown }).servername) };
}

const keysOf = (one: TestCertificate) => ({ cert: one.chainPem, key: one.keyPem });
const peer = between.issue({ dns: ['peer.test'] });
const stranger = authority('Unknown root').issue({ dns: ['peer.test'] });
const subjectSeen = (socket: TLSSocket) => socket.getPeerX509Certificate()?.subject;

before(async () => {
  assert.throws(() => outgoingTls(contexts, 'example.test', 'peer.test', false), /no certificate/);
  for (const domain of DOMAINS) await give(domain, ours.issue({ dns: [ASCII[domain]!], eku: ['server', 'client'] }));
});

describe('TLS of links with other servers', { timeout: 60_000 }, () => {
  it('a server that shows a certificate for servers as a client is accepted, though Node would not', async () => {
    const { near } = await comes(keysOf(peer), 'example.test');
    assert.equal(near.authorized, false);
    const chain = chainOf(near);
    assert.deepEqual(chain, [peer.der, between.der], 'all that was sent, the leaf first');
    assert.equal((await chains.check(chain, 'peer.test')).problem, undefined);
    assert.deepEqual(chainOf(near), chain, 'asked again');
  });

  it('attack: one of an unknown authority hides behind the usage that Node complains of', async () => {
    const { near } = await comes(keysOf(stranger), 'example.test');
    assert.equal(near.authorized, false);
    assert.equal((await chains.check(chainOf(near), 'peer.test')).problem?.code, 'certificate-unknown-issuer');
  });

  it('a server that shows nothing gets its connection, and is known to have shown nothing', async () => {
    const { near } = await comes({}, 'example.test');
    assert.deepEqual(chainOf(near), []);
    assert.equal((await chains.check([], 'peer.test')).problem?.code, 'certificate-missing');
  });

  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    it(`attack: a session is resumed, on which no certificate is to be seen (${maxVersion})`, async () => {
      const options = { ...keysOf(peer), maxVersion, servername: 'example.test' };
      const sessions: Buffer[] = [];
      const first = await comes(options, undefined);
      first.far.on('session', (session: Buffer) => sessions.push(session));
      // What stands behind the handshake has come when this is answered.
      first.near.write('more');
      await once(first.far, 'data');
      const given = sessions.at(-1) ?? first.far.getSession();
      assert.ok(given !== undefined);
      const second = await comes({ ...options, session: given }, undefined);
      assert.equal(second.near.isSessionReused(), false);
      assert.equal(second.far.isSessionReused(), false);
      assert.equal(chainOf(second.near).length, 2);
    });
  }

  it('each domain of ours shows its own certificate: of the stream, or of the name in the hello (XEP-0368 §3)', async () => {
    assert.equal(subjectSeen((await comes({}, 'bücher.test')).far), 'CN=xn--bcher-kva.test');
    assert.equal(subjectSeen((await comes({}, 'example.test')).far), 'CN=example.test');
    const servername = 'xn--bcher-kva.test';
    const { far } = await comes({ servername, ALPNProtocols: ['xmpp-server'] }, undefined);
    assert.equal(subjectSeen(far), 'CN=xn--bcher-kva.test');
    assert.equal(far.alpnProtocol, 'xmpp-server');
    assert.equal(subjectSeen((await comes({ servername: 'a.b.unknown' }, undefined)).far), 'CN=example.test');
  });

  it('attack: TLS 1.1', async () => {
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' } as const;
    await assert.rejects(comes(old, 'example.test'), /unsupported protocol|there is a handshake/);
  });

  it('when we go, we show the certificate of the domain we go for, and name theirs, in ASCII', async () => {
    const { near, far, sni } = await goes('bücher.test', 'bücher.peer.test', false, keysOf(peer));
    assert.equal(subjectSeen(far), 'CN=xn--bcher-kva.test');
    assert.equal(sni, 'xn--bcher-kva.peer.test');
    assert.equal(near.alpnProtocol, false);
    assert.deepEqual(chainOf(near), [peer.der, between.der]);
    assert.equal((await chains.check(chainOf(near), 'peer.test')).problem, undefined);
    const direct = await goes('example.test', 'peer.test', true, { ...keysOf(peer), ALPNProtocols: ['xmpp-server'] });
    assert.equal(subjectSeen(direct.far), 'CN=example.test');
    assert.equal(direct.near.alpnProtocol, 'xmpp-server');
  });

  it('a domain that is an address is not named in the hello (RFC 6066 §3)', async () => {
    assert.equal((await goes('example.test', '127.0.0.1', false, keysOf(peer))).sni, 'false');
  });

  it('a server of whom nobody knows the authority is spoken to, so that it can be said why not', async () => {
    const { near } = await goes('example.test', 'peer.test', false, keysOf(stranger));
    assert.equal((await chains.check(chainOf(near), 'peer.test')).problem?.code, 'certificate-unknown-issuer');
  });

  it('a new certificate is shown from then on, in both directions', async () => {
    const held = contexts.forLinks('example.test');
    await give('bücher.test', ours.issue({ cn: 'changed', dns: ['xn--bcher-kva.test'], eku: ['server', 'client'] }));
    assert.equal(subjectSeen((await comes({}, 'bücher.test')).far), 'CN=changed');
    assert.equal(subjectSeen((await goes('bücher.test', 'peer.test', false, keysOf(peer))).far), 'CN=changed');
    assert.equal(contexts.forLinks('example.test'), held, 'the others stay');
  });
});
