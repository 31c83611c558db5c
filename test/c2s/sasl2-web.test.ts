import assert from 'node:assert/strict';
import { test } from 'node:test';
import { elements, serialize, textOf } from '../../server/xmpp/element.ts';
import { find } from '../support/xml.ts';
import { CLIENT, ping } from './bosh.ts';
import { agent, BIND, BIND_ALL, jidOf, LAPTOP, PHONE, resume, tokenLogin, tokenOf, wantToken } from './sasl2.ts';
import { overBosh, overWebSocket, resumptionOf } from './sasl2-web.ts';
import { openWeb, WebWire } from './web.ts';

const J = 'juliet@example.test';
const SM = "xmlns='urn:xmpp:sm:3'";
const hark = (to: string) => `<message to='${to}' type='chat'><body>hark</body></message>`;

test('XEP-0388, XEP-0386 over WebSocket: offered with all that goes along with it', async (t) => {
  const { port } = await openWeb(t);
  const wire = await new WebWire(port).ready();
  const offer = find(await wire.opens(), 'authentication');
  assert.equal(offer?.attrs.xmlns, 'urn:xmpp:sasl:2');
  const ways = elements(offer!).filter(({ name }) => name === 'mechanism');
  // No TLS of ours reaches the client's end for certain: nothing can be bound to it.
  assert.ok(ways.length > 0 && !ways.some((one) => textOf(one).endsWith('-PLUS')), serialize(offer!));
  for (const name of ['bind', 'sm', 'fast']) assert.ok(find(offer!, 'inline', name) !== undefined, name);
});

test('XEP-0388, XEP-0386 over WebSocket: one round trip to a session, with management, copies and a token', async (t) => {
  const { scene, port } = await openWeb(t);
  const romeo = await scene.comes('romeo@example.test/orchard');
  const { wire, success } = await overWebSocket(port, agent(PHONE) + wantToken() + BIND_ALL);
  const full = jidOf(success);
  assert.match(full, /^juliet@example\.test\/Pidgeon\//);
  assert.ok(find(success, 'bound', 'enabled')?.attrs.resume === 'true', serialize(success));
  await wire.receives("<features xmlns='http://etherx.jabber.org/streams'/>");
  const [session] = scene.host('example.test').sessions.of(J);
  assert.deepEqual([session!.jid.full, session!.carbons, session!.client.transport], [full, true, 'websocket']);
  wire.write(`<message ${CLIENT} to='romeo@example.test/orchard' type='chat'><body>soft</body></message>`);
  await romeo.receives(`<message from='${full}'><body>soft</body></message>`);
  await romeo.sends(hark(full));
  await wire.receives(`<message ${CLIENT}><body>hark</body></message>`);

  // XEP-0198 §9.2: the connection breaks, and the same request takes the session up again, by the token.
  wire.socket.terminate();
  await romeo.sends(hark(full));
  const more = resume(resumptionOf(success), 0) + BIND;
  const again = await overWebSocket(port, '', tokenLogin(tokenOf(success), { more }));
  assert.equal(find(again.success, 'resumed')?.attrs.h, '1', serialize(again.success));
  assert.equal(jidOf(again.success), full);
  for (let n = 0; n < 2; n++) await again.wire.receives(`<message ${CLIENT}><body>hark</body></message>`);
  await again.wire.receives(`<r ${SM}/>`);
  assert.equal(scene.host('example.test').sessions.of(J).length, 1);
});

test('XEP-0388, XEP-0386 over BOSH: a session without a new stream, and by a token the next time', async (t) => {
  const { scene, port } = await openWeb(t);
  const romeo = await scene.comes('romeo@example.test/orchard');
  const { bosh, success, features } = await overBosh(port, agent(LAPTOP) + wantToken() + BIND);
  assert.ok(find(features, 'authentication') === undefined && find(features, 'bind') === undefined);
  const full = jidOf(success);
  const [session] = scene.host('example.test').sessions.of(J);
  assert.deepEqual([session!.jid.full, session!.client.transport], [full, 'bosh']);
  const pong = await bosh.says(ping('p'));
  assert.deepEqual([find(pong, 'iq')?.attrs.type, find(pong, 'iq')?.attrs.to], ['result', full], serialize(pong));
  const waiting = bosh.says('');
  await romeo.sends(hark(full));
  assert.equal(textOf(find(await waiting, 'message', 'body')), 'hark');

  const again = await overBosh(port, '', tokenLogin(tokenOf(success), { device: LAPTOP, more: BIND }));
  assert.equal(jidOf(again.success), full, 'the same device has the same resource');
  assert.equal(scene.host('example.test').sessions.of(J).length, 1, 'and is there once');
});

test('SECURITY 16: a wrong password over WebSocket and BOSH is refused, and the stream lives', async (t) => {
  const { scene, port } = await openWeb(t);
  const wrong = `<authenticate xmlns='urn:xmpp:sasl:2' mechanism='PLAIN'><initial-response>${Buffer.from('\0juliet\0no').toString('base64')}</initial-response>${BIND}</authenticate>`;
  const wire = await new WebWire(port).ready();
  await wire.opens();
  wire.write(wrong);
  const failure = await wire.receives("<failure xmlns='urn:xmpp:sasl:2'/>");
  assert.ok(find(failure, 'not-authorized') !== undefined, serialize(failure));
  await assert.rejects(overBosh(port, '', wrong), /not-authorized/);
  assert.equal(scene.host('example.test').sessions.of(J).length, 0);
  wire.write(wrong.replace(/(<initial-response>)[^<]*/, `$1${Buffer.from('\0juliet\0wherefore').toString('base64')}`));
  await wire.receives("<success xmlns='urn:xmpp:sasl:2'/>");
});
