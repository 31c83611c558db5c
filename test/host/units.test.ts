import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Events, type HostEvents } from '../../server/host/events.ts';
import { INBOUND, OUTBOUND } from '../../server/host/flow.ts';
import { worthKeeping } from '../../server/host/hints.ts';
import { IqTable, payloadOf } from '../../server/host/iq.ts';
import { Pipeline } from '../../server/host/pipeline.ts';
import { Router } from '../../server/host/router.ts';
import { parseJid } from '../../server/xmpp/jid.ts';
import { Stanza } from '../../server/xmpp/stanza.ts';
import { StanzaError } from '../../server/xmpp/stanza-error.ts';
import { openScene } from '../support/scene.ts';
import { stanza } from '../support/xml.ts';

const juliet = parseJid('juliet@example.test/balcony');
const romeo = parseJid('romeo@example.test');
const later = <T>(value: T) => new Promise<T>((resolve) => setImmediate(resolve, value));

describe('a pipeline', () => {
  const stages = ['one', 'two', 'three'] as const;
  const note = (name: string) => (seen: string[]) => void seen.push(name);
  test('runs its stages in their order, and steps in the order in which they were added', () => {
    const pipeline = new Pipeline<(typeof stages)[number], string[]>(stages);
    pipeline.add('three', note('3'));
    pipeline.add('one', note('1a'));
    pipeline.add('two', note('2'));
    pipeline.add('one', note('1b'));
    const seen: string[] = [];
    assert.equal(pipeline.run(seen), undefined);
    assert.deepEqual(seen, ['1a', '1b', '2', '3']);
    seen.length = 0;
    assert.equal(pipeline.run(seen, 'two'), undefined);
    assert.deepEqual(seen, ['2', '3']);
  });
  test('stops where a step says so, at once or later', async () => {
    for (const stop of ['stop' as const, later('stop' as const)]) {
      const pipeline = new Pipeline<(typeof stages)[number], string[]>(stages);
      pipeline.add('one', note('1'));
      pipeline.add('two', () => stop);
      pipeline.add('three', note('3'));
      const seen: string[] = [];
      assert.equal(await pipeline.run(seen), 'stop');
      assert.deepEqual(seen, ['1']);
    }
  });
  test('keeps the order when a step waits', async () => {
    const pipeline = new Pipeline<(typeof stages)[number], string[]>(stages);
    pipeline.add('one', async (seen) => void seen.push(await later('1')));
    pipeline.add('two', note('2'));
    pipeline.add('three', async (seen) => void seen.push(await later('3')));
    const seen: string[] = [];
    await pipeline.run(seen);
    assert.deepEqual(seen, ['1', '2', '3']);
  });
  test('a refusal ends it', async () => {
    const pipeline = new Pipeline<(typeof stages)[number], string[]>(stages);
    pipeline.add('two', async () => Promise.reject(new StanzaError('forbidden')));
    pipeline.add('three', note('3'));
    const seen: string[] = [];
    await assert.rejects(async () => pipeline.run(seen), StanzaError);
    assert.deepEqual(seen, []);
  });
});

test('blocking comes before archives, archives before copies, copies before delivery', () => {
  for (const stages of [OUTBOUND, INBOUND] as const) {
    const at = (name: string) => (stages as readonly string[]).indexOf(name);
    assert.ok(at('guard') === 0 && at('stamp') < at('archive') && at('archive') < at('copy'));
  }
  assert.ok(
    INBOUND.indexOf('copy') < INBOUND.indexOf('deliver') && INBOUND.indexOf('deliver') < INBOUND.indexOf('fallback'),
  );
});

test('every request has exactly one owner, and asking about somebody else’s account is not asking about one’s own', async () => {
  const table = new IqTable();
  const route = { type: 'get', xmlns: 'u', name: 'query' } as const;
  table.add({ ...route, scope: 'host', handle: () => undefined });
  table.add({ ...route, scope: 'own', handle: () => undefined });
  assert.throws(() => table.add({ ...route, scope: 'own', handle: () => undefined }), /two owners/);
  assert.throws(() => table.add({ ...route, scope: 'account', handle: () => undefined }), /two owners/);
  const request = new Stanza(stanza("<iq type='get' id='1'><query xmlns='u'/></iq>"), juliet, romeo);
  const ask = { stanza: request, payload: payloadOf(request), session: undefined, account: undefined };
  assert.equal(table.answer('own', ask), undefined);
  assert.throws(() => table.answer('account', ask), { condition: 'service-unavailable' });
});

test('an event reaches all handlers in order, also when one fails', async () => {
  const failures: unknown[] = [];
  const seen: string[] = [];
  const events = new Events((error) => void failures.push(error));
  events.add({ ended: () => void seen.push('one') });
  events.add({
    ended: () => {
      throw new Error('at once');
    },
  });
  events.add({ ended: async () => Promise.reject(new Error('later')) });
  events.add({ ended: () => void seen.push('two') });
  events.emit('ended', {} as HostEvents['ended']);
  await later(undefined);
  assert.deepEqual(seen, ['one', 'two']);
  assert.deepEqual(
    failures.map((error) => (error as Error).message),
    ['at once', 'later'],
  );
});

