import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { ExternalComponent } from '../../server/components/external/external-component.ts';
import { StreamHeader } from '../../server/stream/parser.ts';
import { el, elements, serialize } from '../../server/xmpp/element.ts';
import { parseJid } from '../../server/xmpp/jid.ts';
import { Stanza } from '../../server/xmpp/stanza.ts';
import { addComponent, componentComes, dialComponent, handshake } from '../support/component.ts';
import { openScene, type SceneOptions } from '../support/scene.ts';
import { conditionOf, find } from '../support/xml.ts';

const J = 'juliet@example.test';
const D = 'weather.example.test';

async function open(t: TestContext, options: SceneOptions = {}) {
  const scene = await openScene(t, options);
  const secret = await addComponent(scene, D);
  return { scene, secret };
}

test('XEP-0114 §3: a component shows its secret, then sends and gets all three kinds of stanzas', async (t) => {
  const { scene, secret } = await open(t);
  const juliet = await scene.comes(`${J}/balcony`);
  const weather = await componentComes(scene, D, secret);

  weather.write(`<message from='rome@${D}/sky' to='${J}' type='chat'><body>rain</body></message>`);
  await juliet.receives(`<message from='rome@${D}/sky' to='${J}' type='chat'><body>rain</body></message>`);
  await juliet.sends(`<message to='rome@${D}' id='m1'><body>again?</body></message>`);
  await weather.receives(`<message from='${J}/balcony' to='rome@${D}' id='m1'><body>again?</body></message>`);

  await juliet.sends(`<iq type='get' id='q1' to='${D}'><query xmlns='urn:x'/></iq>`);
  await weather.receives(`<iq type='get' id='q1' from='${J}/balcony'><query xmlns='urn:x'/></iq>`);
  weather.write(`<iq type='result' id='q1' from='${D}' to='${J}/balcony'><query xmlns='urn:x'>42</query></iq>`);
  await juliet.receives(`<iq type='result' id='q1' from='${D}'><query xmlns='urn:x'>42</query></iq>`);
  weather.write(`<iq type='get' id='q2' from='${D}' to='example.test'><ping xmlns='urn:xmpp:ping'/></iq>`);
  await weather.receives(`<iq type='result' id='q2' to='${D}' from='example.test'/>`);

  await juliet.sends(`<presence to='rome@${D}'><show>away</show></presence>`);
  await weather.receives(`<presence from='${J}/balcony' to='rome@${D}'><show>away</show></presence>`);
  weather.write(`<presence from='rome@${D}' to='${J}' type='subscribe'/>`);
  await juliet.receives(`<presence from='rome@${D}' type='subscribe'/>`);
});

test('§3: what a component says is kept for who is away, and in the archive, like any other message', async (t) => {
  const { scene, secret } = await open(t);
  await scene.account(J);
  const weather = await componentComes(scene, D, secret);
  weather.write(`<message from='${D}' to='${J}' type='chat' id='1'><body>storm</body></message>`);
  await weather.receivesNothing();
  await scene.settle();
  const juliet = await scene.connect(`${J}/balcony`);
  await juliet.sends('<presence/>');
  await scene.settle();
  const got = (await juliet.all()).find(({ name }) => name === 'message');
  assert.ok(got !== undefined && find(got, 'delay') !== undefined, 'nothing was kept');
  const page = await juliet.asks("<iq type='set'><query xmlns='urn:xmpp:mam:2'/></iq>");
  assert.equal(find(page, 'fin', 'set', 'count')?.children[0], '1');
});

test('§3: stanzas that say jabber:client are taken, too; what is refused is told', async (t) => {
  const { scene, secret } = await open(t);
  const juliet = await scene.comes(`${J}/balcony`);
  const weather = await componentComes(scene, D, secret);
  weather.write(`<message xmlns='jabber:client' from='${D}' to='${J}' type='chat'><body>rain</body></message>`);
  await juliet.receives(`<message from='${D}'><body>rain</body></message>`);
  for (const [to, condition] of [
    ['nobody@example.test', 'service-unavailable'],
    ['nobody@elsewhere.test', 'remote-server-not-found'],
    ['a b@example.test', 'jid-malformed'],
  ] as const) {
    weather.write(`<message from='a@${D}' to='${to}' id='${condition}'><body>x</body></message>`);
    const refusal = await weather.receives(`<message type='error' to='a@${D}' id='${condition}'/>`);
    assert.equal(conditionOf(refusal), condition);
  }
  weather.write(`<iq type='get' from='${D}' to='${J}'><ping xmlns='urn:xmpp:ping'/></iq>`);
  assert.equal(conditionOf(await weather.element()), 'bad-request');
});

