import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { SearchWish } from '../../server/commands/archive-search.ts';
import type { CommandError } from '../../server/commands/command-error.ts';
import { houseSliceStatement } from '../../server/storage/stores/archive-audit.ts';
import { readsArchive } from '../support/archive.ts';
import { enters, makes, ROOM, say } from '../support/rooms.ts';
import { openScene } from '../support/scene.ts';

const by = { name: 'alma', door: 'panel' } as const;
const DOMAIN = 'example.test';
const [J, R, N, X] = ['juliet@example.test', 'romeo@example.test', 'nurse@example.test', 'spy@other.test'] as const;
const reason = 'complaint 12';

const refused = (code: string, field?: string) => (error: CommandError) => {
  assert.deepEqual([error.code, error.field], [code, field], error.message);
  return true;
};

async function office(t: TestContext) {
  const scene = await openScene(t, { domains: [DOMAIN, 'other.test'] });
  const juliet = await scene.comes(`${J}/a`);
  const romeo = await scene.comes(`${R}/b`);
  await scene.comes(`${N}/c`);
  await scene.account('mole@other.test');
  const spy = await scene.comes(`${X}/d`);
  const chat = (who: typeof juliet, to: string, id: string, text: string) =>
    who.sends(`<message to='${to}' type='chat' id='${id}'><body>${text}</body></message>`);
  await chat(juliet, R, '1', 'the invoice is late');
  await chat(romeo, J, '2', 'which invoice?');
  await chat(juliet, N, '3', 'lunch at noon');
  await chat(spy, 'mole@other.test', '4', 'the invoice of others');
  await makes(juliet, 'Juliet');
  await enters(romeo, 'Romeo');
  await romeo.sends(say('invoice in the room'));
  await scene.settle();
  const { search } = scene.commands.archive;
  const found = async (wish: Partial<SearchWish> = {}) =>
    (await search.search(by, { domain: DOMAIN, reason, ...wish })).messages
      .filter(({ kind }) => kind !== 'other')
      .map(({ text, kind }) => (kind === 'message' ? text : kind));
  return { scene, search, found, juliet, romeo, spy };
}

