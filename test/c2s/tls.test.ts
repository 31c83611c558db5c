import assert from 'node:assert/strict';
import { createHash, randomBytes, X509Certificate } from 'node:crypto';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import type { ClientDoor } from '../../server/c2s/door.ts';
import { elements, serialize, textOf } from '../../server/xmpp/element.ts';
import { openScene, PASSWORD, type Scene } from '../support/scene.ts';
import { type Identity, identity, tcp, tls } from '../support/tls.ts';
import { type DoorOptions, openDoor, sasl, Wire } from '../support/wire.ts';

const J = 'juliet@example.test';
const STARTTLS = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
const PROCEED = "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";

interface Stage {
  readonly scene: Scene;
  readonly door: ClientDoor;
  readonly me: Identity;
  readonly other: Identity;
  readonly plain: number;
  readonly direct: number;
}

const identities = Promise.all([identity('example.test'), identity('other.test')]);

async function open(t: TestContext, options: DoorOptions = {}): Promise<Stage> {
  const scene = await openScene(t, { domains: ['example.test', 'other.test'] });
  await scene.account(J);
  const [me, other] = await identities;
  const secureContext = (name: string | undefined) => (name === 'other.test' ? other.context : me.context);
  const door = openDoor(t, scene, { secureContext, ...options });
  const local = { host: '127.0.0.1', port: 0 };
  return {
    scene,
    door,
    me,
    other,
    plain: await door.listen('starttls', local),
    direct: await door.listen('tls', local),
  };
}

/** Upgrades a wire that has seen <proceed/>. */
async function upgrade(wire: Wire, ca: string, options = {}): Promise<TLSSocket> {
  const raw = wire.duplex;
  raw.removeAllListeners('data');
  const socket = await tls(raw as Parameters<typeof tls>[0], ca, options);
  wire.over(socket);
  return socket;
}

describe('RFC 6120 §5: STARTTLS', () => {
  test('from the first header to a chat with oneself', async (t) => {
    const { plain, me } = await open(t);
    const wire = new Wire(await tcp(plain));
    await wire.opens('example.test');
    wire.write(STARTTLS);
    await wire.receives(PROCEED);
    const socket = await upgrade(wire, me.ca);
    assert.equal(socket.authorized, true);
    await wire.binds(`${J}/balcony`);
    wire.write(`<message to='${J}/balcony'><body>hi</body></message>`);
    await wire.receives('<message><body>hi</body></message>');
    wire.cut();
  });

  for (const [name, injected] of [
    ['a login', sasl('auth', `\0juliet\0${PASSWORD}`, "mechanism='PLAIN'")],
    [
      'a whole stream',
      `<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='example.test' version='1.0'>${sasl('auth', `\0juliet\0${PASSWORD}`, "mechanism='PLAIN'")}`,
    ],
    ['what is not XML', '<'.repeat(200)],
  ] as const) {
    test(`SECURITY 12: ${name}, in the same breath as <starttls/>, is not of the encrypted stream`, async (t) => {
      const { plain, me, scene } = await open(t);
      const wire = new Wire(await tcp(plain));
      await wire.opens('example.test');
      wire.write(STARTTLS + injected);
      const upgraded = (async () => {
        await wire.receives(PROCEED);
        await upgrade(wire, me.ca);
        const features = await wire.opens('example.test');
        assert.ok(
          elements(features).some((one) => one.name === 'mechanisms'),
          'nobody is logged in',
        );
        await wire.receivesNothing(100);
      })();
      // A connection that is dropped is as good; one that takes it over is not.
      await upgraded.catch((error: unknown) =>
        assert.doesNotMatch(String(error), /nobody is logged in|received something/),
      );
      assert.equal(scene.house.counters.loginFailures, 0);
      wire.cut();
    });

    test(`SECURITY 12: ${name}, a moment later but before the handshake, neither`, async (t) => {
      const { plain, scene } = await open(t);
      const wire = new Wire(await tcp(plain));
      await wire.opens('example.test');
      wire.write(STARTTLS);
      await wire.receives(PROCEED);
      wire.write(injected);
      wire.over(wire.duplex); // what comes back is no XML, but an alert of TLS
      wire.duplex.removeAllListeners('data').resume();
      assert.equal(await wire.next(), undefined, 'the connection ends');
      assert.equal(scene.house.counters.loginFailures, 0);
    });
  }

  for (const [name, xml] of [
    ['before the header', STARTTLS],
    ['with an element that there is not', "<stoptls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"],
  ] as const) {
    test(`${name}: ends the stream`, async (t) => {
      const { plain } = await open(t);
      const wire = new Wire(await tcp(plain));
      if (name.startsWith('with')) await wire.opens('example.test');
      wire.write(xml);
      await wire.fails(name.startsWith('with') ? 'unsupported-stanza-type' : 'invalid-namespace');
    });
  }

  test('SECURITY 15: the domain of the first header stays', async (t) => {
    const { plain, me } = await open(t);
    const wire = new Wire(await tcp(plain));
    await wire.opens('example.test');
    wire.write(STARTTLS);
    await wire.receives(PROCEED);
    await upgrade(wire, me.ca);
    wire.header('other.test');
    await wire.fails('not-authorized');
  });

  test('the certificate is that of the domain, or of the name that is asked for', async (t) => {
    const { plain, me, other } = await open(t);
    for (const [domain, ca, servername] of [
      ['example.test', me.ca, 'example.test'],
      ['other.test', other.ca, 'other.test'],
      ['other.test', other.ca, undefined],
    ] as const) {
      const wire = new Wire(await tcp(plain));
      await wire.opens(domain);
      wire.write(STARTTLS);
      await wire.receives(PROCEED);
      const socket = await upgrade(
        wire,
        ca,
        servername === undefined ? { servername: '', checkServerIdentity: () => undefined } : { servername },
      );
      assert.equal(socket.authorized, true);
      wire.cut();
    }
  });
});