test('XEP-0030 §4.1: the parent domain lists a component that is there, and no other', async (t) => {
  const { scene, secret } = await open(t, { domains: ['example.test', 'other.test'] });
  await addComponent(scene, 'away.example.test');
  const elsewhere = await addComponent(scene, 'weather.other.test');
  const juliet = await scene.comes(`${J}/balcony`);
  const items = async () =>
    elements(
      (
        await juliet.gets(
          "<iq type='get' to='example.test'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>",
        )
      ).getChild('query')!,
    ).map(({ attrs }) => attrs.jid as string);
  assert.ok(!(await items()).includes(D));
  const weather = await componentComes(scene, D, secret);
  await componentComes(scene, 'weather.other.test', elsewhere);
  const listed = await items();
  assert.ok(listed.includes(D) && !listed.includes('away.example.test') && !listed.includes('weather.other.test'));
  weather.cut();
  await weather.receivesNothing();
  assert.ok(!(await items()).includes(D));
});

test('a wrong secret, a handshake that is none, and no handshake at all are not let in', async (t) => {
  const { scene, secret } = await open(t);
  const juliet = await scene.comes(`${J}/balcony`);
  const right = async () => {
    const wire = dialComponent(scene);
    return { wire, text: await handshake(wire, D, secret) };
  };
  const cases: ((text: string) => string)[] = [
    () => '<handshake/>',
    () => `<handshake>${'0'.repeat(40)}</handshake>`,
    (text) => `<handshake>${text.toUpperCase()}</handshake>`,
    (text) => `<handshake>${text.slice(1)}</handshake>`,
    (text) => `<handshake xmlns='urn:x'>${text}</handshake>`,
    (text) => `<other>${text}</other>`,
    () => `<message from='${D}' to='${J}' type='chat'><body>x</body></message>`,
  ];
  for (const forged of cases) {
    const { wire, text } = await right();
    wire.write(forged(text));
    await wire.fails('not-authorized');
  }
  await juliet.receivesNothing();
});

test('§3: an unknown name is answered with a header and host-unknown, another namespace with invalid-namespace', async (t) => {
  const { scene } = await open(t);
  for (const to of ['example.test', 'elsewhere.test', '', `x@${D}`]) {
    const wire = dialComponent(scene);
    wire.header(to, '');
    assert.ok((await wire.next()) instanceof StreamHeader);
    await wire.fails('host-unknown');
  }
  const wire = dialComponent(scene);
  wire.write(`<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='${D}'>`);
  assert.ok((await wire.next()) instanceof StreamHeader);
  await wire.fails('invalid-namespace');
});

test('attack: a component writes as another domain, as somebody here, as the server, or as nobody: its stream ends', async (t) => {
  const { scene, secret } = await open(t);
  const juliet = await scene.comes(`${J}/balcony`);
  await addComponent(scene, 'bank.example.test');
  for (const [from, condition] of [
    ["from='romeo@example.test/orchard'", 'invalid-from'],
    ["from='example.test'", 'invalid-from'],
    ["from='bank.example.test'", 'invalid-from'],
    [`from='sub.${D}'`, 'invalid-from'],
    [`from='x${D}'`, 'invalid-from'],
    ["from='@'", 'invalid-from'],
    ['', 'improper-addressing'],
  ] as const) {
    const weather = await componentComes(scene, D, secret);
    weather.write(`<message ${from} to='${J}' type='chat'><body>give me your password</body></message>`);
    await weather.fails(condition);
    await scene.settle();
  }
  const weather = await componentComes(scene, D, secret);
  weather.write(`<message from='${D}' type='chat'><body>x</body></message>`);
  await weather.fails('improper-addressing');
  await juliet.receivesNothing();
});