describe('an auditor searches', () => {
  test('a whole domain, chats and rooms, and nothing of another domain of the house', async (t) => {
    const { found, scene } = await office(t);
    const invoices = ['invoice in the room', 'which invoice?', 'the invoice is late'];
    assert.deepEqual(await found({ words: 'invoice' }), invoices);
    scene.stores.archives.settle();
    assert.deepEqual(await found({ words: 'invoice' }), invoices, 'by the index as well');
    assert.deepEqual((await found()).length, 4);
    assert.deepEqual(await found({ words: 'invoice', domain: 'other.test' }), ['the invoice of others']);
  });

  test('people, with whom, rooms, words and times', async (t) => {
    const { found } = await office(t);
    assert.deepEqual(await found({ people: ['juliet'] }), ['lunch at noon', 'which invoice?', 'the invoice is late']);
    assert.deepEqual(await found({ people: ['romeo', N] }), ['lunch at noon', 'which invoice?', 'the invoice is late']);
    assert.deepEqual(await found({ people: ['juliet'], with: N }), ['lunch at noon']);
    assert.deepEqual(await found({ room: 'garden' }), ['invoice in the room']);
    assert.deepEqual(await found({ room: ROOM, words: 'lunch' }), []);
    assert.deepEqual(await found({ words: '"invoice late"' }), []);
    assert.deepEqual(await found({ until: Date.now() - 60_000 }), []);
    assert.deepEqual((await found({ since: Date.now() - 60_000 })).length, 4);
  });

  test('pages follow each other without a gap, over several archives as well', async (t) => {
    const { search, scene, juliet } = await office(t);
    for (let n = 0; n < 20; n++) {
      const to = n % 3 === 0 ? N : R;
      await juliet.sends(`<message to='${to}' type='chat' id='p${n}'><body>page ${n}</body></message>`);
    }
    await scene.settle();
    for (const people of [undefined, ['juliet', 'romeo', 'nurse']]) {
      const seen: string[] = [];
      for (let before: number | null | undefined; before !== null; ) {
        const wish = { domain: DOMAIN, reason, words: 'page', limit: 3, ...(people && { people }) };
        const page = await search.search(by, { ...wish, ...(before !== undefined && { before }) });
        assert.ok(page.messages.length <= 3);
        seen.push(...page.messages.map(({ text }) => text));
        before = page.next;
      }
      assert.deepEqual(
        seen,
        Array.from({ length: 20 }, (_, n) => `page ${19 - n}`),
      );
    }
  });

  test('what was taken back is a tombstone, what is encrypted says so, markup is text', async (t) => {
    const { found, scene, juliet } = await office(t);
    await juliet.sends(
      `<message to='${R}' type='chat' id='9'><body>&lt;img src=x onerror=alert(1)&gt;</body></message>`,
    );
    await juliet.sends(
      `<message to='${R}' type='chat' id='10'><body>no app</body><encrypted xmlns='urn:xmpp:omemo:2'/></message>`,
    );
    await juliet.sends(
      `<message to='${R}' type='chat' id='11'><retract id='1' xmlns='urn:xmpp:message-retract:1'/><store xmlns='urn:xmpp:hints'/></message>`,
    );
    await scene.settle();
    assert.deepEqual(await found({ people: ['juliet'], with: R }), [
      'encrypted',
      '<img src=x onerror=alert(1)>',
      'which invoice?',
      'removed',
    ]);
    assert.deepEqual(await found({ words: 'late' }), []);
  });

  test('of a person as they are called, if that is one alone', async (t) => {
    const { search, scene } = await office(t);
    const { accounts } = scene.stores;
    const look = (one: string) => search.search(by, { domain: DOMAIN, reason, people: [one] });
    await accounts.setName((await accounts.find(DOMAIN, 'juliet'))!, 'Frau Lehmann');
    await look('frau lehmann');
    await assert.rejects(look('Lehmann'), refused('account-not-found', 'name'));
    await accounts.setName((await accounts.find(DOMAIN, 'romeo'))!, 'Frau Lehmann');
    await assert.rejects(look('Frau Lehmann'), refused('invalid', 'name'));
  });

  test('only with a reason, which is written down before anything is shown, with the query', async (t) => {
    const { search, scene } = await office(t);
    await assert.rejects(search.search(by, { domain: DOMAIN, reason: ' x ' }), refused('invalid', 'reason'));
    await search.search(by, { domain: DOMAIN, reason, people: ['juliet'], words: 'invoice' });
    const [entry] = (await scene.commands.audit.page(undefined, 1)).rows;
    assert.deepEqual(
      [entry?.actor, entry?.action, entry?.subject, entry?.detail],
      ['alma', 'archive.search', DOMAIN, { reason, people: 'juliet', words: 'invoice' }],
    );
  });

  test('what is around a message is of the same conversation, and written down, too', async (t) => {
    const { search, scene, juliet } = await office(t);
    const [hit] = (await search.search(by, { domain: DOMAIN, reason, words: 'late' })).messages;
    const texts = async (wish: { archive: string; id: number }) =>
      (await search.context(by, { domain: DOMAIN, reason, ...wish })).messages.map(({ text }) => text);
    assert.deepEqual(await texts({ archive: hit!.archive, id: hit!.id }), ['the invoice is late', 'which invoice?']);
    assert.equal((await scene.commands.audit.page(undefined, 1)).rows[0]?.action, 'archive.context');
    await assert.rejects(texts({ archive: N, id: hit!.id }), refused('message-not-found'));
    await assert.rejects(texts({ archive: X, id: hit!.id }), refused('account-not-found', 'name'));
    assert.equal((await readsArchive(juliet)).found.length, 3, 'nothing is other than before');
  });

  test('who is not there, words that are none, too many words: refused at the field', async (t) => {
    const { search } = await office(t);
    const tries = (wish: Partial<SearchWish>) => search.search(by, { domain: DOMAIN, reason, ...wish });
    await assert.rejects(tries({ people: ['nobody'] }), refused('account-not-found', 'name'));
    await assert.rejects(tries({ people: [X] }), refused('account-not-found', 'name'));
    await assert.rejects(tries({ room: 'garden@conference.other.test' }), refused('room-not-found', 'name'));
    await assert.rejects(tries({ room: 'garden', people: ['juliet'] }), refused('invalid', 'room'));
    await assert.rejects(tries({ words: '?!' }), refused('invalid', 'words'));
    await assert.rejects(tries({ words: 'a '.repeat(400) }), refused('invalid', 'words'));
    await assert.rejects(tries({ with: R }), refused('invalid', 'people'));
    await assert.rejects(tries({ since: 2, until: 1 }), refused('invalid', 'until'));
    await assert.rejects(tries({ domain: 'gone.test' }), refused('domain-not-found'));
  });

  test('a search as an attack on the processor: every question to the store goes by an index and looks at some messages only', async (t) => {
    const { scene } = await office(t);
    for (const words of [[], ['invoice']]) {
      const pattern = { phrases: words.map((one) => ({ words: [one], open: false })), domains: [DOMAIN] };
      const statement = houseSliceStatement({ pattern, from: 0, to: Number.MAX_SAFE_INTEGER, limit: 50 }, 100);
      const plan = await scene.db.all<{ detail: string }>({
        ...statement,
        text: `EXPLAIN QUERY PLAN ${statement.text}`,
      });
      const scans = plan.map(({ detail }) => detail).filter((detail) => /^SCAN (message|archive)\b/.test(detail));
      assert.deepEqual(scans, []);
    }
    const many = Array.from({ length: 12 }, () =>
      scene.commands.archive.search.search(by, { domain: DOMAIN, reason, words: 'invoice' }).then(
        () => 'found',
        (error: CommandError) => error.code,
      ),
    );
    const answers = await Promise.all(many);
    assert.ok(answers.includes('too-many'), 'no more than some wait at once');
    assert.ok(answers.includes('found'));
  });
});
