import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { deliverHeld, refuseHeld } from '../../server/s2s/held.ts';
import { Inbox } from '../../server/s2s/inbox.ts';
import { serialize } from '../../server/xmpp/element.ts';
import { decide, Elsewhere, ruleFor } from '../support/elsewhere.ts';
import { openScene } from '../support/scene.ts';
import { conditionOf } from '../support/xml.ts';

const AT = Date.parse('2026-01-02T03:04:05.000Z');
const chat = (to: string, text: string, from = '') =>
  `<message type='chat' id='${text}' to='${to}'${from && ` from='${from}'`}><body>${text}</body></message>`;

async function open(t: TestContext) {
  const scene = await openScene(t);
  await decide(scene, { default: 'ask' });
  const { parse, log } = scene.house;
  const inbox = new Inbox({ store: scene.stores.federationHeld, parse, log, now: () => AT });
  const elsewhere = new Elsewhere(scene, inbox);
  const juliet = await scene.comes('juliet@example.test/balcony');
  return { scene, inbox, elsewhere, juliet };
}

describe('the inbox of domains that are not decided', () => {
  it('keeps the first words of both sides, and releases them in their order when the domain is allowed', async (t) => {
    const { scene, inbox, elsewhere, juliet } = await open(t);
    await juliet.sends(chat('nurse@new.test', 'one'));
    await elsewhere.says(chat('juliet@example.test', 'two', 'nurse@new.test/tv'));
    await juliet.sends(chat('nurse@new.test', 'three'));
    await juliet.sends(chat('nurse@other.test', 'four'));
    assert.deepEqual(
      (await inbox.domains()).map(({ domain, count }) => [domain, count]),
      [
        ['new.test', 3],
        ['other.test', 1],
      ],
    );
    assert.deepEqual(
      (await inbox.of('new.test', 9)).map(({ direction, ours }) => [direction, ours]),
      [
        ['out', 'juliet@example.test'],
        ['in', 'juliet@example.test'],
        ['out', 'juliet@example.test'],
      ],
    );
    await decide(scene, { default: 'ask', rules: [ruleFor('new.test')] });
    assert.deepEqual(await inbox.release('new.test', deliverHeld(scene.house, elsewhere.gate)), {
      delivered: 3,
      refused: 0,
    });
    assert.deepEqual(
      elsewhere.all().map(({ attrs }) => attrs.id),
      ['one', 'three'],
    );
    const message = await juliet.receives(chat('juliet@example.test', 'two', 'nurse@new.test/tv'));
    assert.match(
      serialize(message),
      /<delay xmlns=["']urn:xmpp:delay["'] from=["']example\.test["'] stamp=["']2026-01-02T03:04:05\.000Z["']\/>/,
    );
    assert.equal(await inbox.count(), 1);
  });

  it('what is released is archived as any message is', async (t) => {
    const { scene, inbox, elsewhere, juliet } = await open(t);
    await elsewhere.says(chat('juliet@example.test', 'two', 'nurse@new.test/tv'));
    await decide(scene, { default: 'open' });
    await inbox.release('new.test', deliverHeld(scene.house, elsewhere.gate));
    await juliet.all();
    await juliet.gets("<iq type='set'><query xmlns='urn:xmpp:mam:2'/></iq>");
    assert.match((await juliet.all()).map(serialize).join(), /two/);
  });

  it('when the domain is denied, ours are told what was not sent, and nobody else is told anything', async (t) => {
    const { scene, inbox, elsewhere, juliet } = await open(t);
    await juliet.sends(chat('nurse@new.test', 'one'));
    await elsewhere.says(chat('juliet@example.test', 'two', 'nurse@new.test/tv'));
    assert.equal(await inbox.drop('new.test', refuseHeld(scene.house)), 2);
    const refusals = await juliet.all();
    assert.deepEqual(
      refusals.map((one) => [one.attrs.id, conditionOf(one)]),
      [['one', 'not-allowed']],
    );
    assert.match(serialize(refusals[0]!), /has decided that it does not talk with new\.test/);
    assert.deepEqual([elsewhere.all(), await inbox.count()], [[], 0]);
  });

  it('carbons and delays that somebody outside made up are not believed after they waited (SECURITY 39, 42)', async (t) => {
    const { scene, inbox, elsewhere, juliet } = await open(t);
    await elsewhere.says(
      "<message type='chat' to='juliet@example.test' from='nurse@new.test/tv'><body>x</body>" +
        "<delay xmlns='urn:xmpp:delay' from='example.test' stamp='2001-01-01T00:00:00Z'/>" +
        "<received xmlns='urn:xmpp:carbons:2'/></message>",
    );
    await decide(scene, { default: 'open' });
    await inbox.release('new.test', deliverHeld(scene.house, elsewhere.gate));
    const text = (await juliet.all()).map(serialize).join();
    assert.doesNotMatch(text, /2001|carbons/);
  });

  it('a flood of subscription requests from one domain is refused after 80 (SECURITY 36)', async (t) => {
    const { inbox, elsewhere } = await open(t);
    for (let n = 0; n < 100; n++) {
      await elsewhere.says(`<presence type='subscribe' id='p${n}' from='n${n}@new.test' to='juliet@example.test'/>`);
    }
    assert.equal(await inbox.count(), 80);
    const refusals = elsewhere.all();
    assert.deepEqual([refusals.length, new Set(refusals.map(conditionOf))], [20, new Set(['resource-constraint'])]);
  });

  it('a first word that is a book is refused', async (t) => {
    const { inbox, juliet } = await open(t);
    await juliet.sends(chat('nurse@new.test', 'a'.repeat(10_000)).replace('</body>', `${'b'.repeat(10_000)}</body>`));
    assert.deepEqual((await juliet.all()).map(conditionOf), ['policy-violation']);
    assert.equal(await inbox.count(), 0);
  });

  it('what was held passes the gate again: who may not talk outside any more is not reached, nor heard (SECURITY 51)', async (t) => {
    const { scene, inbox, elsewhere, juliet } = await open(t);
    const romeo = await scene.comes('romeo@example.test/orchard');
    for (const who of ['juliet', 'romeo']) {
      await elsewhere.says(chat(`${who}@example.test`, 'in', 'nurse@new.test/tv'));
      await scene.settle();
    }
    await juliet.sends(chat('nurse@new.test', 'out'));
    await romeo.sends(chat('nurse@new.test', 'psst'));
    await decide(scene, { default: 'open', outside: 'chosen', people: ['juliet@example.test'] });
    assert.deepEqual(await inbox.release('new.test', deliverHeld(scene.house, elsewhere.gate)), {
      delivered: 2,
      refused: 2,
    });
    assert.deepEqual(
      elsewhere.all().map((one) => [one.attrs.id, one.attrs.type === 'error' && conditionOf(one)]),
      [
        ['in', 'not-allowed'],
        ['out', false],
      ],
    );
    assert.deepEqual(
      (await juliet.all()).map(({ attrs }) => attrs.id),
      ['in'],
    );
    assert.deepEqual(
      (await romeo.all()).map((one) => [one.attrs.id, conditionOf(one)]),
      [['psst', 'forbidden']],
    );
    assert.equal(await inbox.count(), 0);
  });

  it('one that cannot be taken further does not stop the others', async (t) => {
    const { inbox, juliet } = await open(t);
    for (const text of ['one', 'two']) await juliet.sends(chat('nurse@new.test', text));
    const got: string[] = [];
    const { StanzaError } = await import('../../server/xmpp/stanza-error.ts');
    const released = await inbox.release('new.test', (stanza) => {
      got.push(stanza.id);
      throw new StanzaError('internal-server-error');
    });
    assert.deepEqual([released, got], [{ delivered: 0, refused: 2 }, ['one', 'two']]);
  });
});
