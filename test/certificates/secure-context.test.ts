import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import tls from 'node:tls';
import { Renewal } from '../../server/certificates/renewal.ts';
import { SecureContexts } from '../../server/certificates/secure-context.ts';
import { emptyStore, log } from './support.ts';

const store = await emptyStore();
const domains = ['example.test', 'bücher.test'];
const contexts = new SecureContexts({
  store,
  domains: async () => domains,
  standIn: (domain) => renewal.standIn(domain),
  log,
});
const renewal: Renewal = new Renewal({
  store,
  domains: async () => domains,
  hostname: 'chat.office.test',
  log,
  renewed: () => contexts.reload(),
});
let server: tls.Server;
let port: number;
let ca: string;

before(async () => {
  assert.throws(() => contexts.forName('example.test'), /no certificate/);
  await renewal.check();
  ca = (await store.authority())?.certificatePem ?? '';
  server = tls.createServer(contexts.serverOptions(), (socket) => {
    socket.on('error', () => undefined);
    socket.end();
  });
  contexts.follow(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});
after(() => server.close());

/** A client that trusts the authority and nothing else; gives what it saw, or throws why it refused. */
async function connect(servername: string, options: tls.ConnectionOptions = {}) {
  const socket = tls.connect({ port, host: '127.0.0.1', servername, ca, ...options });
  try {
    await once(socket, 'secureConnect');
    return {
      subject: socket.getPeerX509Certificate()?.subject ?? '',
      serial: socket.getPeerX509Certificate()?.serialNumber ?? '',
      protocol: socket.getProtocol(),
      cipher: socket.getCipher(),
    };
  } finally {
    socket.destroy();
  }
}

describe('what TLS shows', () => {
  for (const [name, shown] of [
    ['example.test', 'example.test'],
    ['EXAMPLE.TEST', 'example.test'],
    ['conference.example.test', 'example.test'],
    ['xn--bcher-kva.test', 'xn--bcher-kva.test'],
    ['upload.xn--bcher-kva.test', 'xn--bcher-kva.test'],
    ['chat.office.test', 'example.test'],
  ] as const) {
    it(`is the certificate of ${shown} for ${name}, trusted by the authority alone`, async () => {
      assert.match((await connect(name)).subject, new RegExp(`CN=${shown}$`));
    });
  }

  it('is the first domain for names that nobody knows, and for none', () => {
    for (const name of [undefined, '', '.', 'unknown.test', 'notexample.test', 'a.'.repeat(5_000)]) {
      assert.equal(contexts.forName(name), contexts.forName('example.test'), String(name));
    }
    assert.equal(contexts.certificateFor('rooms.xn--bcher-kva.test'), contexts.certificateFor('xn--bcher-kva.test'));
    assert.equal(contexts.certificateFor('bücher.test'), contexts.certificateFor('xn--bcher-kva.test'));
    assert.notEqual(contexts.certificateFor('bücher.test'), contexts.certificateFor('example.test'));
  });

  it('is refused by a client that wants another name', async () => {
    await assert.rejects(connect('unknown.test'), /altnames|ERR_TLS_CERT_ALTNAME_INVALID/);
  });

  it('comes with TLS 1.2 at least, and forward secrecy', async () => {
    const newest = await connect('example.test');
    assert.equal(newest.protocol, 'TLSv1.3');
    const older = await connect('example.test', { maxVersion: 'TLSv1.2' });
    assert.equal(older.protocol, 'TLSv1.2');
    assert.match(older.cipher.name, /^ECDHE-ECDSA-AES128-GCM/);
    await assert.rejects(connect('example.test', { maxVersion: 'TLSv1.1', minVersion: 'TLSv1' }));
    await assert.rejects(connect('example.test', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA' }));
  });

  it('cannot be negotiated again by the client', async () => {
    const socket = tls.connect({ port, host: '127.0.0.1', servername: 'example.test', ca, maxVersion: 'TLSv1.2' });
    await once(socket, 'secureConnect');
    const refused = new Promise<boolean>((resolve) => {
      socket.on('error', () => resolve(true));
      socket.on('close', () => resolve(true));
      socket.renegotiate({}, (error) => resolve(error !== null));
    });
    assert.equal(await refused, true);
    socket.destroy();
  });

  it('changes under a running listener, for clients with and without SNI', async () => {
    const old = (await connect('example.test')).serial;
    assert.equal((await connect('', { host: '127.0.0.1' })).serial, old);
    await store.remove('example.test');
    await renewal.check();
    const fresh = (await connect('example.test')).serial;
    assert.notEqual(fresh, old);
    assert.equal((await connect('', { host: '127.0.0.1' })).serial, fresh);
  });

  it('is the same, and as strict, when a plain stream turns to TLS', async (t) => {
    const plain = net.createServer((socket) => {
      const options = { isServer: true, secureContext: contexts.forName(undefined), SNICallback: contexts.sni };
      const secure = new tls.TLSSocket(socket, options);
      secure.on('error', () => undefined);
      secure.once('secure', () => secure.end());
    });
    t.after(() => plain.close());
    plain.listen(0, '127.0.0.1');
    await once(plain, 'listening');
    const to = { port: (plain.address() as AddressInfo).port };
    assert.match((await connect('xn--bcher-kva.test', to)).subject, /CN=xn--bcher-kva\.test$/);
    assert.match((await connect('example.test', to)).subject, /CN=example\.test$/);
    const weak = { ...to, maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA' } as const;
    await assert.rejects(connect('xn--bcher-kva.test', weak));
  });

  it('has the certificate of a domain before the domain is added, and not as the default', async () => {
    await renewal.check('aaa.test');
    assert.match(contexts.certificateFor('aaa.test'), /BEGIN CERTIFICATE/);
    assert.notEqual(contexts.forName('aaa.test'), contexts.forName('example.test'));
    assert.equal(contexts.forName(undefined), contexts.forName('example.test'));
  });

  it('knows which certificates are of our own authority', async () => {
    const one = await store.of('example.test');
    await store.set({ ...one!, domain: 'bought.test', source: 'uploaded' });
    await contexts.reload();
    assert.deepEqual(
      ['example.test', 'conference.example.test', 'bought.test', 'conference.bought.test'].map((name) =>
        contexts.ofOwnAuthority(name),
      ),
      [true, true, false, false],
    );
    await store.remove('bought.test');
    await contexts.reload();
  });

  it('is one of our own in the place of one from elsewhere that has ended, as long as that is stored', async () => {
    const one = (await store.of('example.test'))!;
    await store.set({ ...one, notAfter: Date.now() - 1, source: 'uploaded' });
    await renewal.check();
    const shown = await connect('example.test');
    assert.equal(shown.serial, new X509Certificate(renewal.standIn('example.test')!.chainPem).serialNumber);
    assert.equal((await connect('', { host: '127.0.0.1' })).serial, shown.serial);
    assert.equal(contexts.ofOwnAuthority('example.test'), true);
    await renewal.put(one);
    assert.equal(contexts.certificateFor('example.test'), one.chainPem);
  });

  it('stays when the new certificate cannot be used', async () => {
    const held = contexts.forName('example.test');
    const one = await store.of('example.test');
    assert.ok(one);
    await store.set({ ...one, keyPem: 'not a key' });
    await contexts.reload();
    assert.equal(contexts.forName('example.test'), held);
  });
});
