import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Examined } from '../../server/s2s/context.ts';
import type { Judgement } from '../../server/s2s/policy.ts';
import type { Actor } from '../support/actor.ts';
import { type Neighbour, twoHouses } from '../support/two-houses.ts';

const JULIET = 'juliet@verona.test';
const ROMEO = 'romeo@mantua.test';
const say = (to: string, text: string): string =>
  `<message to='${to}' type='chat' id='${text}'><body>${text}</body></message>`;

interface Choices {
  readonly judge?: (domain: string) => Partial<Judgement>;
  readonly examined?: (domain: string, shown: boolean) => Examined['problem'];
}

/** Two houses with somebody in each. */
async function lovers(t: TestContext, options: Choices = {}) {
  const houses = await twoHouses(t, options);
  const juliet = await houses.verona.scene.comes(`${JULIET}/balcony`);
  const romeo = await houses.mantua.scene.comes(`${ROMEO}/orchard`);
  juliet.patience = 20_000;
  romeo.patience = 20_000;
  return { ...houses, juliet, romeo };
}

async function hears(actor: Actor, ...texts: readonly string[]): Promise<void> {
  for (const text of texts) await actor.receives(`<message type='chat'><body>${text}</body></message>`);
}

/** Waits until something holds, for as long as a slow machine may need. */
async function until(holds: () => boolean, what: string): Promise<void> {
  for (let waited = 0; !holds(); waited += 10) {
    assert.ok(waited < 20_000, `${what} did not happen`);
    await sleep(10);
  }
}

const links = ({ federation }: Neighbour) => federation.links();
/** No certificate is good, and dialback will do. */
const keysOnly: Choices = {
  judge: () => ({ proof: 'dialback' }),
  examined: () => ({ code: 'certificate-self-signed', facts: {} }),
};

