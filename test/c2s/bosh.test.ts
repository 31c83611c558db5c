import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:tls';
import { BoshSession } from '../../server/c2s/bosh/session.ts';
import { elements, serialize } from '../../server/xmpp/element.ts';
import { sasl } from '../support/wire.ts';
import { find } from '../support/xml.ts';
import { Bosh, CLIENT, ends, J, open, ping } from './bosh.ts';
import { alone, fetchFrom } from './web.ts';

test('XEP-0124 §7, XEP-0206 §2: a session begins with what both sides agree to, and the features', async (t) => {
  const { bosh } = await open(t);
  const answer = await bosh.begins();
  assert.match(answer.attrs.sid, /^[\w-]{24}$/); // 144 bits
  const { wait, hold, requests, ver, from } = answer.attrs;
  assert.deepEqual([wait, hold, requests, ver, from], ['10', '1', '2', '1.11', 'example.test']);
  assert.equal(answer.attrs['xmpp:version'], '1.0');
  const features = serialize(elements(answer)[0]!);
  assert.match(features, /SCRAM-SHA-256</);
  assert.doesNotMatch(features, /starttls|-PLUS/);
});

test('a client logs in and chats, and every stanza names its namespace', async (t) => {
  const { scene, bosh } = await open(t);
  const romeo = await scene.comes('romeo@example.test/orchard');
  await bosh.binds();
  await romeo.sends(`<message to='${J}/web' type='chat'><body>hello</body></message>`);
  const [message] = elements(await bosh.says(''));
  assert.deepEqual([message?.name, message?.attrs.xmlns], ['message', 'jabber:client']);
  const held = bosh.says('');
  await sleep(20);
  await romeo.sends(`<message to='${J}/web' type='chat'><body>still there?</body></message>`);
  assert.equal(find(await held, 'message', 'body')?.children[0], 'still there?');
  assert.equal(scene.host('example.test').sessions.of(J)[0]?.client.transport, 'bosh');
});

test('XEP-0124 §9: a request waits; the next one lets it go, with nothing', async (t) => {
  const { bosh } = await open(t);
  await bosh.binds();
  const first = bosh.says('');
  await sleep(20);
  const second = bosh.says(ping('1'));
  assert.deepEqual(elements(await Promise.race([first, second])).length <= 1, true);
  const all = [...elements(await first), ...elements(await Promise.race([second, sleep(100).then(() => first)]))];
  assert.ok(all.some((one) => one.attrs.id === '1'));
});

test('XEP-0124 §14.1: what comes out of order is handled in order', async (t) => {
  const { scene, bosh } = await open(t);
  const romeo = await scene.comes('romeo@example.test/orchard');
  await bosh.binds();
  const rid = bosh.rid;
  const message = (body: string) => `<message ${CLIENT} to='romeo@example.test/orchard'><body>${body}</body></message>`;
  const second = bosh.says(message('second'), '', rid + 2);
  await sleep(30);
  await romeo.receivesNothing();
  void bosh.says(message('first'), '', rid + 1);
  await sleep(30);
  await romeo.receives('<message><body>first</body></message>');
  await romeo.receives('<message><body>second</body></message>');
  bosh.rid = rid + 2;
  await bosh.says('', `pause='60'`);
  await second;
});

test('XEP-0124 §14.3: an answer that was lost is given again, and nothing is done twice', async (t) => {
  const { scene, bosh } = await open(t);
  const romeo = await scene.comes('romeo@example.test/orchard');
  await bosh.binds();
  const body = `<message ${CLIENT} to='romeo@example.test/orchard'><body>once</body></message>${ping('p')}`;
  const answer = serialize(await bosh.says(body));
  assert.equal(serialize(await bosh.says(body, '', bosh.rid)), answer);
  await romeo.receives('<message><body>once</body></message>');
  await romeo.receivesNothing();
});

