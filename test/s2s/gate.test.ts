import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { Gate } from '../../server/s2s/gate.ts';
import type { Policy } from '../../server/s2s/policy.ts';
import { type Element, el, serialize } from '../../server/xmpp/element.ts';
import { type Jid, parseJid } from '../../server/xmpp/jid.ts';
import { Stanza } from '../../server/xmpp/stanza.ts';
import type { StanzaError } from '../../server/xmpp/stanza-error.ts';
import { decide, Elsewhere, ruleFor } from '../support/elsewhere.ts';
import { openScene } from '../support/scene.ts';
import { conditionOf } from '../support/xml.ts';

const OPEN: Partial<Policy> = { default: 'open' };

async function open(t: TestContext, policy: Partial<Policy>) {
  const scene = await openScene(t);
  await decide(scene, policy);
  const elsewhere = new Elsewhere(scene);
  const juliet = await scene.comes('juliet@example.test/balcony');
  return { scene, elsewhere, juliet };
}

const chat = (to: string, from = '', text = 'hello') =>
  `<message type='chat' id='m' to='${to}'${from && ` from='${from}'`}><body>${text}</body></message>`;
const texts = (stanzas: readonly Element[]) => stanzas.map(serialize);

describe('the gate: with whom the house talks', () => {
  it('lets through what is allowed, both ways', async (t) => {
    const { elsewhere, juliet } = await open(t, { rules: [ruleFor('capulet.test')] });
    await juliet.sends(chat('nurse@capulet.test'));
    assert.equal(elsewhere.all().length, 1);
    await elsewhere.says(chat('juliet@example.test', 'nurse@capulet.test/tv'));
    await juliet.receives(chat('juliet@example.test', 'nurse@capulet.test/tv'));
  });

  it('refuses what is not, both ways: ours are told (RFC 6120 §8.3.3.10), and others hear nothing from here', async (t) => {
    const { elsewhere, juliet } = await open(t, {});
    await juliet.sends(chat('nurse@capulet.test'));
    const refusal = await juliet.receives("<message type='error' id='m' from='nurse@capulet.test'/>");
    assert.equal(conditionOf(refusal), 'not-allowed');
    assert.match(serialize(refusal), /does not talk with capulet\.test/);
    await elsewhere.says(chat('juliet@example.test', 'nurse@capulet.test/tv'));
    assert.deepEqual(elsewhere.all(), []);
    await juliet.receivesNothing();
  });

  it('says what an administrator decided, but nobody reads why', async (t) => {
    const { elsewhere, juliet } = await open(t, {
      default: 'open',
      rules: [ruleFor('capulet.test', 'deny', { reason: 'their tax affairs' })],
    });
    await juliet.sends(chat('nurse@capulet.test'));
    await elsewhere.says(chat('juliet@example.test', 'nurse@capulet.test'));
    const [inside, outside] = [texts(await juliet.all()).join(), texts(elsewhere.all()).join()];
    assert.match(inside, /An administrator of this server does not allow/);
    for (const text of [inside, outside]) assert.doesNotMatch(text, /tax/);
  });

  it('says that a permission has ended', async (t) => {
    const { juliet } = await open(t, { rules: [ruleFor('capulet.test', 'allow', { until: 1_700_000_000_000 })] });
    await juliet.sends(chat('nurse@capulet.test'));
    assert.match(texts(await juliet.all()).join(), /permission to talk with capulet\.test has ended/);
  });

  it('nobody outside speaks for somebody of the house, though they be allowed (SECURITY 32)', async (t) => {
    const { elsewhere, juliet } = await open(t, OPEN);
    for (const from of ['juliet@example.test/balcony', 'example.test', 'garden@conference.example.test/Romeo']) {
      await assert.rejects(elsewhere.says(chat('juliet@example.test', from)), { condition: 'invalid-from' }, from);
    }
    assert.deepEqual(elsewhere.all(), []);
    await juliet.receivesNothing();
  });

  it('answers follow the verdict without a word: nothing bounces for ever', async (t) => {
    const { elsewhere, juliet } = await open(t, {});
    for (const type of ['error', 'result']) {
      await juliet.sends(`<iq type='${type}' id='x' to='nurse@capulet.test/tv'/>`);
      await elsewhere.says(`<iq type='${type}' id='x' from='nurse@capulet.test/tv' to='juliet@example.test/balcony'/>`);
    }
    await juliet.sends("<message type='error' to='nurse@capulet.test/tv'/>");
    await juliet.receivesNothing();
    assert.deepEqual(elsewhere.all(), []);
  });

  it('presence for all goes to those only with whom the house talks, and nobody is told of the others', async (t) => {
    const { scene, elsewhere } = await open(t, { rules: [ruleFor('capulet.test')] });
    await scene.contact('romeo@example.test', 'nurse@capulet.test', { subscription: 'both' });
    await scene.contact('romeo@example.test', 'tybalt@evil.test', { subscription: 'both' });
    const romeo = await scene.comes('romeo@example.test/orchard');
    await romeo.receivesNothing();
    assert.deepEqual([...new Set(elsewhere.all().map(({ attrs }) => attrs.to))], ['nurse@capulet.test']);
  });

  it('a refusal is made once for a domain, however much of it there is', async (t) => {
    const { elsewhere, juliet } = await open(t, {});
    await juliet.all();
    const one = new Stanza(el('presence'), parseJid('juliet@example.test/balcony'), parseJid('nurse@capulet.test'));
    const thrown = [1, 2].map(() => {
      try {
        return elsewhere.gate.leaves(one);
      } catch (error) {
        return error;
      }
    });
    assert.ok(thrown[0] instanceof Error);
    assert.equal(thrown[0], thrown[1]);
  });
});