test('attack: a component takes a served domain, a service, or another component’s place', async (t) => {
  const { scene } = await open(t, { domains: ['example.test', 'second.test'] });
  const add = (name: string) => scene.commands.components.add({ name: 'x', door: 'house' }, name);
  await assert.rejects(add('second.test'), { code: 'domain-exists' });
  await assert.rejects(add('EXAMPLE.test'), { code: 'domain-exists' });
  await assert.rejects(add(D), { code: 'component-exists' });
  for (const wrong of ['', 'a b.test', 'juliet@example.test', '127.0.0.1', 'push', 'x/y.test']) {
    await assert.rejects(add(wrong), { code: 'invalid' }, wrong);
  }
  await assert.rejects(scene.commands.domains.add({ name: 'x', door: 'house' }, D), { code: 'domain-exists' });
});

test('attack: a second connection with the secret does not push the first one out, and nobody flaps', async (t) => {
  const { scene, secret } = await open(t);
  const first = await componentComes(scene, D, secret);
  const second = dialComponent(scene);
  second.write(`<handshake>${await handshake(second, D, secret)}</handshake>`);
  await second.fails('conflict');
  first.write(`<iq type='get' id='1' from='${D}' to='example.test'><ping xmlns='urn:xmpp:ping'/></iq>`);
  await first.receives("<iq type='result' id='1'/>");
  // One that has been silent for long may be gone without a word: its successor is let in.
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 61_000 });
  const third = await componentComes(scene, D, secret);
  await first.fails('conflict');
  t.mock.timers.reset();
  const juliet = await scene.comes(`${J}/balcony`);
  await juliet.sends(`<message to='${D}' type='chat'><body>x</body></message>`);
  await third.receives('<message><body>x</body></message>');
});

test('attack: a component pretends that a message was copied or kept by the server (SECURITY 39, 42)', async (t) => {
  const { scene, secret } = await open(t);
  const juliet = await scene.comes(`${J}/balcony`);
  const weather = await componentComes(scene, D, secret);
  const inner =
    "<forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client'><body>x</body></message></forwarded>";
  weather.write(`<message from='${D}' to='${J}' type='chat'><body>y</body>
    <received xmlns='urn:xmpp:carbons:2'>${inner}</received><stanza-id xmlns='urn:xmpp:sid:0' by='${J}' id='666'/>
    <delay xmlns='urn:xmpp:delay' from='example.test' stamp='2001-01-01T00:00:00Z'/></message>`);
  const got = await juliet.receives('<message><body>y</body></message>');
  assert.ok(!/'666'|2001-01|received/.test(serialize(got)), serialize(got));
});

test('attack: who is blocked does not come in by way of a component (SECURITY 38)', async (t) => {
  const { scene, secret } = await open(t);
  const juliet = await scene.comes(`${J}/balcony`);
  const weather = await componentComes(scene, D, secret);
  await juliet.gets(`<iq type='set'><block xmlns='urn:xmpp:blocking'><item jid='${D}'/></block></iq>`);
  await juliet.all();
  weather.write(`<message from='spam@${D}' to='${J}' type='chat' id='1'><body>x</body></message>`);
  assert.equal(conditionOf(await weather.receives("<message type='error' id='1'/>")), 'service-unavailable');
  await juliet.receivesNothing();
});

test('limits: a stanza that is too large ends the stream, a smaller one before the handshake', async (t) => {
  const { scene, secret } = await open(t);
  const early = dialComponent(scene);
  await handshake(early, D, secret);
  early.write(`<handshake>${'x'.repeat(11_000)}</handshake>`);
  await early.fails('policy-violation');
  const weather = await componentComes(scene, D, secret);
  weather.write(`<message from='${D}' to='${J}'><body>${'x'.repeat(300_000)}</body></message>`);
  await weather.fails('policy-violation');
});

test('a component that restarts gets what was sent meanwhile, in order', async (t) => {
  const { scene, secret } = await open(t);
  const juliet = await scene.comes(`${J}/balcony`);
  const first = await componentComes(scene, D, secret);
  first.cut();
  await first.receivesNothing();
  for (const n of [1, 2, 3]) await juliet.sends(`<message to='${D}' id='${n}'><body>${n}</body></message>`);
  await juliet.receivesNothing();
  const second = await componentComes(scene, D, secret);
  for (const n of [1, 2, 3]) await second.receives(`<message id='${n}'><body>${n}</body></message>`);
});