test('XEP-0124 §14.3: a request that is sent again while it waits is answered on the newer connection', async (t) => {
  const { scene, bosh } = await open(t);
  const romeo = await scene.comes('romeo@example.test/orchard');
  await bosh.binds();
  const old = bosh.says('');
  await sleep(20);
  const again = bosh.says('', '', bosh.rid);
  assert.equal((await old).attrs.type, 'error');
  await romeo.sends(`<message to='${J}/web' type='chat'><body>found you</body></message>`);
  assert.ok(find(await again, 'message') !== undefined);
});

test('a client whose connection breaks while a request waits loses nothing', async (t) => {
  const { scene, bosh } = await open(t);
  const romeo = await scene.comes('romeo@example.test/orchard');
  await bosh.binds();
  const cut = new AbortController();
  const lost = bosh.says('', '', undefined, cut.signal);
  await sleep(20);
  cut.abort();
  await assert.rejects(lost);
  await sleep(20);
  await romeo.sends(`<message to='${J}/web' type='chat'><body>do not lose me</body></message>`);
  const answer = await bosh.says('', '', bosh.rid);
  assert.ok(find(answer, 'message') !== undefined, serialize(answer));
});

test('XEP-0124 §14.2: a number outside the window ends the session', async (t) => {
  for (const rid of [-5, 50]) {
    const { scene, bosh } = await open(t);
    await bosh.binds();
    ends(await bosh.says('', '', bosh.rid + rid), 'item-not-found');
    await sleep(20);
    assert.equal(scene.host('example.test').sessions.of(J).length, 0);
  }
});

test('SECURITY 26: a session is of use only to who knows its id, and to nobody when it is over', async (t) => {
  const { scene, bosh, port } = await open(t);
  await bosh.binds();
  const thief = new Bosh(port);
  await thief.binds('romeo');
  const { sid: own, rid } = thief;
  for (const sid of [bosh.sid.slice(0, -1), `${bosh.sid}x`, bosh.sid.toUpperCase(), '__proto__', 'x']) {
    thief.sid = sid;
    ends(await thief.says(''), 'item-not-found');
  }
  assert.equal(scene.host('example.test').sessions.of(J).length, 1, 'guessing ended the session');
  // What he says on his own session goes out in his own name, whatever he writes.
  Object.assign(thief, { sid: own, rid });
  const forged = await thief.says(`<message ${CLIENT} from='${J}/web' to='${J}/web'><body>x</body></message>`);
  assert.ok(find(forged, 'error', 'invalid-from') !== undefined, serialize(forged));
  ends(await bosh.says('', "type='terminate'"), undefined);
  await sleep(20);
  ends(await bosh.says(ping('late')), 'item-not-found');
});

test('SECURITY 24: session ids do not repeat and do not count up', () => {
  const request = { rid: 1, wait: 1, hold: 1, ver: '' } as ConstructorParameters<typeof BoshSession>[0];
  const limits = {} as ConstructorParameters<typeof BoshSession>[1];
  const sids = Array.from({ length: 1_000 }, () => new BoshSession(request, limits, () => undefined).sid);
  assert.equal(new Set(sids.map((sid) => sid.slice(0, 12))).size, 1_000);
});

test('SECURITY 15: the domain cannot be changed after the login', async (t) => {
  const { bosh } = await open(t, { domains: ['example.test', 'other.test'] });
  await bosh.begins();
  await bosh.says(sasl('auth', '\0juliet\0wherefore', "mechanism='PLAIN'"));
  const answer = await bosh.says('', "to='other.test' xmpp:restart='true'");
  ends(answer, 'remote-stream-error');
  assert.ok(find(answer, 'error', 'not-authorized') !== undefined);
});