describe('the gate: ask', () => {
  const ASK: Partial<Policy> = { default: 'ask', rules: [ruleFor('capulet.test'), ruleFor('evil.test', 'deny')] };
  const first = [
    "<message type='chat'><body>hello</body></message>",
    '<message><body>hello</body></message>',
    "<message type='headline'><body>hello</body></message>",
    "<message type='chat'><body>hello</body><active xmlns='http://jabber.org/protocol/chatstates'/></message>",
    "<message><x xmlns='http://jabber.org/protocol/muc#user'><invite from='a@new.test'/></x></message>",
    "<presence type='subscribe'/>",
  ];
  const others = [
    '<presence/>',
    "<presence type='probe'/>",
    "<presence><x xmlns='http://jabber.org/protocol/muc'/></presence>",
    "<iq type='get' id='i'><ping xmlns='urn:xmpp:ping'/></iq>",
    "<message type='groupchat'><body>hello</body></message>",
    "<message type='chat'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>",
    "<message type='chat'><received xmlns='urn:xmpp:receipts' id='1'/></message>",
  ];
  const addressed = (xml: string, to: string, from?: string) =>
    xml.replace(/^<(\w+)/, `<$1 to='${to}'${from === undefined ? '' : ` from='${from}'`}`);

  for (const xml of first) {
    it(`holds ${xml}`, async (t) => {
      const { elsewhere, juliet } = await open(t, ASK);
      await juliet.sends(addressed(xml, 'nurse@new.test'));
      await elsewhere.says(addressed(xml, 'juliet@example.test', 'nurse@new.test/tv'));
      assert.equal(elsewhere.held.length, 2);
      assert.deepEqual(elsewhere.all(), []);
      assert.deepEqual(
        (await juliet.all()).filter(({ attrs }) => attrs.type === 'error'),
        [],
      );
    });
  }

  for (const xml of others) {
    it(`refuses ${xml}, for now`, async (t) => {
      const { elsewhere, juliet } = await open(t, ASK);
      await juliet.sends(addressed(xml, 'nurse@new.test/tv'));
      await elsewhere.says(addressed(xml, 'juliet@example.test/balcony', 'nurse@new.test/tv'));
      const refusals = [...(await juliet.all()), ...elsewhere.all()].filter(({ attrs }) => attrs.type !== 'set');
      assert.deepEqual(elsewhere.held, []);
      for (const one of refusals) {
        assert.equal(conditionOf(one), 'policy-violation', serialize(one));
        assert.match(serialize(one), /<error type='wait'>|<error type="wait">/);
      }
      assert.equal(refusals.length, 2);
    });
  }

  it('asks for nothing that is decided', async (t) => {
    const { elsewhere, juliet } = await open(t, ASK);
    await juliet.sends(chat('nurse@capulet.test'));
    await juliet.sends(chat('nurse@evil.test'));
    assert.deepEqual([elsewhere.held.length, elsewhere.all().length], [0, 1]);
    assert.deepEqual((await juliet.all()).map(conditionOf), ['not-allowed']);
  });
});

