import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { serialize } from '../../server/xmpp/element.ts';
import { readsArchive } from '../support/archive.ts';
import { openScene } from '../support/scene.ts';

const JULIET = 'juliet@example.test';
const PARIS = 'paris@example.test';
const SPAM = 'urn:xmpp:reporting:spam';

const block = (items: string) => `<iq type='set'><block xmlns='urn:xmpp:blocking'>${items}</block></iq>`;
const report = (jid: string, inner = '', reason = ` reason='${SPAM}'`) =>
  `<item jid='${jid}'><report xmlns='urn:xmpp:reporting:1'${reason}>${inner}</report></item>`;
const LIST = "<iq type='get'><blocklist xmlns='urn:xmpp:blocking'/></iq>";

describe('XEP-0377: reports with blocking', () => {
  test('§6: kept for the administrator, with the messages that it names', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes(`${JULIET}/balcony`);
    const chamber = await scene.comes(`${JULIET}/chamber`);
    await chamber.gets(LIST);
    const paris = await scene.comes(`${PARIS}/x`);
    for (const body of ['marry me', 'marry me!']) {
      await paris.sends(`<message to='${JULIET}' type='chat'><body>${body}</body></message>`);
    }
    await juliet.sends(`<message to='${PARIS}' type='chat'><body>no</body></message>`);
    const nurse = await scene.comes('nurse@example.test/x');
    await nurse.sends(`<message to='${JULIET}' type='chat'><body>not his</body></message>`);
    await paris.sends("<message to='nurse@example.test' type='chat'><body>private</body></message>");
    await juliet.all();
    await chamber.all();
    const { found } = await readsArchive(juliet);
    const private_ = (await readsArchive(nurse)).found.at(-1)!;
    const ids = [...found, private_].map(({ id }) => `<stanza-id xmlns='urn:xmpp:sid:0' by='${JULIET}' id='${id}'/>`);
    const text = "<text xml:lang='en'> Never came trouble to my house like this. </text><report-origin/>";
    await juliet.gets(block(report(PARIS, ids.join('') + text)));
    const { rows, total } = await scene.commands.reports.page(undefined);
    assert.equal(total, 1);
    const { id, time, messages, ...rest } = rows[0]!;
    assert.ok(Math.abs(time - Date.now()) < 10_000);
    assert.deepEqual(rest, {
      reporter: JULIET,
      subject: PARIS,
      reason: 'spam',
      text: 'Never came trouble to my house like this.',
    });
    assert.deepEqual(
      messages.map((one) => one.text),
      ['marry me', 'marry me!'],
      'his to her; not hers, not the nurse’s, nothing out of another archive',
    );
    const push = (await chamber.all()).map(serialize).join('');
    assert.match(push, /<block .*<item jid='paris@example.test'\/>/);
    assert.doesNotMatch(push, /report/, 'why is not pushed');
    await scene.commands.reports.remove({ name: 'olga', door: 'panel' }, id);
    assert.equal((await scene.commands.reports.page(undefined)).total, 0);
    await assert.rejects(scene.commands.reports.remove({ name: 'olga', door: 'panel' }, id), {
      code: 'report-not-found',
    });
    // An id that somebody else's archive gave means nothing in hers.
    const foreign = ids.join('').replaceAll(`by='${JULIET}'`, `by='${PARIS}'`);
    await juliet.gets(block(report(PARIS, foreign)));
    await scene.settle();
    assert.deepEqual((await scene.commands.reports.page(undefined)).rows[0]?.messages, []);
  });

  test('§6: the block stands whatever is wrong with the report', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes(`${JULIET}/balcony`);
    const items = [
      report('a@example.test', '', ''),
      report('b@example.test', '', " reason=''"),
      report(
        'c@example.test',
        `<text>${'x'.repeat(5_000)}</text>${"<stanza-id xmlns='urn:xmpp:sid:0' id='1'/>".repeat(50)}`,
      ),
      "<item jid='d@example.test'><report xmlns='urn:xmpp:reporting:0'/></item>",
    ];
    await juliet.gets(block(items.join('')));
    const list = serialize(await juliet.gets(LIST));
    for (const local of 'abcd') assert.match(list, new RegExp(`'${local}@example.test'`));
    const { rows } = await scene.commands.reports.page(undefined);
    assert.deepEqual(
      rows.map(({ subject, text, messages }) => [subject, text.length, messages.length]),
      [['c@example.test', 2_000, 0]],
    );
  });

  test('a flood of reports is cut off: five of a request, twenty of a day', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes(`${JULIET}/balcony`);
    for (let n = 0; n < 6; n++) {
      const items = Array.from({ length: 10 }, (_, i) => report(`troll${n}-${i}@example.test`));
      await juliet.gets(block(items.join('')));
      await scene.settle();
      assert.equal((await scene.commands.reports.page(undefined)).total, Math.min(20, 5 * (n + 1)));
    }
    assert.equal(serialize(await juliet.gets(LIST)).match(/troll/g)?.length, 60);
    const other = await scene.comes(`${PARIS}/x`);
    await other.gets(block(report('troll@example.test')));
    await scene.settle();
    assert.equal((await scene.commands.reports.page(undefined)).total, 21);
  });

  test('what somebody reported goes with their account', async (t) => {
    const scene = await openScene(t);
    const juliet = await scene.comes(`${JULIET}/balcony`);
    await juliet.gets(block(report(PARIS)));
    await scene.settle();
    await scene.commands.accounts.remove({ name: 'olga', door: 'panel' }, 'example.test', 'juliet', JULIET);
    await scene.settle();
    assert.equal((await scene.commands.reports.page(undefined)).total, 0);
  });

  test('the newest are kept when there are very many', async (t) => {
    const { Reports } = await import('../../server/storage/stores/reports.ts');
    const scene = await openScene(t);
    const reports = new Reports(scene.db, 10);
    for (let n = 0; n < 25; n++) {
      await reports.add({
        time: n,
        account: n,
        reporter: 'a@b',
        subject: `s${n}`,
        reason: 'x',
        text: '',
        messages: [],
      });
    }
    assert.deepEqual((await reports.page(50)).map(({ subject }) => subject).slice(-1), ['s15']);
    assert.equal(await reports.count(), 10);
  });
});