const REFUSED: readonly (readonly [what: string, inner: string, condition: string])[] = [
  ['SECURITY 2: a comment', '<!-- x -->', 'restricted-xml'],
  ['SECURITY 2: a processing instruction', '<?php x ?>', 'restricted-xml'],
  ['SECURITY 2: an entity of one’s own', `<message ${CLIENT}><body>&lol;</body></message>`, 'restricted-xml'],
  ['§5: text in the wrapper', 'hello', 'bad-format'],
  ['§5: half an element', `<message ${CLIENT}>`, 'not-well-formed'],
  ['SECURITY 3: too many elements before login', `<x ${CLIENT}>${'<y/>'.repeat(70)}</x>`, 'policy-violation'],
  ['RFC 6120 §13.12: too large before login', `<x ${CLIENT}>${'y'.repeat(10_100)}</x>`, 'policy-violation'],
  ['a stanza before login', `<message ${CLIENT} to='${J}'/>`, 'not-authorized'],
];

for (const [what, inner, condition] of REFUSED) {
  test(`over BOSH is refused: ${what}`, async (t) => {
    const { bosh, door } = await open(t);
    await bosh.begins();
    const answer = await bosh.says(inner);
    ends(answer, 'remote-stream-error');
    assert.ok(find(answer, 'error', condition) !== undefined, serialize(answer));
    while (door.connections > 0) await sleep(5);
  });
}

test('SECURITY 2, 72: what is no request of BOSH gets no session', async (t) => {
  const { bosh, door } = await open(t);
  const body = "xmlns='http://jabber.org/protocol/httpbind'";
  for (const raw of [
    '',
    'hello',
    '{}',
    '<!DOCTYPE x []><body/>',
    `<body ${body}/>`,
    `<body ${body} rid='-1'/>`,
    `<body ${body} rid='99999999999999999'/>`,
    "<body xmlns='other' rid='1'/>",
    `<stream ${body} rid='1'/>`,
    `<body ${body} rid='1'`,
    `<body ${body} rid='1' x='${'x'.repeat(12_000)}'/>`,
  ]) {
    ends(alone((await bosh.raw(raw)).text), raw.length > 10_000 ? 'policy-violation' : 'bad-request');
  }
  assert.equal(door.connections, 0);
  assert.equal((await bosh.raw('x'.repeat(400_000))).status, 413);
  assert.equal((await fetchFrom(bosh.port, '/http-bind')).status, 404);
});

test('elements beside each other in one request are limited', async (t) => {
  const { bosh } = await open(t);
  await bosh.binds();
  const answers = [await bosh.says(ping('x').repeat(300))];
  while (answers.at(-1)!.attrs.type !== 'terminate') answers.push(await bosh.says(''));
  assert.ok(answers.some((one) => find(one, 'error', 'policy-violation') !== undefined));
});

test('§17.2: an unknown domain, or none, has BOSH’s own condition', async (t) => {
  const { port } = await open(t);
  ends(await new Bosh(port).begins('', 'nowhere.test'), 'host-unknown');
  ends(await new Bosh(port).says('', "wait='1' hold='1' xmpp:version='1.0'"), 'improper-addressing');
  const old = await new Bosh(port).says('', "to='example.test' wait='1' hold='1'");
  assert.ok(find(old, 'error', 'unsupported-version') !== undefined); // XEP-0206: XMPP 1.0 is spoken here
});

test('§11: more requests at once than were agreed on end the session', async (t) => {
  const { scene, bosh } = await open(t);
  await bosh.binds();
  const rid = bosh.rid;
  // The first is missing, so none of these can have its turn.
  const many = [2, 3].map((n) => bosh.says('', '', rid + n));
  const answers = await Promise.all(many);
  assert.ok(answers.some(({ attrs }) => attrs.condition === 'item-not-found'));
  await sleep(20);
  assert.equal(scene.host('example.test').sessions.of(J).length, 0);
});

test('§12: who polls with nothing to say does so now and then, not all the time', async (t) => {
  const { bosh } = await open(t);
  const answer = await bosh.says('', "to='example.test' ver='1.11' wait='0' hold='0' xmpp:version='1.0'");
  assert.deepEqual([answer.attrs.requests, answer.attrs.hold, answer.attrs.polling], ['1', '0', '2']);
  bosh.sid = answer.attrs.sid;
  assert.equal((await bosh.says('')).attrs.type, undefined);
  ends(await bosh.says(''), 'policy-violation');
});

