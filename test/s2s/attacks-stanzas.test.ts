import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Judgement } from '../../server/s2s/policy.ts';
import { LinkProblem } from '../../server/s2s/problem.ts';
import { ServerPeer, type ServerWire } from '../support/server-peer.ts';
import { EVIL, JULIET, say, siege, until } from '../support/siege.ts';
import { conditionOf } from '../support/xml.ts';

const IAGO = 'iago@evil.test';
const SM = 'urn:xmpp:sm:3';
const ping = (from: string, to: string, id: string): string =>
  `<iq type='get' from='${from}' to='${to}' id='${id}'><ping xmlns='urn:xmpp:ping'/></iq>`;

test('stanzas of other servers', async (stage) => {
  const s = await siege(stage);

  async function attack(name: string, run: (t: TestContext) => Promise<void>, judgement: Partial<Judgement> = {}) {
    await stage.test(name, async (t) => {
      await s.begins(t, judgement);
      await run(t);
      await s.isClear();
      await s.stands();
    });
  }
  /** A stream of evil.test that goes both ways. */
  async function both(): Promise<ServerWire> {
    const wire = await s.calls();
    const hello = { to: 'verona.test', from: 'evil.test' };
    await wire.introduces(hello, EVIL);
    wire.write("<bidi xmlns='urn:xmpp:bidi'/>");
    await wire.authenticates(hello);
    return wire;
  }
  /** All that was written has been handled: what comes behind it is answered. */
  async function handled(wire: ServerWire): Promise<void> {
    wire.write(ping(IAGO, 'verona.test', 'behind'));
    for (let answer = await wire.stanza(); answer.attrs.id !== 'behind'; ) answer = await wire.stanza();
  }

  for (const [what, from] of [
    ['SECURITY 31: a sender of another domain', 'romeo@mantua.test'],
    ['SECURITY 32: a sender of ours', JULIET],
    ['SECURITY 32: our domain itself', 'verona.test'],
    ['SECURITY 32: a room of ours', 'balcony@conference.verona.test/juliet'],
    ['SECURITY 31: a sender below the domain', 'iago@sub.evil.test'],
    ['SECURITY 31: a sender above it', 'iago@test'],
    ['SECURITY 31: a domain that only looks alike', 'iago@evil.test.'.replace('evil', 'еvil')],
  ] as const) {
    await attack(`${what}: the stream ends, nobody hears anything`, async () => {
      for (const begins of [s.evil.bind(s), both]) {
        const wire = await begins();
        wire.write(say(from, JULIET, 'one'));
        await wire.fails('invalid-from');
      }
    });
  }
  await attack('SECURITY 31: to a domain of ours for which they have not shown who they are', async () => {
    const wire = await s.evil();
    wire.write(say(IAGO, 'balcony@conference.verona.test', 'one'));
    await wire.fails('invalid-from');
  });
  await attack('relaying: from one server to another, by a stream that goes one way or both', async () => {
    for (const begins of [s.evil.bind(s), both]) {
      const wire = await begins();
      wire.write(say(IAGO, 'romeo@mantua.test', 'one'));
      await wire.fails('invalid-from');
    }
  });
  await attack('SECURITY 31: a stream that we have made and that goes one way lets nothing in', async (t) => {
    const peer = await ServerPeer.listens(t);
    s.book.set('evil.test', peer.place);
    await s.juliet.sends(`<message to='${IAGO}'><body>who are you</body></message>`);
    const remote = s.house.federation.remotes.find('verona.test', 'evil.test')!;
    void remote.try();
    const wire = await peer.called();
    const features =
      "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>EXTERNAL</mechanism></mechanisms>";
    await wire.welcomes(EVIL, features, { from: 'evil.test', id: 'one' });
    await wire.receives("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'/>");
    wire.write("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
    wire.header('verona.test', "from='evil.test' version='1.0' id='two' xmlns:db='jabber:server:dialback'");
    wire.write('<stream:features/>');
    await wire.heads();
    await wire.receives(`<message to='${IAGO}'/>`);
    wire.write(say(IAGO, JULIET, 'one'));
    await wire.fails('invalid-from');
    // What was not confirmed would be said again to the next.
    await until(() => remote.link === undefined, 'the end of the link');
    remote.refuse(new LinkProblem('closed-by-admin'));
    await s.juliet.all();
  });
  await attack('RFC 6120 §8.1.1.2, §8.1.2.2: no sender, no recipient', async () => {
    for (const xml of [
      `<message from='${IAGO}'><body>one</body></message>`,
      `<message to='${JULIET}'><body>one</body></message>`,
      '<presence/>',
    ]) {
      const wire = await s.evil();
      wire.write(xml);
      await wire.fails('improper-addressing');
    }
  });
  await attack('what is no domain at all in an address', async () => {
    for (const to of ['', '@', 'juliet@', 'juliet@/balcony', 'juliet@a b', '/']) {
      const wire = await s.evil();
      wire.write(say(IAGO, to, 'one'));
      await wire.fails('improper-addressing');
    }
  });
  await attack('RFC 6120 §8.3.3.8: one address that cannot be does not end what a server shares', async () => {
    const wire = await both();
    for (const to of ['ju liet@verona.test', '@verona.test', `${'a'.repeat(2_000)}@verona.test`]) {
      wire.write(say(IAGO, to, 'bad'));
      const error = await wire.stanza();
      assert.deepEqual([error.name, error.attrs.type, error.attrs.id], ['message', 'error', 'bad']);
      assert.equal(conditionOf(error), 'jid-malformed');
    }
    wire.write(say(IAGO, 'a@b@verona.test', 'bad')); // whose domain would be b@verona.test
    await wire.fails('improper-addressing');
    const other = await both();
    other.write(say('ia go@evil.test', JULIET, 'one'));
    other.write(say(`${'a'.repeat(2_000)}@evil.test/x`, JULIET, 'one'));
    other.write("<message type='error' from='iago@evil.test' to='ju liet@verona.test' id='two'/>");
    await handled(other);
    other.write(say('ia go@mantua.test', JULIET, 'one'));
    await other.fails('invalid-from');
  });
  await attack('RFC 6120 §8.2.3: an iq without id, with no payload, with two, of no type', async () => {
    const wire = await both();
    for (const xml of [
      `<iq type='get' from='${IAGO}' to='${JULIET}'><ping xmlns='urn:xmpp:ping'/></iq>`,
      `<iq type='get' id='1' from='${IAGO}' to='${JULIET}'/>`,
      `<iq type='get' id='1' from='${IAGO}' to='${JULIET}'><a xmlns='x'/><b xmlns='x'/></iq>`,
      `<iq type='' id='1' from='${IAGO}' to='${JULIET}'><a xmlns='x'/></iq>`,
      `<presence type='haunt' id='1' from='${IAGO}' to='${JULIET}'/>`,
    ]) {
      wire.write(xml);
      assert.equal(conditionOf(await wire.stanza()), 'bad-request', xml);
    }
    wire.cut();
  });
  await attack('what is no stanza, and a stanza that is too large or too deep', async () => {
    for (const [xml, condition] of [
      [`<iqq from='${IAGO}' to='${JULIET}'/>`, 'unsupported-stanza-type'],
      [`<message xmlns='urn:other' from='${IAGO}' to='${JULIET}'/>`, 'unsupported-stanza-type'],
      [say(IAGO, JULIET, 'x'.repeat(300_000)), 'policy-violation'],
      [
        `<message from='${IAGO}' to='${JULIET}'>${'<a>'.repeat(100)}${'</a>'.repeat(100)}</message>`,
        'policy-violation',
      ],
      [`<message from='${IAGO}' to='${JULIET}'>${'<a/>'.repeat(6_000)}</message>`, 'policy-violation'],
    ] as const) {
      const wire = await s.evil();
      wire.write(xml);
      await wire.fails(condition);
    }
  });
  await attack(
    'errors of errors: nothing is said to an error, an answer, or a result that nobody asked for',
    async () => {
      const wire = await both();
      for (const kind of ['message', 'presence', 'iq']) {
        for (const to of ['nobody@verona.test', JULIET, 'verona.test', 'verona.test/x', `${JULIET}/nowhere`]) {
          wire.write(`<${kind} type='error' id='e' from='${IAGO}' to='${to}'><error type='cancel'/></${kind}>`);
        }
      }
      wire.write(`<iq type='result' id='r' from='${IAGO}' to='${JULIET}/balcony'/>`);
      wire.write(ping(IAGO, 'verona.test', 'behind'));
      assert.equal((await wire.stanza()).attrs.id, 'behind', 'not an answer to an error');
      await s.juliet.all();
      wire.cut();
    },
  );
  await attack('answers to pings that were never sent', async () => {
    const wire = await both();
    for (let n = 0; n < 100; n++) wire.write(`<iq type='result' id='s2s-${n}' from='${IAGO}' to='verona.test'/>`);
    await handled(wire);
    wire.cut();
  });
  await attack('SECURITY 36: a flood of requests to be a contact', async () => {
    const wire = await both();
    for (let n = 0; n < 300; n++) wire.write(`<presence type='subscribe' from='i${n}@evil.test' to='${JULIET}'/>`);
    const kinds = new Map<string, number>();
    wire.write(ping(IAGO, 'verona.test', 'behind'));
    for (let answer = await wire.stanza(); answer.attrs.id !== 'behind'; answer = await wire.stanza()) {
      const kind = answer.attrs.type === 'error' ? conditionOf(answer)! : String(answer.attrs.type);
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    }
    assert.ok((kinds.get('resource-constraint') ?? 0) >= 150, JSON.stringify([...kinds]));
    assert.ok((await s.juliet.all()).length <= 150, 'Juliet is not flooded');
    wire.cut();
  });
  await attack('a flood of whatever kind: what is more than 20,000 has to wait, 5,000 of it a second', async () => {
    const wire = await both();
    const begun = performance.now();
    wire.write(`<iq type='result' id='x' from='${IAGO}' to='verona.test'/>`.repeat(40_000));
    await handled(wire);
    // Those who were read at once gave time for more; without a pace it takes half as long.
    assert.ok(performance.now() - begun >= 4_000, 'they were let through as fast as they came');
    wire.cut();
  });
  await attack('what the policy does not let in any more', async () => {
    const wire = await both();
    s.judgement = { verdict: 'deny' };
    s.house.federation.decided();
    await wire.fails('policy-violation');
  });
  await attack('a domain that has become one of ours', async () => {
    const wire = await both();
    s.house.scene.hosts.add('evil.test');
    await wire.fails('conflict');
    await s.house.scene.hosts.remove('evil.test');
  });

  await attack('XEP-0198: more is acknowledged than was sent, and what is no number', async () => {
    for (const [h, condition] of [
      ['5', 'undefined-condition'],
      ['-1', 'bad-format'],
      ['4294967295', 'undefined-condition'],
      ['4294967296', 'bad-format'],
      ['x', 'bad-format'],
      ['1.5', 'bad-format'],
    ] as const) {
      const wire = await both();
      wire.write(`<enable xmlns='${SM}'/>`);
      await wire.receives(`<enabled xmlns='${SM}'/>`);
      wire.write(`<a xmlns='${SM}' h='${h}'/>`);
      await wire.fails(condition);
    }
  });
  await attack('XEP-0198: enabled twice, resumed, answered without a question', async () => {
    const wire = await both();
    wire.write(`<a xmlns='${SM}' h='7'/><r xmlns='${SM}'/><enabled xmlns='${SM}'/>`);
    wire.write(`<enable xmlns='${SM}'/>`);
    await wire.receives(
      `<failed xmlns='${SM}'><unexpected-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>`,
    );
    wire.write(`<resume xmlns='${SM}' previd='x' h='0'/>`);
    await wire.receives(`<failed xmlns='${SM}'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>`);
    wire.write(`<sm xmlns='${SM}'/>`);
    await wire.fails('unsupported-stanza-type');
  });
  await attack('a stanza is counted once, be it refused', async () => {
    const wire = await both();
    wire.write(`<enable xmlns='${SM}'/>`);
    await wire.receives(`<enabled xmlns='${SM}'/>`);
    wire.write(
      say(IAGO, 'ju liet@verona.test', '1') + say(IAGO, 'nobody@verona.test', '2') + ping(IAGO, 'verona.test', '3'),
    );
    for (let n = 0; n < 3; n++) await wire.stanza();
    wire.write(`<r xmlns='${SM}'/>`);
    for (let item = await wire.element(); ; item = await wire.element()) {
      if (item.name !== 'a') continue;
      assert.equal(item.attrs.h, '3');
      break;
    }
    wire.cut();
  });
  await attack('a server that sends and never reads is held, then let go of, and others go on', async () => {
    const wire = await both();
    wire.duplex.pause();
    wire.socket.pause();
    const asks = ping(IAGO, 'verona.test', 'again').repeat(500);
    for (let n = 0; n < 3; n++) wire.duplex.write(asks);
    const vast = 'x'.repeat(100_000);
    for (let n = 0; n < 120; n++) {
      await s.juliet.sends(`<message to='${IAGO}' type='chat'><body>${vast}</body></message>`);
    }
    const remote = s.house.federation.remotes.find('verona.test', 'evil.test')!;
    await s.stands();
    const [link] = [...s.house.federation.door].flatMap(({ link }) =>
      link?.bidi && link.leaving.has(remote) ? [link] : [],
    );
    assert.ok(link !== undefined);
    assert.ok(link.stream.unsent < 20 * 1024 * 1024);
    // Half a minute later nothing has been read.
    const now = Date.now();
    assert.equal(link.lives(now + 2_000), true);
    assert.equal(link.lives(now + 40_000), false);
    await until(() => link.ended, 'the end of it');
    await until(() => remote.waiting > 100, 'the return of what was not read');
    remote.refuse(new LinkProblem('closed-by-admin'));
    await s.juliet.all();
  });
});
