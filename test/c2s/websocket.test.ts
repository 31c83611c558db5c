import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { serialize } from '../../server/xmpp/element.ts';
import { sasl } from '../support/wire.ts';
import { openWeb, WebWire } from './web.ts';

const J = 'juliet@example.test';
const CLIENT = "xmlns='jabber:client'";
const SM = "xmlns='urn:xmpp:sm:3'";
const OPEN = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='example.test' version='1.0'/>";

test('RFC 7395 §3.3: a client logs in, and each message it gets is a document of its own', async (t) => {
  const { scene, port } = await openWeb(t);
  const romeo = await scene.comes('romeo@example.test/orchard');
  const wire = await new WebWire(port).ready();
  assert.equal(wire.socket.protocol, 'xmpp');
  assert.equal(wire.socket.extensions, '', 'compression was agreed to');
  assert.equal(await wire.binds(`${J}/web`), `${J}/web`);
  wire.write(`<presence ${CLIENT}/>`);
  await wire.receives(`<presence ${CLIENT} from='${J}/web'/>`);
  await romeo.sends(`<message to='${J}/web' type='chat'><body>hello</body></message>`);
  await wire.receives(`<message ${CLIENT} from='romeo@example.test/orchard'><body>hello</body></message>`);
  wire.write("<message to='romeo@example.test/orchard' type='chat'><body>hi</body></message>"); // no namespace: taken for ours
  await romeo.receives(`<message from='${J}/web'><body>hi</body></message>`);
  assert.equal(scene.host('example.test').sessions.of(J)[0]?.client.transport, 'websocket');
});