test('§10: a pause lets all requests go, with nothing in them, and nothing is lost meanwhile', async (t) => {
  const { scene, bosh } = await open(t);
  const romeo = await scene.comes('romeo@example.test/orchard');
  await bosh.binds();
  const held = bosh.says('');
  await sleep(20);
  const pause = await bosh.says('', "pause='30'");
  assert.deepEqual([elements(await held).length, elements(pause).length], [0, 0]);
  await romeo.sends(`<message to='${J}/web' type='chat'><body>are you back?</body></message>`);
  assert.ok(find(await bosh.says(''), 'message') !== undefined);
});

test('§10: a client that is silent for too long is gone', async (t) => {
  const { scene, bosh } = await open(t);
  await bosh.binds();
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const pausing = bosh.says('', "pause='30'");
  await pausing;
  t.mock.timers.tick(29_000);
  assert.equal(scene.host('example.test').sessions.of(J).length, 1);
  t.mock.timers.tick(2_000);
  await new Promise((resolve) => setImmediate(resolve));
  t.mock.timers.reset();
  await sleep(20);
  assert.equal(scene.host('example.test').sessions.of(J).length, 0);
});

test('§13: a goodbye is handled with what it carries, and answered as one', async (t) => {
  const { scene, bosh } = await open(t);
  const romeo = await scene.comes('romeo@example.test/orchard');
  await bosh.binds();
  const last = `<message ${CLIENT} to='romeo@example.test/orchard'><body>good night</body></message>`;
  ends(await bosh.says(last, "type='terminate'"), undefined);
  await romeo.receives('<message><body>good night</body></message>');
  assert.equal(scene.host('example.test').sessions.of(J).length, 0);
});

test('sessions of one address are limited with its other connections', async (t) => {
  const { port, door } = await open(t, { limits: { connectionsPerAddress: 2 } });
  await new Bosh(port).begins();
  await new Bosh(port).begins();
  const third = new Bosh(port);
  const asks = "<body xmlns='http://jabber.org/protocol/httpbind' rid='1' to='example.test' wait='1' hold='1'/>";
  const answer = await third.raw(asks, { 'x-forwarded-for': '192.0.2.77' }); // SECURITY 70
  ends(alone(answer.text), 'policy-violation');
  assert.equal(door.connections, 2);
});

test('a session that does not log in in time ends', async (t) => {
  const { bosh, door } = await open(t, { limits: { loginSeconds: 0.1 } });
  await bosh.begins();
  const answer = await bosh.says('');
  ends(answer, 'remote-stream-error');
  assert.ok(find(answer, 'error', 'connection-timeout') !== undefined);
  assert.equal(door.connections, 0);
});

test('SECURITY 77: pages of other sites are refused, and those let in may read the answers', async (t) => {
  const { bosh, port, door } = await open(t, { origins: ['https://intranet.example.com'] });
  const asks =
    "<body xmlns='http://jabber.org/protocol/httpbind' rid='1' to='example.test' wait='1' hold='1' xmlns:x='urn:xmpp:xbosh' x:version='1.0'/>";
  for (const [origin, host] of [
    ['https://evil.example', `127.0.0.1:${port}`],
    ['null', `127.0.0.1:${port}`],
    [`https://evil.example:${port}`, `evil.example:${port}`], // DNS rebinding
  ] as const) {
    const refused = await bosh.raw(asks, { origin, host });
    assert.equal(refused.status, 403);
    assert.equal(refused.headers['access-control-allow-origin'], undefined);
    const before = await fetchFrom(port, '/http-bind', { method: 'OPTIONS', headers: { origin, host } });
    assert.equal(before.status, 403);
  }
  assert.equal(door.connections, 0);
  const headers = { origin: 'https://intranet.example.com', 'sec-fetch-site': 'cross-site' };
  const before = await fetchFrom(port, '/http-bind', { method: 'OPTIONS', headers });
  assert.deepEqual([before.status, before.headers['access-control-allow-origin']], [204, headers.origin]);
  const let_in = await bosh.raw(asks, headers);
  assert.equal(let_in.headers['access-control-allow-origin'], headers.origin);
  assert.equal(let_in.headers['access-control-allow-credentials'], undefined);
  assert.equal(door.connections, 1);
});