describe('XEP-0368: TLS from the first byte', () => {
  test('with the protocol’s name, and without', async (t) => {
    const { direct, me } = await open(t);
    for (const ALPNProtocols of [['xmpp-client'], ['h2', 'xmpp-client'], undefined]) {
      const socket = await tls(direct, me.ca, ALPNProtocols === undefined ? {} : { ALPNProtocols });
      const wire = new Wire(socket);
      assert.equal(socket.alpnProtocol, ALPNProtocols === undefined ? false : 'xmpp-client');
      assert.equal(await wire.binds(`${J}/balcony`), `${J}/balcony`);
      wire.cut();
    }
  });

  test('another protocol is refused in the handshake', async (t) => {
    const { direct, me } = await open(t);
    await assert.rejects(tls(direct, me.ca, { ALPNProtocols: ['http/1.1'] }), /no application protocol/i);
  });

  test('older versions of TLS are refused', async (t) => {
    const { direct, me } = await open(t);
    await assert.rejects(
      tls(direct, me.ca, { maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'DEFAULT:@SECLEVEL=0' }),
    );
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const socket = await tls(direct, me.ca, { minVersion: version, maxVersion: version });
      assert.equal(socket.getProtocol(), version);
      socket.destroy();
    }
  });

  test('plain text, and HTTP, are dropped', async (t) => {
    const { direct } = await open(t);
    for (const text of ["<?xml version='1.0'?><stream:stream>", 'GET / HTTP/1.1\r\n\r\n', '\0'.repeat(1_000)]) {
      const socket = await tcp(direct);
      socket.resume().write(text);
      await new Promise((resolve) => socket.once('close', resolve));
    }
  });
});

