import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { elements, serialize, textOf } from '../../server/xmpp/element.ts';
import { openScene, type Scene } from '../support/scene.ts';
import { type DialOptions, type DoorOptions, dial, openDoor, sasl, type Wire } from '../support/wire.ts';
import { conditionOf, find } from '../support/xml.ts';

const J = 'juliet@example.test';

async function open(
  t: TestContext,
  options: DialOptions & DoorOptions = {},
): Promise<{ scene: Scene; wire: Wire; again: () => Wire }> {
  const scene = await openScene(t, { domains: ['example.test', 'other.test'] });
  await scene.account(J);
  await scene.account('juliet@other.test');
  const door = openDoor(t, scene, options);
  return { scene, wire: dial(door, options).wire, again: () => dial(door, options).wire };
}

const names = (features: ReturnType<typeof elements>[number]) => elements(features).map(({ name }) => name);

describe('RFC 6120 §4.3: what is on offer when', () => {
  test('before TLS only TLS, and that is required (RFC 7590 §3.1, SECURITY 13)', async (t) => {
    const { wire } = await open(t, { tls: false });
    const features = await wire.opens('example.test');
    assert.equal(
      serialize(elements(features)[0]!),
      "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>",
    );
    assert.equal(features.children.length, 1);
  });

  test('then how to log in, and nothing else', async (t) => {
    const { wire } = await open(t);
    const features = await wire.opens('example.test');
    const offers = new Set(names(features).filter((name) => name !== 'register')); // that hangs on the domain's rule
    assert.deepEqual([...offers].sort(), ['authentication', 'limits', 'mechanisms', 'sasl-channel-binding']);
    assert.deepEqual(elements(find(features, 'mechanisms')!).map(textOf), [
      'SCRAM-SHA-512-PLUS',
      'SCRAM-SHA-256-PLUS',
      'SCRAM-SHA-1-PLUS',
      'SCRAM-SHA-512',
      'SCRAM-SHA-256',
      'SCRAM-SHA-1',
      'PLAIN',
    ]);
  });

  test('then binding and what goes with it', async (t) => {
    const { wire } = await open(t);
    const features = await wire.logsIn(J);
    for (const name of ['bind', 'sm', 'csi', 'ver', 'sub', 'c']) assert.ok(find(features, name), name);
    assert.equal(find(features, 'mechanisms'), undefined);
    assert.equal(find(features, 'starttls'), undefined);
    assert.ok(find(features, 'session', 'optional'));
  });
});

describe('RFC 6120 §4.7, §4.9.3: headers that are refused', () => {
  const cases: [string, string, string, string][] = [
    ['a domain that is not served', 'nowhere.test', "version='1.0'", 'host-unknown'],
    ['what is no domain', 'a b', "version='1.0'", 'host-unknown'],
    ['an account', J, "version='1.0'", 'host-unknown'],
    ['no domain', '', "version='1.0'", 'improper-addressing'],
    ['no version', 'example.test', '', 'unsupported-version'],
    ['version 0.9', 'example.test', "version='0.9'", 'unsupported-version'],
    ['no number', 'example.test', "version='x'", 'unsupported-version'],
  ];
  for (const [name, to, more, condition] of cases) {
    test(name, async (t) => {
      const { wire } = await open(t, { tls: false });
      wire.header(to, more);
      await wire.fails(condition);
    });
  }
  test('version 1.1 and 2.0 are fine (§4.7.5)', async (t) => {
    const { wire, again } = await open(t);
    await wire.opens('EXAMPLE.test', "version='1.1'");
    await again().opens('example.test', "version='2.0'");
  });
  test('each stream has an id of its own, that nobody can guess', async (t) => {
    const { wire, again } = await open(t);
    const ids = [];
    for (const one of [wire, again()]) {
      let text = '';
      one.duplex.on('data', (chunk: Buffer) => {
        text += chunk;
      });
      await one.opens('example.test');
      ids.push(/ id='([\w-]{20,})'/.exec(text)?.[1]);
    }
    assert.ok(ids[0] !== undefined && ids[1] !== undefined && ids[0] !== ids[1]);
  });
});