describe('two houses', () => {
  test('XEP-0178, XEP-0288, XEP-0198: by certificate one stream goes both ways, and what arrived is confirmed', async (t) => {
    const { verona, mantua, juliet, romeo } = await lovers(t);
    await juliet.sends(say(ROMEO, 'wherefore'));
    await romeo.receives(
      `<message from='${JULIET}/balcony' to='${ROMEO}' type='chat' id='wherefore'><body>wherefore</body></message>`,
    );
    await romeo.sends(say(JULIET, 'here'));
    await hears(juliet, 'here');
    const [out, ...others] = links(verona);
    assert.deepEqual(others, []);
    assert.equal(links(mantua).length, 1);
    assert.deepEqual(
      [out?.direction, out?.theirs, out?.ours, out?.bidi, out?.managed],
      ['out', 'certificate', 'certificate', true, true],
    );
    await until(() => links(verona)[0]?.unconfirmed === 0, 'the acknowledgement');
    assert.deepEqual(
      mantua.attempts.map(({ outcome, direction, theirs }) => [outcome, direction, theirs]),
      [['connected', 'in', 'certificate']],
    );
  });

  test('who ends a stream says what has arrived: it is not sent again (XEP-0198 §4)', async (t) => {
    const ends: readonly ((house: Neighbour) => unknown)[] = [
      ({ federation }) => federation.closeNow('verona.test'),
      ({ federation }) => federation.close(),
    ];
    for (const end of ends) {
      const { verona, mantua, juliet, romeo } = await lovers(t);
      await juliet.sends(say(ROMEO, 'goodnight'));
      await hears(romeo, 'goodnight');
      end(mantua);
      await until(() => links(verona).length === 0, 'the end of the link');
      assert.deepEqual(verona.federation.queues(), []);
    }
  });

  test('what comes when nobody takes it any more, as the server goes down, is not taken as arrived', async (t) => {
    const { verona, mantua, juliet, romeo } = await lovers(t);
    await juliet.sends(say(ROMEO, 'goodnight'));
    await hears(romeo, 'goodnight');
    mantua.scene.house.router.remove('mantua.test');
    await juliet.sends(say(ROMEO, 'parting'));
    await until(() => verona.federation.queues().length > 0, 'the return of what was not taken');
    assert.deepEqual(
      verona.federation.queues().map(({ waiting }) => waiting),
      [1],
    );
    await juliet.receivesNothing();
  });

  test('XEP-0220: where no certificate is trusted keys do it, in a stream for each direction; a ping confirms', async (t) => {
    const { verona, mantua, juliet, romeo } = await lovers(t, keysOnly);
    await juliet.sends(say(ROMEO, 'wherefore'));
    await hears(romeo, 'wherefore');
    await romeo.sends(say(JULIET, 'here'));
    await hears(juliet, 'here');
    const ways = links(verona).map(({ direction, bidi, theirs, ours }) => [direction, bidi, theirs, ours]);
    assert.deepEqual(ways.sort(), [
      ['in', false, 'dialback', undefined],
      ['out', false, 'dialback', 'dialback'],
    ]);
    await until(() => links(verona).every(({ unconfirmed }) => unconfirmed === 0), 'the answer to the ping');
    await until(() => links(mantua).every(({ unconfirmed }) => unconfirmed === 0), 'the answer to the other ping');
    const sent = links(mantua).map((link) => link.sent);
    await sleep(2_500);
    assert.deepEqual(
      links(mantua).map((link) => link.sent),
      sent,
      'answers to pings are not followed by pings',
    );
  });

  test('XEP-0220 §2.6: another domain of ours shares the stream', async (t) => {
    const { verona, juliet, romeo } = await lovers(t, keysOnly);
    await juliet.sends(say(ROMEO, 'wherefore'));
    await hears(romeo, 'wherefore');
    await juliet.sends(
      "<presence to='balcony@conference.verona.test/Juliet'><x xmlns='http://jabber.org/protocol/muc'/></presence>",
    );
    await romeo.sends(
      "<presence to='balcony@conference.verona.test/Romeo'><x xmlns='http://jabber.org/protocol/muc'/></presence>",
    );
    for (let stanza = await romeo.receivesAny(); stanza.attrs.from !== 'balcony@conference.verona.test/Romeo'; ) {
      stanza = await romeo.receivesAny();
    }
    const out = [...verona.federation.links()].filter(({ direction }) => direction === 'out');
    assert.deepEqual(out.map(({ local }) => local).sort(), ['conference.verona.test', 'verona.test']);
    assert.equal(new Set(out.map(({ since }) => since)).size, 1, 'it is one stream');
    assert.equal(
      verona.attempts.filter(({ direction, tries }) => direction === 'out' && tries !== undefined).length,
      1,
    );
  });

  test('XEP-0368: TLS from the first byte', async (t) => {
    const { verona, mantua, juliet, romeo } = await lovers(t);
    t.mock.method(verona.context.names, 'srv', (name: string) =>
      name.startsWith('_xmpps-server.')
        ? Promise.resolve({ records: [{ target: '127.0.0.1', port: mantua.tlsPort, priority: 0, weight: 0 }], more: 0 })
        : Promise.resolve({ records: [], more: 0 }),
    );
    t.mock.method(verona.context, 'judge', () => ({ ...mantua.context.judge('verona.test'), address: undefined }));
    await juliet.sends(say(ROMEO, 'wherefore'));
    await hears(romeo, 'wherefore');
    assert.deepEqual(
      links(verona).map(({ transport }) => transport),
      ['tls'],
    );
    assert.deepEqual(
      links(mantua).map(({ transport }) => transport),
      ['tls'],
    );
  });

  test('what is said while the other side is down arrives once and in order when it is back', async (t) => {
    const { verona, mantua, juliet, romeo, book } = await lovers(t);
    const there = book.get('mantua.test')!;
    book.set('mantua.test', '127.0.0.1:1');
    for (const text of ['one', 'two', 'three']) await juliet.sends(say(ROMEO, text));
    await until(() => verona.attempts.length > 0, 'an attempt');
    assert.equal(verona.rows.size, 3, 'what waits is on disk');
    assert.equal(verona.attempts[0]?.problem?.code, 'refused');
    book.set('mantua.test', there);
    await juliet.sends(say(ROMEO, 'four'));
    await verona.federation.tryNow('verona.test', 'mantua.test');
    await hears(romeo, 'one', 'two', 'three', 'four');
    await until(() => verona.rows.size === 0, 'the end of what is on disk');
    await romeo.receivesNothing();
    assert.equal(mantua.federation.queues().length, 0);
  });

  test('XEP-0203: what has waited says when it was said, and what goes at once does not', async (t) => {
    const { verona, juliet, romeo, book } = await lovers(t);
    const there = book.get('mantua.test')!;
    book.set('mantua.test', '127.0.0.1:1');
    const now = Date.now();
    await juliet.sends(say(ROMEO, 'early'));
    const [said] = [...verona.rows.values()];
    await juliet.sends(
      `<message to='${ROMEO}' type='chat' id='own'><body>own</body><delay xmlns='urn:xmpp:delay' from='${JULIET}' stamp='2001-01-01T00:00:00Z'/></message>`,
    );
    await until(() => verona.attempts.length > 0, 'an attempt');
    book.set('mantua.test', there);
    t.mock.method(Date, 'now', () => now + 20_000);
    await verona.federation.tryNow('verona.test', 'mantua.test');
    const stamps = async (): Promise<unknown[]> => {
      const message = await romeo.receivesAny();
      return [message.attrs.id, ...message.getChildren('delay').map(({ attrs }) => [attrs.from, attrs.stamp])];
    };
    assert.deepEqual(await stamps(), ['early', ['verona.test', new Date(said!.at).toISOString()]]);
    assert.deepEqual(await stamps(), ['own', [JULIET, '2001-01-01T00:00:00Z']]);
    await juliet.sends(say(ROMEO, 'now'));
    assert.deepEqual(await stamps(), ['now']);
  });

  test('a link that breaks off, or is silent, with something unconfirmed is written down; one that is closed is not', async (t) => {
    const { verona, mantua, juliet, romeo } = await lovers(t);
    const failed = () =>
      verona.attempts.flatMap(({ outcome, domain, direction, problem }) =>
        outcome === 'failed' ? [[domain, direction, problem]] : [],
      );
    await juliet.sends(say(ROMEO, 'zero'));
    await hears(romeo, 'zero');
    await until(() => links(verona)[0]?.unconfirmed === 0, 'the acknowledgement');
    verona.federation.closeNow('mantua.test');
    await until(() => links(verona).length === 0, 'the polite end');
    assert.deepEqual(failed(), []);
    await juliet.sends(say(ROMEO, 'one'));
    await hears(romeo, 'one');
    await until(() => links(verona)[0]?.unconfirmed === 0, 'the other acknowledgement');
    for (const incoming of mantua.federation.door) incoming.stream.duplex.pause();
    await juliet.sends(say(ROMEO, 'two'));
    await until(() => links(verona)[0]?.unconfirmed === 1, 'the sending');
    for (const incoming of mantua.federation.door) incoming.stream.destroy();
    await until(() => links(verona).length === 0, 'the end of the link');
    const broken = ['mantua.test', 'out', { code: 'closed', facts: { unconfirmed: 1 } }];
    assert.deepEqual(failed(), [broken]);
    await verona.federation.tryNow('verona.test', 'mantua.test');
    await hears(romeo, 'two');
    await until(() => links(verona)[0]?.unconfirmed === 0, 'the last acknowledgement');
    for (const incoming of mantua.federation.door) incoming.stream.duplex.pause();
    await juliet.sends(say(ROMEO, 'three'));
    const link = verona.federation.remotes.find('verona.test', 'mantua.test')!.link!;
    link.confirm();
    await until(() => link.stream.unsent === 0, 'the question');
    link.lives(Date.now());
    assert.equal(link.lives(Date.now() + 31_000), false);
    await until(() => links(verona).length === 0, 'the end of the silent link');
    assert.deepEqual(failed(), [broken, ['mantua.test', 'out', { code: 'too-slow', facts: {} }]]);
  });

  test('what was sent and never confirmed is sent again, before what was said after it', async (t) => {
    const { verona, mantua, juliet, romeo } = await lovers(t);
    await juliet.sends(say(ROMEO, 'zero'));
    await hears(romeo, 'zero');
    await until(() => links(verona)[0]?.unconfirmed === 0, 'the acknowledgement');
    // Their machine stops: what is written to it is read by nobody.
    for (const incoming of mantua.federation.door) incoming.stream.duplex.pause();
    await juliet.sends(say(ROMEO, 'one'));
    await juliet.sends(say(ROMEO, 'two'));
    await until(() => links(verona)[0]?.unconfirmed === 2, 'the sending');
    for (const incoming of mantua.federation.door) incoming.stream.destroy();
    await until(() => links(verona).length === 0, 'the end of the link');
    await juliet.sends(say(ROMEO, 'three'));
    await verona.federation.tryNow('verona.test', 'mantua.test');
    await hears(romeo, 'one', 'two', 'three');
  });

  test('who cannot be reached for good is not waited for: each message gets one error', async (t) => {
    const problem = { code: 'certificate-expired', facts: {} } as const;
    const { verona, juliet, romeo } = await lovers(t, {
      examined: (domain) => (domain === 'mantua.test' ? problem : undefined),
    });
    await juliet.sends(say(ROMEO, 'one'));
    await juliet.receives(
      `<message from='${ROMEO}' type='error' id='one'><error type='cancel'><remote-server-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>`,
    );
    await juliet.sends(say(ROMEO, 'two'));
    await juliet.receives(`<message from='${ROMEO}' type='error' id='two'><error type='cancel'/></message>`);
    assert.deepEqual(
      verona.attempts.map(({ problem }) => problem?.code),
      ['certificate-expired'],
      'one try was enough',
    );
    assert.equal(verona.rows.size, 0);
    await romeo.receivesNothing();
  });

  test('what has waited too long goes back to its sender, once', async (t) => {
    const { verona, juliet, book } = await lovers(t);
    book.set('mantua.test', '127.0.0.1:1');
    await juliet.sends(say(ROMEO, 'one'));
    await juliet.sends(`<iq type='get' to='${ROMEO}' id='asked'><ping xmlns='urn:xmpp:ping'/></iq>`);
    verona.federation.remotes.tick(Date.now() + 31_000);
    await juliet.receives("<iq type='error' id='asked'><error type='wait'/></iq>");
    verona.federation.remotes.tick(Date.now() + 15 * 60_000 + 1);
    await juliet.receives("<message type='error' id='one'><error type='wait'/></message>");
    await juliet.receivesNothing();
    assert.equal(verona.rows.size, 0);
  });

  test('what waits when the server goes down waits on disk, and goes after the next start', async (t) => {
    const { verona, juliet, romeo, book } = await lovers(t);
    const there = book.get('mantua.test')!;
    book.set('mantua.test', '127.0.0.1:1');
    await juliet.sends(say(ROMEO, 'one'));
    await juliet.sends(say(ROMEO, 'two'));
    const rows = [...verona.rows.values()];
    assert.deepEqual(
      rows.map(({ sender, remote, kind }) => [sender, remote, kind]),
      Array(2).fill([JULIET, 'mantua.test', 'message']),
    );
    // The same rows, read by a server that has just begun.
    for (const { id } of rows) verona.rows.delete(id);
    const other = await lovers(t);
    other.book.set('mantua.test', there);
    other.verona.federation.restore(rows);
    await other.verona.federation.tryNow('verona.test', 'mantua.test');
    await hears(romeo, 'one', 'two');
  });

  test('more than can wait is refused, and rooms are told once that nobody there hears everything', async (t) => {
    const { verona, juliet, book } = await lovers(t);
    book.set('mantua.test', '127.0.0.1:1');
    const lost = t.mock.method(verona.scene.house.router, 'lost');
    const body = 'x'.repeat(180_000);
    for (let n = 0; n < 100; n++)
      await juliet.sends(`<message to='${ROMEO}' id='${n}' type='chat'><body>${body}</body></message>`);
    const errors = (await juliet.all()).filter(({ attrs }) => attrs.type === 'error');
    assert.ok(errors.length > 0 && errors.length < 20, `${errors.length} of 100`);
    assert.ok(errors.every((error) => error.getChild('error')?.getChild('resource-constraint') !== undefined));
    assert.equal(lost.mock.callCount(), 1);
  });

  test('a link that the policy does not allow any more ends, and nothing more goes', async (t) => {
    let denied = false;
    const { verona, mantua, juliet, romeo } = await lovers(t, { judge: () => (denied ? { verdict: 'deny' } : {}) });
    await juliet.sends(say(ROMEO, 'one'));
    await hears(romeo, 'one');
    denied = true;
    verona.federation.decided();
    await until(() => links(verona).length === 0 && links(mantua).length === 0, 'the end of the link');
    await juliet.sends(say(ROMEO, 'two'));
    await juliet.receives("<message type='error' id='two'/>");
    await romeo.receivesNothing();
    denied = false;
    verona.federation.decided();
    await juliet.sends(say(ROMEO, 'three'));
    await hears(romeo, 'three');
  });

  test('an unused link is closed by who made it, and opened again when somebody writes', async (t) => {
    const { verona, mantua, juliet, romeo } = await lovers(t);
    await juliet.sends(say(ROMEO, 'one'));
    await hears(romeo, 'one');
    await until(() => links(verona)[0]?.unconfirmed === 0, 'the acknowledgement');
    const now = Date.now();
    t.mock.method(Date, 'now', () => now + 16 * 60_000);
    await until(() => links(verona).length === 0 && links(mantua).length === 0, 'the end of the link');
    t.mock.restoreAll();
    await juliet.sends(say(ROMEO, 'two'));
    await hears(romeo, 'two');
  });

  test('presence and subscriptions go between houses (RFC 6121 §3)', async (t) => {
    const { juliet, romeo } = await lovers(t);
    await juliet.sends(`<presence to='${ROMEO}' type='subscribe'/>`);
    await juliet.receives('<iq type="set"/>');
    await romeo.receives(`<presence from='${JULIET}' to='${ROMEO}' type='subscribe'/>`);
    await romeo.sends(`<presence to='${JULIET}' type='subscribed'/>`);
    for (let stanza = await juliet.receivesAny(); stanza.name !== 'presence' || stanza.attrs.type !== undefined; ) {
      stanza = await juliet.receivesAny();
    }
  });
});