test('the router knows one destination for each domain, and a fallback for all others', () => {
  const router = new Router();
  const got: string[] = [];
  const destination = (name: string) => ({ accept: (one: Stanza) => void got.push(`${name}: ${one.to?.full}`) });
  router.add('example.test', destination('host'));
  assert.throws(() => router.add('example.test', destination('other')), /two destinations/);
  const message = new Stanza(stanza('<message/>'), juliet, romeo);
  void router.route(message);
  assert.throws(() => router.route(message.for(parseJid('a@elsewhere.test'))), {
    condition: 'remote-server-not-found',
  });
  router.fallback = destination('remote');
  void router.route(message.for(parseJid('a@elsewhere.test')));
  router.remove('example.test');
  assert.equal(router.has('example.test'), false);
  assert.deepEqual(got, ['host: romeo@example.test', 'remote: a@elsewhere.test']);
});

describe('XEP-0313 §5.1.1, XEP-0160 §3, XEP-0334: what is worth keeping', () => {
  const cases: [string, string, boolean][] = [
    ['a chat message', "<message type='chat'><body>hi</body></message>", true],
    ['a normal message', '<message><body>hi</body></message>', true],
    ['a subject', '<message><subject>hi</subject></message>', true],
    ['a headline', "<message type='headline'><body>hi</body></message>", false],
    ['groupchat', "<message type='groupchat'><body>hi</body></message>", false],
    ['an error', "<message type='error'><body>hi</body><error type='cancel'/></message>", false],
    ['nothing', "<message type='chat'/>", false],
    ['a thread alone', "<message type='chat'><thread>t</thread></message>", false],
    [
      'a chat state',
      "<message type='chat'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>",
      false,
    ],
    [
      'a chat state with an id',
      "<message type='chat'><active xmlns='http://jabber.org/protocol/chatstates'/><origin-id xmlns='urn:xmpp:sid:0' id='1'/></message>",
      false,
    ],
    [
      'a chat state with a text',
      "<message type='chat'><active xmlns='http://jabber.org/protocol/chatstates'/><body>hi</body></message>",
      true,
    ],
    ['a receipt', "<message type='chat'><received xmlns='urn:xmpp:receipts' id='1'/></message>", true],
    ['a marker', "<message type='chat'><displayed xmlns='urn:xmpp:chat-markers:0' id='1'/></message>", true],
    ['something unknown', "<message type='chat'><x xmlns='urn:unknown'/></message>", true],
    ['no-store', "<message type='chat'><body>hi</body><no-store xmlns='urn:xmpp:hints'/></message>", false],
    [
      'no-permanent-store',
      "<message type='chat'><body>hi</body><no-permanent-store xmlns='urn:xmpp:hints'/></message>",
      false,
    ],
    ['no-copy alone', "<message type='chat'><body>hi</body><no-copy xmlns='urn:xmpp:hints'/></message>", true],
    [
      'a chat state with store',
      "<message type='chat'><active xmlns='http://jabber.org/protocol/chatstates'/><store xmlns='urn:xmpp:hints'/></message>",
      true,
    ],
    [
      'store and no-store',
      "<message type='chat'><body>hi</body><store xmlns='urn:xmpp:hints'/><no-store xmlns='urn:xmpp:hints'/></message>",
      false,
    ],
    [
      'an event of a node',
      "<message type='chat'><event xmlns='http://jabber.org/protocol/pubsub#event'/></message>",
      false,
    ],
    [
      'a sign of typing through a room',
      "<message type='chat'><composing xmlns='http://jabber.org/protocol/chatstates'/><occupant-id xmlns='urn:xmpp:occupant-id:0' id='1'/><x xmlns='http://jabber.org/protocol/muc#user'/></message>",
      false,
    ],
    [
      'an invitation of a room',
      "<message><x xmlns='http://jabber.org/protocol/muc#user'><invite from='romeo@example.test'/></x></message>",
      true,
    ],
    ['presence', '<presence><status>hi</status></presence>', false],
  ];
  for (const [name, xml, worth] of cases) {
    test(`${name}: ${worth ? 'yes' : 'no'}`, () => {
      assert.equal(worthKeeping(new Stanza(stanza(xml), juliet, romeo)), worth);
    });
  }
});

describe('the ledger: one message is written once, whoever keeps it', () => {
  test('for two people of one house', async (t) => {
    const scene = await openScene(t);
    const one = await scene.connect('juliet@example.test/balcony');
    const other = await scene.account('romeo@example.test');
    await one.sends("<message to='romeo@example.test' type='chat'><body>hi</body></message>");
    await scene.settle();
    const [mine] = (await scene.stores.archives.page(one.session.account.id, { limit: 10, fromEnd: false })).rows;
    const [theirs] = (await scene.stores.archives.page(other.id, { limit: 10, fromEnd: false })).rows;
    assert.ok(mine !== undefined);
    assert.deepEqual(theirs, mine);
  });

  test('what cannot be stored is refused, although it was delivered', async (t) => {
    const scene = await openScene(t, { mayFail: true });
    const one = await scene.connect('juliet@example.test/balcony');
    await scene.account('romeo@example.test');
    scene.db.queue = (_statements, failed) => void setImmediate(() => failed?.(new Error('disk full')));
    await one.sends("<message to='romeo@example.test' type='chat' id='m1'><body>hi</body></message>");
    const refusal = await one.receives("<message type='error' id='m1' from='romeo@example.test'/>");
    assert.ok(refusal.getChild('error')?.getChild('resource-constraint') !== undefined);
    assert.equal(scene.errors.length, 1);
  });
});