describe('before login', () => {
  for (const [name, xml] of [
    ['a message', "<message to='a@example.test'><body>hi</body></message>"],
    ['presence', '<presence/>'],
    ['a request', "<iq type='get' id='1'><query xmlns='jabber:iq:roster'/></iq>"],
    ['binding', "<iq type='set' id='1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>"],
    ['stream management', "<enable xmlns='urn:xmpp:sm:3' resume='true'/>"],
    ['resumption', "<resume xmlns='urn:xmpp:sm:3' h='0' previd='x'/>"],
    ['an acknowledgement', "<a xmlns='urn:xmpp:sm:3' h='0'/>"],
    ['client state', "<active xmlns='urn:xmpp:csi:0'/>"],
    ['something unknown', "<x xmlns='urn:x'/>"],
    ['what has no name of ours', "<message xmlns='jabber:server'/>"],
  ] as const) {
    for (const tls of [false, true]) {
      test(`${name} ends the stream, ${tls ? 'after' : 'before'} TLS (RFC 6120 §4.9.3.12)`, async (t) => {
        const { wire } = await open(t, { tls });
        await wire.opens('example.test');
        wire.write(xml);
        await wire.fails('not-authorized');
      });
    }
  }

  for (const mechanism of ['PLAIN', 'SCRAM-SHA-256', 'ANONYMOUS', 'EXTERNAL']) {
    test(`SECURITY 17: ${mechanism} before TLS ends the stream`, async (t) => {
      const { wire } = await open(t, { tls: false });
      await wire.opens('example.test');
      wire.write(sasl('auth', '\0juliet\0wherefore', `mechanism='${mechanism}'`));
      await wire.fails('not-authorized');
    });
  }

  test('the smaller limits hold: bytes, depth, elements (SECURITY 3)', async (t) => {
    const { wire, again } = await open(t);
    for (const [one, xml] of [
      [wire, `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>${'A'.repeat(11_000)}`],
      [again(), '<a>'.repeat(9)],
      [again(), `<a>${'<b/>'.repeat(64)}`],
    ] as const) {
      await one.opens('example.test');
      one.write(xml);
      await one.fails('policy-violation');
    }
  });

  test('after login there is room for real stanzas', async (t) => {
    const { wire } = await open(t);
    await wire.binds(`${J}/balcony`);
    wire.write(`<message to='${J}/balcony' id='big'><body>${'x'.repeat(200_000)}</body></message>`);
    await wire.receives("<message id='big'/>");
    wire.write(`<message><body>${'x'.repeat(300_000)}`);
    await wire.fails('policy-violation');
  });

  test('who does not get on is dropped', async (t) => {
    const { wire } = await open(t, { limits: { loginSeconds: 0.05 } });
    await wire.opens('example.test');
    await wire.fails('connection-timeout');
  });

  test('who has logged in is not', async (t) => {
    const { wire } = await open(t, { limits: { loginSeconds: 0.3 } });
    await wire.binds(`${J}/balcony`);
    await wire.receivesNothing(500);
    assert.equal(wire.ended, false);
  });
});

describe('SECURITY 15: the domain of a stream stays', () => {
  test('after login', async (t) => {
    const { wire } = await open(t);
    await wire.opens('example.test');
    await wire.plain('juliet');
    wire.header('other.test');
    await wire.fails('not-authorized');
  });
});

