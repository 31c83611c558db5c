import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import type { Judgement } from '../../server/s2s/policy.ts';
import { child, elements } from '../../server/xmpp/element.ts';
import { calls, SASL, type ServerWire } from '../support/server-peer.ts';
import { EVIL, JULIET, ROOT, say, siege, until } from '../support/siege.ts';

const HELLO = { to: 'verona.test', from: 'evil.test' };
const TLS = 'urn:ietf:params:xml:ns:xmpp-tls';
const auth = (text = '=', mechanism = 'EXTERNAL'): string =>
  `<auth xmlns='${SASL}' mechanism='${mechanism}'>${text}</auth>`;
const base64 = (text: string): string => Buffer.from(text).toString('base64');

test('streams that others begin', async (stage) => {
  const s = await siege(stage);

  async function attack(name: string, run: (t: TestContext) => Promise<void>, judgement: Partial<Judgement> = {}) {
    await stage.test(name, async (t) => {
      await s.begins(t, judgement);
      await run(t);
      await s.isClear();
      await s.stands();
    });
  }
  /** Before TLS, and behind it. */
  async function twice(run: (wire: ServerWire) => Promise<void>): Promise<void> {
    const plain = await s.calls();
    await run(plain);
    const wire = await s.calls();
    await wire.begins(HELLO);
    await wire.encrypts(EVIL);
    await run(wire);
  }
  const mechanisms = (features: Awaited<ReturnType<ServerWire['begins']>>): string[] => {
    const offered = child(features, 'mechanisms', SASL);
    return offered === undefined ? [] : elements(offered).map((one) => one.text());
  };

  await attack('RFC 6120 §4.9.3.6: a stream to a domain that is not here', () =>
    twice(async (wire) => {
      wire.hello({ to: 'elsewhere.test', from: 'evil.test' });
      await wire.fails('host-unknown');
    }),
  );
  await attack('RFC 6120 §4.9.3.7: a stream to nobody', () =>
    twice(async (wire) => {
      wire.hello({ from: 'evil.test' });
      await wire.fails('improper-addressing');
    }),
  );
  await attack('RFC 6120 §4.9.3.25: a stream without version, as before XMPP 1.0', () =>
    twice(async (wire) => {
      wire.hello({ ...HELLO, version: '' });
      await wire.fails('unsupported-version');
    }),
  );
  await attack('a stream to an address within a domain', () =>
    twice(async (wire) => {
      wire.hello({ to: JULIET, from: 'evil.test' });
      await wire.fails('host-unknown');
    }),
  );
  await attack('a stream of a client', () =>
    twice(async (wire) => {
      wire.write(
        "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='verona.test' version='1.0'>",
      );
      await wire.fails('invalid-namespace');
    }),
  );
  for (const [name, xml, condition] of [
    ['SECURITY 1: billion laughs', "<?xml version='1.0'?><!DOCTYPE lolz [<!ENTITY lol 'lol'>]>", 'restricted-xml'],
    ['SECURITY 2: a comment', '<!-- hello -->', 'restricted-xml'],
    ['SECURITY 7: bytes that are no UTF-8', Buffer.from([0x3c, 0xc0, 0xaf, 0x3e]), 'bad-format'],
    ['a request of HTTP', 'GET / HTTP/1.1\r\nHost: verona.test\r\n\r\n', 'not-well-formed'],
    ['an element before the stream', "<message to='juliet@verona.test'/>", 'invalid-namespace'],
  ] as const) {
    await attack(name, () =>
      twice(async (wire) => {
        wire.write(xml);
        const conditions = await wire.isOver();
        assert.equal(conditions.length, 1);
        if (typeof xml === 'string') assert.equal(conditions[0], condition);
      }),
    );
  }
  await attack('SECURITY 9: a stream within a stream', () =>
    twice(async (wire) => {
      await wire.begins(HELLO);
      wire.write("<stream:stream xmlns='jabber:server' to='verona.test' from='evil.test' version='1.0'>");
      await wire.fails('bad-format');
    }),
  );
  await attack('SECURITY 3: much, deep, and many small elements before anybody has shown who they are', async () => {
    for (const xml of [
      `<auth xmlns='${SASL}' mechanism='EXTERNAL'>${'a'.repeat(20_000)}</auth>`,
      `${'<a>'.repeat(50)}${'</a>'.repeat(50)}`,
      `<a>${'<b/>'.repeat(500)}</a>`,
      `<a ${Array.from({ length: 100 }, (_, n) => `a${n}=''`).join(' ')}/>`,
    ]) {
      const wire = await s.calls();
      await wire.introduces(HELLO, EVIL);
      wire.write(xml);
      await wire.fails('policy-violation');
    }
  });
  await attack('SECURITY 13: a stanza, a key and a way to log in before TLS', async () => {
    for (const xml of [
      say('iago@evil.test', JULIET, 'one'),
      "<db:result from='evil.test' to='verona.test'>key</db:result>",
      "<db:verify from='evil.test' to='verona.test' id='1'>key</db:verify>",
      auth(),
      "<enable xmlns='urn:xmpp:sm:3'/>",
    ]) {
      const wire = await s.calls();
      const features = await wire.begins(HELLO);
      assert.deepEqual(
        elements(features).map(({ name }) => name),
        ['starttls'],
      );
      wire.write(xml);
      await wire.fails('policy-violation');
    }
  });
  await attack('SECURITY 12: what was sent behind <starttls/> in plain text is forgotten', async () => {
    const smuggled = `${auth()}${say('iago@evil.test', JULIET, 'smuggled')}`;
    const wire = await s.calls();
    await wire.begins(HELLO);
    wire.write(`<starttls xmlns='${TLS}'/>${smuggled}`);
    await wire.receives(`<proceed xmlns='${TLS}'/>`);
    await wire.encryptsNow(EVIL);
    await wire.begins(HELLO);
    wire.write(say('iago@evil.test', JULIET, 'two'));
    await wire.fails('not-authorized');
    // With a header of its own the plain stream is no stream any more, which ends all.
    const other = await s.calls();
    await other.begins(HELLO);
    const header = "<stream:stream xmlns='jabber:server' to='verona.test' from='evil.test' version='1.0'>";
    other.write(`<starttls xmlns='${TLS}'/>${header}${smuggled}`);
    await other.receives(`<proceed xmlns='${TLS}'/>`);
    await other.encryptsNow(EVIL);
    other.hello(HELLO);
    assert.deepEqual(await other.isOver(), ['bad-format']);
  });
  await attack('SECURITY 15: after TLS, and after authentication, to another domain', async () => {
    const one = await s.calls();
    await one.begins(HELLO);
    await one.encrypts(EVIL);
    one.hello({ ...HELLO, to: 'conference.verona.test' });
    await one.fails('not-authorized');
    const other = await s.calls();
    await other.introduces(HELLO, EVIL);
    other.write(auth());
    await other.receives(`<success xmlns='${SASL}'/>`);
    other.hello({ ...HELLO, to: 'conference.verona.test' });
    await other.fails('not-authorized');
  });
  await attack('SECURITY 31: after authentication from another domain', async () => {
    const wire = await s.calls();
    await wire.introduces(HELLO, EVIL);
    wire.write(auth());
    await wire.receives(`<success xmlns='${SASL}'/>`);
    wire.hello({ ...HELLO, from: 'mantua.test' });
    await wire.fails('invalid-from');
  });
  await attack('SECURITY 32: a stream of a domain of ours, of a service of ours', async () => {
    for (const from of ['verona.test', 'conference.verona.test', 'VERONA.test.']) {
      const wire = await s.calls();
      await wire.begins({ to: 'verona.test', from });
      await wire.encrypts(ROOT.issue({ dns: ['verona.test'] }));
      wire.hello({ to: 'verona.test', from });
      await wire.fails('invalid-from');
    }
  });
  await attack(
    'a domain that the policy refuses hears no more than that, and it is recorded',
    async () => {
      const wire = await s.calls();
      await wire.begins(HELLO);
      await wire.encrypts(EVIL);
      wire.hello(HELLO);
      await wire.fails('policy-violation');
      assert.deepEqual(s.codes('evil.test'), ['policy-closed']);
    },
    { verdict: 'deny' },
  );
  await attack('SECURITY 14: TLS 1.1 is not spoken', async () => {
    const wire = await s.calls();
    await wire.begins(HELLO);
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    await assert.rejects(wire.encrypts(EVIL, old), /protocol|alert|version/i);
    await until(() => s.attempts('evil.test').length > 0, 'the record');
    assert.deepEqual(s.codes('evil.test'), ['tls-too-old']);
  });

  await attack('SECURITY 17: a way to log in that is not offered', async () => {
    const wire = await s.calls();
    assert.deepEqual(mechanisms(await wire.introduces(HELLO, EVIL)), ['EXTERNAL']);
    for (const name of ['PLAIN', 'ANONYMOUS', 'SCRAM-SHA-1', 'external']) {
      wire.write(auth('=', name));
      await wire.receives(`<failure xmlns='${SASL}'><invalid-mechanism/></failure>`);
    }
    wire.write(auth('=', 'PLAIN'));
    assert.deepEqual(await wire.isOver(), ['policy-violation']);
  });
  await attack('SECURITY 16: to be another domain than the certificate says', async () => {
    const wire = await s.calls();
    await wire.introduces(HELLO, EVIL);
    for (const who of ['mantua.test', 'verona.test', 'iago@evil.test', 'evil.test\0']) {
      wire.write(auth(base64(who)));
      await wire.receives(`<failure xmlns='${SASL}'><invalid-authzid/></failure>`);
    }
    wire.cut();
  });
  await attack('XEP-0178: EXTERNAL without a certificate, and without a name', async () => {
    const wire = await s.calls();
    assert.deepEqual(mechanisms(await wire.introduces(HELLO)), []);
    wire.write(auth());
    await wire.receives(`<failure xmlns='${SASL}'><not-authorized/></failure>`);
    wire.write(say('iago@evil.test', JULIET, 'one'));
    await wire.fails('not-authorized');
    assert.equal(s.codes('evil.test')[0], 'certificate-missing');
    const nameless = await s.calls();
    assert.deepEqual(mechanisms(await nameless.introduces({ to: 'verona.test' }, EVIL)), []);
    nameless.write(auth(base64('evil.test')));
    await nameless.fails('unsupported-stanza-type');
  });
  await attack('SASL twice, and an answer to no challenge', async () => {
    const wire = await s.evil();
    wire.write(auth());
    await wire.fails('unsupported-stanza-type');
    const other = await s.calls();
    await other.introduces(HELLO, EVIL);
    other.write(`<response xmlns='${SASL}'>=</response>`);
    await other.fails('unsupported-stanza-type');
  });
  await attack('stream management and elements of nobody before anybody has shown who they are', async () => {
    for (const xml of [
      "<enable xmlns='urn:xmpp:sm:3'/>",
      "<resume xmlns='urn:xmpp:sm:3' previd='a' h='0'/>",
      "<a xmlns='b'/>",
    ]) {
      const wire = await s.calls();
      await wire.introduces(HELLO, EVIL);
      wire.write(xml);
      await wire.fails('unsupported-stanza-type');
    }
  });

  const says: readonly [string, (wire: ServerWire) => Promise<unknown>][] = [
    ['nothing', async () => undefined],
    ['a header', (wire) => wire.begins(HELLO)],
    [
      '<starttls/>',
      async (wire) => {
        await wire.begins(HELLO);
        return wire.write(`<starttls xmlns='${TLS}'/>`);
      },
    ],
    [
      'a handshake',
      async (wire) => {
        await wire.begins(HELLO);
        return wire.encrypts(EVIL);
      },
    ],
    ['a header behind TLS', (wire) => wire.introduces(HELLO, EVIL)],
    [
      'a claim that nobody can vouch for',
      async (wire) => {
        await wire.introduces(HELLO);
        return wire.claims('evil.test', 'verona.test');
      },
    ],
    [
      'half a stanza',
      async (wire) => {
        await wire.introduces(HELLO, EVIL);
        return wire.write('<message from=');
      },
    ],
  ];
  await attack('a server that says nothing more, at each step: it is let go of when its time is over', async () => {
    // This long for each of them, so that a slow machine gets as far as that.
    Object.assign(s.house.context.limits, { loginSeconds: 3 });
    const wires = await Promise.all(
      says.map(async ([what, run]) => {
        const wire = await s.calls();
        await run(wire);
        return { what, wire };
      }),
    );
    assert.equal([...s.house.federation.door].length >= says.length, true);
    for (const { what, wire } of wires) {
      while (!wire.ended) await wire.next();
      assert.ok(wire.ended, what);
    }
    assert.ok(s.codes('evil.test').includes('no-answer'));
    Object.assign(s.house.context.limits, { loginSeconds: 30 });
  });
  await attack(
    'SECURITY 4: from one address only some may be strangers; who has shown itself is not counted',
    async (t) => {
      const wires: ServerWire[] = [];
      for (let n = 0; n < 80; n++) wires.push(await calls(t, s.house.port));
      await until(() => wires.filter(({ ended }) => ended).length >= 80 - 64, 'the refusal');
      assert.ok([...s.house.federation.door].length <= 64 + 2);
      await s.stands();
      for (const wire of wires) wire.cut();
      await until(() => [...s.house.federation.door].length <= 2, 'the end of them');
      await s.evil().then((wire) => wire.cut());
    },
  );
  await attack('a stream that was ended counts until its connection is closed', async (t) => {
    // They are told that they broke the rules, and do not hang up.
    const wires: ServerWire[] = [];
    for (let n = 0; n < 64; n++) {
      const wire = await calls(t, s.house.port);
      wire.socket.allowHalfOpen = true;
      wire.write('<wrong>');
      wires.push(wire);
    }
    await Promise.all(
      wires.map(async (wire) => {
        while (!wire.ended) await wire.next();
      }),
    );
    const another = await calls(t, s.house.port);
    while (!another.ended) await another.next();
    assert.equal(another.bytes, 0, 'it was not let in');
    for (const wire of wires) wire.cut();
    await until(() => [...s.house.federation.door].length <= 2, 'the end of them');
    await until(() => wires.every(({ socket }) => socket.closed), 'the end of connections');
  });
  await attack('one domain has so many streams and no more', async () => {
    const hello = { to: 'verona.test', from: 'evil.test' };
    const wires: ServerWire[] = [];
    for (let n = 0; n < 50; n++) wires.push(await s.evil());
    const wire = await s.calls();
    await wire.introduces(hello, EVIL);
    wire.write(auth());
    await wire.fails('resource-constraint');
    assert.equal(s.codes('evil.test').at(-1), 'too-many');
    for (const one of wires) one.cut();
  });
  await attack('half closed: who has ended their side gets the end of ours', async () => {
    const wire = await s.evil();
    wire.duplex.end();
    while (!wire.ended) await wire.next();
    if (!wire.duplex.closed) await once(wire.duplex, 'close');
  });
  await attack('a server that is gone in the middle of TLS', async () => {
    const wire = await s.calls();
    await wire.begins(HELLO);
    wire.write(`<starttls xmlns='${TLS}'/>`);
    await wire.receives(`<proceed xmlns='${TLS}'/>`);
    wire.write(Buffer.from([0x16, 0x03, 0x01, 0x00]));
    wire.socket.resetAndDestroy();
  });
  await attack('XEP-0368: garbage in the place of a handshake', async () => {
    const wire = await s.calls('tls');
    wire.duplex.removeAllListeners('data');
    wire.duplex.resume();
    wire.write("<?xml version='1.0'?><stream:stream>");
    while (!wire.ended) await wire.next();
  });
});