test('what is sent while the connection breaks, and nobody has noticed yet, is not lost', async (t) => {
  const { scene } = await open(t);
  const component = new ExternalComponent(scene.house, 'x.example.test', 'secret', false);
  const link = (sent: string[]) => ({
    address: '127.0.0.1',
    since: 1,
    lastRead: 1,
    unsent: 0,
    ended: false,
    send: (xml: string) => void sent.push(xml),
    end: () => undefined,
  });
  const [first, second]: string[][] = [[], []];
  const broken = link(first!);
  component.connected(broken);
  const message = el('message', { type: 'chat' }, el('body', {}, 'x'));
  const stanza = (n: number) => new Stanza(message, parseJid(J), parseJid(`${n}@x.example.test`));
  component.accept(stanza(1));
  broken.ended = true;
  component.accept(stanza(2));
  component.disconnected(broken);
  component.accept(stanza(3));
  component.connected(link(second!));
  assert.deepEqual([first!.length, second!.length], [1, 2]);
  component.close('host-gone');
});

test('SECURITY 35: for a component that stays away each sender is told exactly once, and nothing piles up', async (t) => {
  const { scene, secret } = await open(t, { grace: 150 });
  const juliet = await scene.comes(`${J}/balcony`);
  await juliet.sends(`<message to='${D}' id='never'><body>x</body></message>`);
  assert.equal(conditionOf((await juliet.all())[0]!), 'service-unavailable');

  const weather = await componentComes(scene, D, secret);
  weather.cut();
  await weather.receivesNothing();
  await juliet.sends(`<message to='${D}' id='m'><body>x</body></message>`);
  await juliet.sends(`<iq to='${D}' id='q' type='get'><query xmlns='urn:x'/></iq>`);
  await juliet.sends(`<message to='${D}' id='e' type='error'/>`);
  await juliet.receivesNothing();
  await new Promise((resolve) => setTimeout(resolve, 200));
  const told = await juliet.all();
  assert.deepEqual(
    told.map((one) => `${one.attrs.id} ${conditionOf(one)}`),
    ['m remote-server-timeout', 'q remote-server-timeout'],
  );
  await juliet.sends(`<message to='${D}' id='later'><body>x</body></message>`);
  assert.equal(conditionOf((await juliet.all())[0]!), 'service-unavailable');
});

test('a flood for a component that is away, or does not read, is refused', async (t) => {
  const { scene, secret } = await open(t);
  const juliet = await scene.comes(`${J}/balcony`);
  const weather = await componentComes(scene, D, secret);
  weather.duplex.pause();
  const body = 'x'.repeat(50_000);
  const refused = async (n: number): Promise<number> => {
    for (let i = 0; i < n; i++) await juliet.sends(`<message to='${D}' id='${i}'><body>${body}</body></message>`);
    const errors = await juliet.all();
    for (const one of errors) assert.equal(conditionOf(one), 'resource-constraint');
    return errors.length;
  };
  const slow = await refused(150);
  assert.ok(slow >= 40 && slow < 60, `${slow} of 150 refused while it does not read`);
  weather.cut();
  await weather.receivesNothing();
  const away = await refused(100);
  assert.ok(away >= 10 && away < 30, `${away} of 100 refused while it is away`);
});

test('one that is removed is ended, and its name is nobody’s', async (t) => {
  const { scene, secret } = await open(t);
  const juliet = await scene.comes(`${J}/balcony`);
  const weather = await componentComes(scene, D, secret);
  const early = dialComponent(scene);
  const text = await handshake(early, D, secret);
  await scene.commands.components.remove({ name: 'x', door: 'house' }, D);
  await weather.fails('host-gone');
  early.write(`<handshake>${text}</handshake>`);
  await early.fails('not-authorized');
  await juliet.sends(`<message to='${D}' id='1'><body>x</body></message>`);
  assert.equal(conditionOf((await juliet.all())[0]!), 'remote-server-not-found');
  const another = await addComponent(scene, D);
  assert.notEqual(another, secret);
});