test('SECURITY 74: what a client says its body is changes nothing', async (t) => {
  const { bosh } = await open(t);
  const asks = "<body xmlns='http://jabber.org/protocol/httpbind' rid='1' wait='1' hold='1'/>";
  for (const type of [
    'text/xml; charset=utf-8',
    'text/plain',
    'application/json',
    'application/x-www-form-urlencoded',
  ]) {
    ends(alone((await bosh.raw(asks, { 'content-type': type })).text), 'improper-addressing');
  }
  for (const type of ['/', 'application/json\tx', 'x']) {
    const { status, text } = await bosh.raw(asks, { 'content-type': type });
    if (status !== 415) ends(alone(text), 'improper-addressing');
  }
});

test('the server says goodbye when it goes down', async (t) => {
  const { bosh, door } = await open(t);
  await bosh.binds();
  const held = bosh.says('');
  await sleep(20);
  await door.close();
  ends(await held, 'system-shutdown');
});

test('a client that does not ask for what waits is let go of before it fills the memory', () => {
  const request = { rid: 1, wait: 1, hold: 1, ver: '' } as ConstructorParameters<typeof BoshSession>[0];
  const limits = {} as ConstructorParameters<typeof BoshSession>[1];
  const session = new BoshSession(request, limits, () => undefined);
  let sent = 0;
  for (const text = 'x'.repeat(1_000_000); !session.ended && sent < 100; sent++) session.send(text);
  assert.equal(sent, 17);
});

test('a client that sends faster than is handled gets no answers, and so cannot send more', async () => {
  const request = { rid: 1, sid: '', to: 'x', wait: 60, hold: 1, ver: '', version: '1.0', elements: [] };
  const first = {
    ...request,
    from: '',
    lang: '',
    restart: false,
    terminate: false,
    pause: undefined,
    error: undefined,
  };
  const session = new BoshSession(first, {} as ConstructorParameters<typeof BoshSession>[1], () => undefined);
  const answers: string[] = [];
  const reply = { gone: false, answer: (body: string) => void answers.push(body) };
  session.take(first, reply);
  session.send('<greeting/>');
  session.flush();
  assert.equal(answers.length, 1);
  const elements = Array.from({ length: 40 }, () => alone('<x xmlns="y"/>'));
  for (const rid of [2, 3]) session.take({ ...first, sid: session.sid, rid, elements }, reply);
  assert.equal(answers.length, 1, 'answered although nothing was handled');
  for (let taken = 0; taken < 81; taken++) await session.items.next(); // the header, too
  assert.equal(answers.length, 2);
  session.destroy();
});

test('SECURITY 71: a request of two lengths is refused, and what follows it is not taken for another', async (t) => {
  const { port, door } = await open(t);
  const body =
    "<body xmlns='http://jabber.org/protocol/httpbind' rid='1' to='example.test' wait='1' hold='1' xmlns:x='urn:xmpp:xbosh' x:version='1.0'/>";
  const smuggled = `POST /http-bind HTTP/1.1\r\nHost: example.test\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
  let text = '';
  socket.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  socket.write(
    `POST /http-bind HTTP/1.1\r\nHost: example.test\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
  );
  await new Promise((resolve) => socket.once('close', resolve));
  assert.match(text, /^HTTP\/1\.1 400 /);
  assert.equal(text.match(/HTTP\/1\.1/g)?.length, 1);
  assert.equal(door.connections, 0);
});