describe('RFC 5802 §6, RFC 5929, RFC 9266: channel bindings are checked against this very connection', () => {
  const endPoint = (pem: string): Buffer => createHash('sha256').update(new X509Certificate(pem).raw).digest();
  const exporter = (socket: TLSSocket): Buffer =>
    socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0));

  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    test(`${version}: the right ones are taken, wrong ones refused`, async (t) => {
      const { direct, me, other } = await open(t);
      const types = version === 'TLSv1.3' ? ['tls-exporter', 'tls-server-end-point'] : ['tls-server-end-point'];
      const connect = async () => {
        const socket = await tls(direct, me.ca, { minVersion: version, maxVersion: version });
        const wire = new Wire(socket);
        await wire.opens('example.test');
        return { socket, wire };
      };
      const stranger = await connect();
      for (const type of types) {
        for (const mechanism of ['SCRAM-SHA-1-PLUS', 'SCRAM-SHA-256-PLUS', 'SCRAM-SHA-512-PLUS']) {
          const { socket, wire } = await connect();
          const wrong = [
            randomBytes(32),
            Buffer.alloc(0),
            type === 'tls-exporter' ? exporter(stranger.socket) : endPoint(other.cert),
            type === 'tls-exporter' ? endPoint(me.cert) : Buffer.alloc(32),
          ];
          for (const data of wrong) {
            const outcome = await wire.scram(mechanism, 'juliet', PASSWORD, { binding: [type, data] });
            assert.equal(elements(outcome)[0]?.name, 'not-authorized', serialize(outcome));
            if (data === wrong[1]) break; // three failures are slow
          }
          const right = type === 'tls-exporter' ? exporter(socket) : endPoint(me.cert);
          const outcome = await wire.scram(mechanism, 'juliet', PASSWORD, { binding: [type, right] });
          assert.equal(outcome.name, 'success', serialize(outcome));
          wire.cut();
        }
      }
      for (const data of [exporter(stranger.socket), endPoint(other.cert)]) {
        const { wire } = await connect();
        const type = data.equals(endPoint(other.cert)) ? 'tls-server-end-point' : types[0]!;
        const outcome = await wire.scram('SCRAM-SHA-256-PLUS', 'juliet', PASSWORD, { binding: [type, data] });
        assert.equal(outcome.name, 'failure', `${type} of somebody else`);
        wire.cut();
      }
      stranger.wire.cut();
    });
  }
});

test('silence instead of a handshake ends the connection', async (t) => {
  const { direct } = await open(t, { limits: { loginSeconds: 0.2 } });
  const socket = await tcp(direct);
  socket.resume();
  await new Promise((resolve) => socket.once('close', resolve));
});

describe('connections', () => {
  test('too many from one address are dropped at once, and others are not', async (t) => {
    const { plain, door } = await open(t, { limits: { connectionsPerAddress: 3 } });
    const wires = [];
    for (let i = 0; i < 3; i++) {
      const wire = new Wire(await tcp(plain));
      await wire.opens('example.test');
      wires.push(wire);
    }
    const refused = new Wire(await tcp(plain));
    assert.equal(await refused.next(), undefined);
    const other = new Wire(await tcp(plain, '127.0.0.2'));
    await other.opens('example.test');
    assert.equal(door.connections, 4);
    wires[0]!.cut();
    while (door.connections > 3) await sleep(5);
    const next = new Wire(await tcp(plain));
    await next.opens('example.test');
    for (const wire of [...wires, other, next]) wire.cut();
  });

  test('a silent client is asked whether it lives, and let go when it does not answer (RFC 6120 §4.6)', async (t) => {
    const { direct, me, scene } = await open(t, { limits: { idleSeconds: 1, pingSeconds: 3 } });
    const wire = new Wire(await tls(direct, me.ca));
    await wire.binds(`${J}/balcony`);
    await wire.receives("<iq type='get' from='example.test'><ping xmlns='urn:xmpp:ping'/></iq>");
    assert.equal(await wire.next(), undefined, 'it is dropped');
    await scene.settle();
    assert.equal(scene.host('example.test').sessions.count, 0);
  });

  test('the door closes: everybody is told', async (t) => {
    const { direct, me, door } = await open(t);
    const wire = new Wire(await tls(direct, me.ca));
    await wire.binds(`${J}/balcony`);
    const closing = door.close();
    const error = await wire.fails('system-shutdown');
    assert.notEqual(textOf(elements(error).find(({ name }) => name === 'text')), '');
    await closing;
  });
});