describe('the gate: who may talk outside (SECURITY 51)', () => {
  const CHOSEN: Partial<Policy> = { ...OPEN, outside: 'chosen', people: ['juliet@example.test'] };

  it('those who were chosen, both ways', async (t) => {
    const { elsewhere, juliet } = await open(t, CHOSEN);
    await juliet.sends(chat('nurse@capulet.test'));
    await elsewhere.says(chat('juliet@example.test', 'nurse@capulet.test/tv'));
    assert.deepEqual([elsewhere.all().length, (await juliet.all()).length], [1, 1]);
  });

  it('nobody else is heard outside', async (t) => {
    const { scene, elsewhere } = await open(t, CHOSEN);
    const romeo = await scene.comes('romeo@example.test/orchard');
    for (const xml of [
      chat('nurse@capulet.test'),
      "<presence to='nurse@capulet.test'/>",
      "<presence type='unavailable' to='nurse@capulet.test'><status>a word</status></presence>",
      "<iq type='get' id='i' to='nurse@capulet.test'><ping xmlns='urn:xmpp:ping'/></iq>",
    ]) {
      await romeo.sends(xml);
      assert.deepEqual((await romeo.all()).map(conditionOf), ['forbidden'], xml);
    }
    assert.deepEqual(elsewhere.all(), []);
  });

  it('nobody else is reached from outside, and nobody finds out by that who there is', async (t) => {
    const { scene, elsewhere } = await open(t, CHOSEN);
    const romeo = await scene.comes('romeo@example.test/orchard');
    const answers = [];
    for (const to of ['romeo@example.test', 'romeo@example.test/orchard', 'nobody@example.test']) {
      await elsewhere.says(chat(to, 'nurse@capulet.test/tv'));
      answers.push(texts(elsewhere.all()).join().replaceAll(to, '…'));
    }
    assert.match(answers[0]!, /not-allowed/);
    assert.deepEqual(new Set(answers).size, 1);
    await elsewhere.says(
      "<iq type='get' id='v' to='romeo@example.test' from='nurse@capulet.test/tv'><vCard xmlns='vcard-temp'/></iq>",
    );
    assert.deepEqual(elsewhere.all().map(conditionOf), ['not-allowed']);
    await romeo.receivesNothing();
  });

  it('the server itself is nobody: it can be asked what it is', async (t) => {
    const { elsewhere } = await open(t, CHOSEN);
    await elsewhere.says(
      "<iq type='get' id='i' to='example.test' from='nurse@capulet.test/tv'><ping xmlns='urn:xmpp:ping'/></iq>",
    );
    assert.deepEqual(
      elsewhere.all().map(({ attrs }) => attrs.type),
      ['result'],
    );
  });

  it('what somebody who may not talk outside writes as an error, outsiders do not get', async (t) => {
    const { scene, elsewhere } = await open(t, CHOSEN);
    const romeo = await scene.comes('romeo@example.test/orchard');
    await romeo.sends("<message type='error' to='nurse@capulet.test/tv'><body>psst</body></message>");
    assert.deepEqual(elsewhere.all(), []);
  });

  it('what must not pass is not held either', async (t) => {
    const { scene, elsewhere } = await open(t, { ...CHOSEN, default: 'ask' });
    const romeo = await scene.comes('romeo@example.test/orchard');
    await romeo.sends(chat('nurse@capulet.test'));
    await elsewhere.says(chat('romeo@example.test', 'nurse@capulet.test/tv'));
    assert.deepEqual(elsewhere.held, []);
  });

  it('by a list of addresses (XEP-0033) no more than by one', async (t) => {
    const { scene, elsewhere, juliet } = await open(t, CHOSEN);
    const romeo = await scene.comes('romeo@example.test/orchard');
    await romeo.sends(
      "<message to='example.test'><body>psst</body><addresses xmlns='http://jabber.org/protocol/address'>" +
        "<address type='to' jid='nurse@capulet.test'/></addresses></message>",
    );
    assert.deepEqual([elsewhere.all(), (await romeo.all()).map(conditionOf)], [[], ['forbidden']]);
    for (const kind of ['message', 'presence'])
      for (const type of ['to', 'cc', 'bcc']) {
        await elsewhere.says(
          `<${kind} id='m' to='example.test' from='nurse@capulet.test/tv'><addresses xmlns='http://jabber.org/protocol/address'>` +
            `<address type='${type}' jid='romeo@example.test'/></addresses></${kind}>`,
        );
        assert.deepEqual(elsewhere.all().map(conditionOf), ['not-allowed'], `${kind} ${type}`);
      }
    await romeo.receivesNothing();
    await elsewhere.says(
      "<message to='example.test' from='nurse@capulet.test/tv'><body>psst</body>" +
        "<addresses xmlns='http://jabber.org/protocol/address'><address type='to' jid='juliet@example.test'/></addresses></message>",
    );
    assert.equal((await juliet.all()).length, 1);
  });

  it('through nodes of a service, which does not say whose they are, nobody is heard or reached at all', async (t) => {
    const { scene, elsewhere, juliet } = await open(t, OPEN);
    const romeo = await scene.comes('romeo@example.test/orchard');
    const ask = (inner: string, id: string, from = '') =>
      `<iq type='set' id='${id}' to='pubsub.example.test'${from}><pubsub xmlns='http://jabber.org/protocol/pubsub'>${inner}</pubsub></iq>`;
    const subscribe = (id: string) =>
      ask("<subscribe node='n' jid='nurse@capulet.test'/>", id, " from='nurse@capulet.test/tv'");
    const publish = (id: string) =>
      ask(`<publish node='n'><item id='${id}'><a xmlns='x'>psst</a></item></publish>`, id);
    const told = async (id: string) => {
      await romeo.sends(publish(id));
      assert.deepEqual(
        (await romeo.all()).map(({ attrs }) => [attrs.id, attrs.type]),
        [[id, 'result']],
      );
      return elsewhere.all().length;
    };
    await romeo.gets(ask("<create node='n'/>", 'c'));
    await elsewhere.says(subscribe('s'));
    assert.deepEqual(
      elsewhere.all().map(({ attrs }) => attrs.type),
      ['result'],
    );
    assert.equal(await told('before'), 1);
    await decide(scene, CHOSEN);
    assert.equal(await told('meanwhile'), 0);
    await elsewhere.says(subscribe('again'));
    assert.deepEqual(elsewhere.all().map(conditionOf), ['not-allowed']);
    // Not for those who were chosen either: whose it is nobody can tell.
    await juliet.sends(publish('hers'));
    assert.deepEqual(elsewhere.all(), []);
    await decide(scene, OPEN);
    assert.equal(await told('afterwards'), 1);
  });

  it('through a room they are neither heard nor reached, whoever let them in', async (t) => {
    const { scene } = await open(t, CHOSEN);
    const room = { behind: ({ resource }: Jid) => ({ R: 'romeo@example.test', J: 'juliet@example.test' })[resource] };
    const router = {
      find: (domain: string) => (domain === 'rooms.example.test' ? { accept: () => {}, ...room } : undefined),
    };
    const gate = new Gate({ book: scene.book, router });
    const one = (kind: string, from: string, to: string, type = '') =>
      new Stanza(el(kind, { type }), parseJid(from), parseJid(to));
    const passes = (nick: string, kind: string, type?: string) => {
      const [ours, theirs] = [`garden@rooms.example.test/${nick}`, 'nurse@capulet.test/tv'];
      return [() => gate.leaves(one(kind, ours, theirs, type)), () => gate.enters(one(kind, theirs, ours, type))].map(
        (way) => {
          try {
            return way();
          } catch (error) {
            return (error as StanzaError).condition;
          }
        },
      );
    };
    for (const [kind, type] of [
      ['message', 'chat'],
      ['message', 'groupchat'],
      ['iq', 'get'],
      ['presence', ''],
    ] as const) {
      assert.deepEqual(passes('R', kind, type), ['forbidden', 'not-allowed'], kind);
      assert.deepEqual(passes('J', kind, type), ['pass', 'pass'], kind);
    }
    // Who sees them there must see them go.
    assert.deepEqual(passes('R', 'presence', 'unavailable'), ['pass', 'not-allowed']);
  });
});