describe('RFC 6120 §7: binding', () => {
  test('the server makes a name that nobody can guess', async (t) => {
    const { wire } = await open(t);
    await wire.logsIn(J);
    assert.match(await wire.bind(), /^juliet@example\.test\/[\w-]{20,}$/);
  });

  test('a name is prepared', async (t) => {
    const { wire } = await open(t);
    await wire.logsIn('JULIET@example.test');
    assert.equal(await wire.bind('caf\u0065\u0301'), 'juliet@example.test/café');
  });

  const refused: [string, string, string][] = [
    [
      'a name that is none',
      "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>a\u0007b</resource></bind></iq>".replace(
        '\u0007',
        '&#xe000;',
      ),
      'bad-request',
    ],
    ['asking for it', "<iq type='get' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>", 'not-allowed'],
    ['something else first', "<iq type='get' id='b'><query xmlns='jabber:iq:roster'/></iq>", 'not-allowed'],
  ];
  for (const [name, xml, condition] of refused) {
    test(`refused: ${name}; then it may try again`, async (t) => {
      const { wire } = await open(t);
      await wire.logsIn(J);
      wire.write(xml);
      assert.equal(conditionOf(await wire.receives("<iq type='error' id='b'/>")), condition);
      await wire.bind('balcony');
    });
  }

  for (const xml of ['<message/>', '<presence/>', "<x xmlns='urn:x'/>"]) {
    test(`${xml} before it ends the stream (§7.1)`, async (t) => {
      const { wire } = await open(t);
      await wire.logsIn(J);
      wire.write(xml);
      await wire.fails('not-authorized');
    });
  }

  test('a second time is refused (§7.7.1)', async (t) => {
    const { wire } = await open(t);
    await wire.binds(`${J}/balcony`);
    wire.write("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>");
    await wire.receives("<iq type='error' id='b'/>");
  });

  test('too many devices (§7.6.2.1)', async (t) => {
    const { wire, again } = await open(t);
    for (let i = 0; i < 20; i++) await again().binds(`${J}/d${i}`);
    await wire.logsIn(J);
    wire.write("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>");
    assert.equal(conditionOf(await wire.receives("<iq type='error' id='b'/>")), 'resource-constraint');
  });

  test('the same name again: the newcomer stays (§7.7.2.2)', async (t) => {
    const { wire, again } = await open(t);
    await wire.binds(`${J}/balcony`);
    await again().binds(`${J}/balcony`);
    await wire.fails('conflict');
  });

  test('old clients may still establish a session (RFC 3921 §3)', async (t) => {
    const { wire } = await open(t);
    await wire.binds(`${J}/balcony`);
    wire.write("<iq type='set' id='s'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>");
    await wire.receives("<iq type='result' id='s'/>");
  });
});

describe('once bound', () => {
  for (const [name, xml, condition] of [
    ['a stanza that there is not', '<letter/>', 'unsupported-stanza-type'],
    ['an element of another namespace', "<message xmlns='jabber:server'/>", 'unsupported-stanza-type'],
    ['an element without a namespace', "<message xmlns=''/>", 'unsupported-stanza-type'],
    ['TLS again', "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", 'unsupported-stanza-type'],
    ['login again', sasl('auth', '\0juliet\0wherefore', "mechanism='PLAIN'"), 'not-authorized'],
    ['a second header', "<stream:stream to='example.test' version='1.0'>", 'bad-format'],
    ['text between stanzas', 'hello<presence/>', 'bad-format'],
    ['not XML', '<message></presence>', 'not-well-formed'],
    ['a document type', '<!DOCTYPE a>', 'restricted-xml'],
    ['somebody else’s name', "<message from='romeo@example.test' to='a@example.test'/>", 'invalid-from'],
    ['another device’s name', `<message from='${J}/chamber' to='a@example.test'/>`, 'invalid-from'],
    ['no name at all', "<message from='a b@c' to='a@example.test'/>", 'invalid-from'],
    ['a state that there is not', "<sleepy xmlns='urn:xmpp:csi:0'/>", 'unsupported-stanza-type'],
  ] as const) {
    test(`${name} ends the stream: ${condition}`, async (t) => {
      const { scene, wire } = await open(t);
      await wire.binds(`${J}/balcony`);
      wire.write(xml);
      await wire.fails(condition);
      await scene.settle();
      assert.equal(scene.host('example.test').sessions.count, 0);
    });
  }

  for (const from of [J, `${J}/balcony`, `${J.toUpperCase()}/balcony`]) {
    test(`RFC 6120 §8.1.2.1: a stanza may say that it is from ${from}`, async (t) => {
      const { wire } = await open(t);
      await wire.binds(`${J}/balcony`);
      wire.write(`<message from='${from}' to='${J}/balcony' id='m'/>`);
      await wire.receives(`<message from='${J}/balcony' id='m'/>`);
    });
  }

  test('goodbye is answered with goodbye (RFC 6120 §4.4)', async (t) => {
    const { scene, wire } = await open(t);
    await wire.binds(`${J}/balcony`);
    wire.write('</stream:stream>');
    assert.equal(await wire.next(), 'close');
    assert.equal(await wire.next(), undefined);
    await scene.settle();
    assert.equal(scene.host('example.test').sessions.count, 0);
  });

  test('an address that is none is refused, the stream lives (RFC 6120 §8.1.1)', async (t) => {
    const { wire } = await open(t);
    await wire.binds(`${J}/balcony`);
    wire.write("<message to='a b@example.test' id='m'><body>x</body></message>");
    assert.equal(conditionOf(await wire.receives("<message type='error' id='m'/>")), 'jid-malformed');
    wire.write("<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>");
    await wire.receives("<iq type='result' id='p'/>");
  });
});