test('RFC 7395 §3.9: no STARTTLS is offered, and no login is bound to a TLS that may end before us', async (t) => {
  const { port } = await openWeb(t);
  const wire = await new WebWire(port).ready();
  const features = serialize(await wire.opens());
  assert.match(features, /SCRAM-SHA-256</);
  assert.doesNotMatch(features, /starttls|-PLUS|channel-binding/);
  wire.write("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
  await wire.fails('unsupported-stanza-type');
});

test('SECURITY 17: a mechanism with channel binding is refused where none was offered', async (t) => {
  const { port } = await openWeb(t);
  const wire = await new WebWire(port).ready();
  await wire.opens();
  wire.write(sasl('auth', 'p=tls-exporter,,n=juliet,r=abcdefgh', "mechanism='SCRAM-SHA-256-PLUS'"));
  await wire.receives("<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><invalid-mechanism/></failure>");
});

test('RFC 7395 §3.6: <close/> is answered, and the session is over', async (t) => {
  const { scene, port } = await openWeb(t);
  const wire = await new WebWire(port).ready();
  await wire.binds(`${J}/web`);
  wire.write("<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>");
  await wire.receives("<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>");
  assert.equal(await wire.next(), undefined);
  assert.equal(wire.code, 1000);
  assert.equal(scene.host('example.test').sessions.of(J).length, 0);
});

test('XEP-0198 §5, XEP-0352: a session is taken up again over another WebSocket', async (t) => {
  const { scene, port } = await openWeb(t);
  const romeo = await scene.comes('romeo@example.test/orchard');
  const wire = await new WebWire(port).ready();
  await wire.binds(`${J}/web`);
  wire.write(`<enable ${SM} resume='true'/>`);
  const { id } = (await wire.receives(`<enabled ${SM} id='*' resume='true'/>`)).attrs;
  wire.write("<inactive xmlns='urn:xmpp:csi:0'/>");
  wire.write(`<r ${SM}/>`);
  await wire.receives(`<a ${SM} h='0'/>`);
  wire.socket.terminate();
  await romeo.sends(`<message to='${J}/web' type='chat'><body>are you there?</body></message>`);
  const again = await new WebWire(port).ready();
  await again.logsIn(J);
  again.write(`<resume ${SM} previd='${id}' h='0'/>`);
  await again.receives(`<resumed ${SM} previd='${id}' h='0'/>`);
  await again.receives(`<message ${CLIENT}><body>are you there?</body></message>`);
});

const REFUSED: readonly (readonly [what: string, message: string | Buffer, condition: string])[] = [
  ['SECURITY 2: a DOCTYPE', `<!DOCTYPE x [<!ENTITY a "b">]>${OPEN}`, 'restricted-xml'],
  ['SECURITY 2: a comment', '<!-- hello -->', 'restricted-xml'],
  ['SECURITY 2: a processing instruction', "<?php echo 'x' ?>", 'restricted-xml'],
  ['SECURITY 2: an entity of one’s own', `<message ${CLIENT}><body>&lol;</body></message>`, 'restricted-xml'],
  ['§3.3: half an element', `<message ${CLIENT}><body>`, 'bad-format'],
  ['§3.3: the end of something else', '</message>', 'not-well-formed'],
  ['§3.3: the end of nothing at all', '</>', 'not-well-formed'],
  ['§3.3: two elements', `<iq ${CLIENT}/><iq ${CLIENT}/>`, 'bad-format'],
  ['§3.3: white space alone', ' ', 'bad-format'],
  ['§3.3: the header of TCP', "<stream:stream xmlns:stream='http://etherx.jabber.org/streams'>", 'bad-format'],
  ['§3.2: a binary message', Buffer.from(OPEN), 'bad-format'],
  ['§3.4: a second <open/>', OPEN, 'bad-format'],
  ['a prefix that only TCP would know', '<stream:error/>', 'bad-namespace-prefix'],
  ['SECURITY 3: too many elements before login', `<x ${CLIENT}>${'<y/>'.repeat(70)}</x>`, 'policy-violation'],
  ['SECURITY 6: too deep before login', `<x ${CLIENT}>${'<y>'.repeat(9)}${'</y>'.repeat(9)}</x>`, 'policy-violation'],
  ['RFC 6120 §13.12: too large before login', `<x ${CLIENT}>${'y'.repeat(10_000)}</x>`, 'policy-violation'],
  ['a stanza before login', `<message ${CLIENT} to='${J}'/>`, 'not-authorized'],
];

for (const [what, message, condition] of REFUSED) {
  test(`over WebSocket is refused: ${what}`, async (t) => {
    const { port } = await openWeb(t);
    const wire = await new WebWire(port).ready();
    await wire.opens();
    wire.write(message);
    await wire.fails(condition);
  });
}

test('§3.4: a stream begins with <open/>; an error before it comes with one', async (t) => {
  const { port } = await openWeb(t);
  const wire = await new WebWire(port).ready();
  wire.write(`<iq ${CLIENT} type='get' id='1'/>`);
  await wire.receives("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' from='example.test'/>");
  await wire.fails('bad-format');
});

test('SECURITY 15: the domain cannot be changed after the login', async (t) => {
  const { port } = await openWeb(t, { domains: ['example.test', 'other.test'] });
  const wire = await new WebWire(port).ready();
  await wire.opens();
  wire.write(sasl('auth', '\0juliet\0wherefore', "mechanism='PLAIN'"));
  await wire.receives("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
  wire.write(OPEN.replace('example.test', 'other.test'));
  await wire.fails('not-authorized');
});

test('a message larger than any stanza may be ends the WebSocket', async (t) => {
  const { port } = await openWeb(t);
  const wire = await new WebWire(port).ready();
  await wire.binds(`${J}/web`);
  wire.write(`<message ${CLIENT}>${'x'.repeat(300_000)}</message>`);
  await wire.next();
  assert.equal(wire.code, 1009);
});

test('before the login a large message is stopped while it comes in', async (t) => {
  const { port } = await openWeb(t);
  const wire = await new WebWire(port).ready();
  await wire.opens();
  const whole = Buffer.alloc(200_000, 'x');
  for (let at = 0; at < whole.length; at += 10_000) {
    wire.socket.send(whole.subarray(at, at + 10_000).toString(), { fin: false });
  }
  await wire.fails('policy-violation'); // the message was never finished
});

test('SECURITY 73: a message in thousands of tiny fragments ends the WebSocket', async (t) => {
  const { port } = await openWeb(t);
  const wire = await new WebWire(port).ready();
  await wire.binds(`${J}/web`);
  for (let i = 0; i < 3_000; i++) wire.socket.send('<', { fin: false });
  await wire.next();
  assert.notEqual(wire.code, 0);
});

test('SECURITY 73: bytes that are not UTF-8 end the WebSocket', async (t) => {
  const { port } = await openWeb(t);
  const wire = await new WebWire(port).ready();
  wire.socket.send(Buffer.from([0x3c, 0xff, 0xfe]), { binary: false });
  await wire.next();
  assert.equal(wire.code, 1007);
});

test('pings are answered and count as life; a client that is silent after the login is let go of', async (t) => {
  const { scene, door, port } = await openWeb(t, { limits: { idleSeconds: 0.001, pingSeconds: 0.001 } });
  const wire = await new WebWire(port).ready();
  await wire.binds(`${J}/web`);
  await new Promise((resolve) => {
    wire.socket.once('pong', resolve);
    wire.socket.ping();
  });
  assert.equal(door.connections, 1);
  await wire.next(); // looked after every 2.5 s
  assert.equal(wire.socket.readyState, wire.socket.CLOSED);
  assert.equal(scene.host('example.test').sessions.of(J).length, 0);
});

test('RFC 6120 §4.6: who does not log in in time is let go of', async (t) => {
  const { port } = await openWeb(t, { limits: { loginSeconds: 0.05 } });
  const wire = await new WebWire(port).ready();
  await wire.fails('connection-timeout');
});

test('connections of one address are limited over WebSocket as over TCP', async (t) => {
  const { door, port } = await openWeb(t, { limits: { connectionsPerAddress: 2 } });
  const two = [await new WebWire(port).ready(), await new WebWire(port).ready()];
  await assert.rejects(new WebWire(port).ready(), /503/);
  await assert.rejects(new WebWire(port, { headers: { 'x-forwarded-for': '192.0.2.77' } }).ready(), /503/); // SECURITY 70
  two[0]!.socket.terminate();
  while (door.connections > 1) await new Promise((resolve) => setTimeout(resolve, 5));
  await new WebWire(port).ready();
});

test('SECURITY 77: a page of another site gets no WebSocket, nor one whose name was made to point here', async (t) => {
  const { port } = await openWeb(t, { origins: ['https://intranet.example.com'] });
  const from = (origin: string, host = `127.0.0.1:${port}`) => new WebWire(port, { origin, headers: { host } }).ready();
  for (const origin of ['https://evil.example', 'null', 'http://example.test', 'https://example.test.evil.example']) {
    await assert.rejects(from(origin), /403/, origin);
  }
  // DNS rebinding: page and request go by the same name, which is none of ours.
  await assert.rejects(from(`https://evil.example:${port}`, `evil.example:${port}`), /403/);
  await assert.rejects(from(`https://127.0.0.1:${port + 1}`), /403/);
  await from(`https://127.0.0.1:${port}`);
  await from('https://example.test', `example.test:${port}`);
  await from('https://intranet.example.com');
});

test('RFC 7395 §3.1: who does not ask for the protocol gets no WebSocket', async (t) => {
  const { port } = await openWeb(t);
  await assert.rejects(new WebWire(port, {}, []).ready(), /400/);
  await assert.rejects(new WebWire(port, {}, ['mqtt']).ready(), /400/);
  assert.equal((await new WebWire(port, {}, ['mqtt', 'xmpp']).ready()).socket.protocol, 'xmpp');
});

test('SECURITY 73: handshakes that are broken off leave nothing behind', async (t) => {
  const { door, port } = await openWeb(t);
  for (let i = 0; i < 20; i++) {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
    await new Promise((resolve) => socket.once('secureConnect', resolve));
    socket.write('GET /xmpp-websocket HTTP/1.1\r\nHost: example.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n');
    if (i % 2 === 0) socket.write('Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: xmpp\r\n\r\n');
    socket.destroy();
  }
  const last = await new WebWire(port).ready();
  assert.equal(door.connections, 1);
  last.socket.terminate();
  while (door.connections > 0) await new Promise((resolve) => setTimeout(resolve, 5));
});

test('the server says goodbye when it goes down', async (t) => {
  const { door, port } = await openWeb(t);
  const wire = await new WebWire(port).ready();
  await wire.binds(`${J}/web`);
  await door.close();
  await wire.fails('system-shutdown');
});

test('a client that does not read is let go of before what waits for it fills the memory', async (t) => {
  const { scene, door, port } = await openWeb(t);
  const romeo = await scene.comes('romeo@example.test/orchard');
  const wire = await new WebWire(port).ready();
  await wire.binds(`${J}/web`);
  wire.socket.pause();
  const body = 'x'.repeat(200_000);
  for (let i = 0; i < 200 && door.connections > 0; i++) {
    await romeo.sends(`<message to='${J}/web' type='headline'><body>${body}</body></message>`);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(door.connections, 0);
  wire.socket.terminate();
});
