import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { firstIdAt } from '../../../server/storage/archive-id.ts';
import { sql } from '../../../server/storage/database.ts';
import { readPhrases } from '../../../server/storage/searchable.ts';
import {
  ArchiveSearch,
  type ArchiveSearchQuery,
  SearchRefused,
  sliceStatement,
} from '../../../server/storage/stores/archive-search.ts';
import type { Archives } from '../../../server/storage/stores/archives.ts';
import { house } from './support.ts';

const START = Date.UTC(2026, 0, 1);
const at = (second: number) => firstIdAt(START + second * 1_000);
const [ONE, TWO, THREE] = ['one@o', 'two@o', 'three@o'];

function says(archives: Archives, second: number, text: string, to = 2, more = ''): void {
  const peer = [ONE, ONE, TWO, THREE][to]!;
  const stanza = `<message to='${peer}' from='${ONE}/desk' type='chat' id='m${second}'><body>${text}</body>${more}</message>`;
  const entries = [
    { owner: 1, peer },
    { owner: to, peer: ONE },
  ];
  archives.append(at(second), stanza, entries);
}

type Query = Partial<Omit<ArchiveSearchQuery, 'pattern'>>;

async function found(search: ArchiveSearch, text: string, query: Query = {}, owner = 1): Promise<string> {
  const phrases = readPhrases(text);
  assert.ok(phrases !== undefined);
  const page = await search.page(owner, { limit: 100, fromEnd: false, pattern: { phrases }, ...query });
  assert.equal(page.first, page.rows[0]?.id);
  assert.equal(page.last, page.rows.at(-1)?.id);
  return page.rows.map((row) => /id='m(\d+)'/.exec(row.stanza)?.[1]).join(' ') + (page.complete ? ' .' : '');
}

for (const place of ['not indexed yet', 'indexed, not placed', 'placed']) {
  describe(`search in archives whose messages are ${place}`, () => {
    async function filled(t: Parameters<typeof house>[0]) {
      const all = await house(t);
      const { archives } = all;
      says(archives, 1, 'The meeting about the invoice is at 10:30');
      says(archives, 2, 'Die Rechnungen sind größer als gedacht', 3);
      says(archives, 3, 'we meet again; invoice paid &amp; filed');
      says(archives, 4, 'Ваше Величество, ёлка', 3);
      says(archives, 5, 'naïve café, RÉSUMÉ');
      says(archives, 6, '会議は東京です 🎉');
      says(archives, 7, 'the the the an', 3);
      if (place === 'placed') archives.settle();
      if (place === 'indexed, not placed') for (let n = 0; n < 2_000; n++) says(archives, 1_000 + n, 'filling');
      await all.db.durable();
      return all;
    }

    it('find words, their beginnings from four letters on, and words that follow each other', async (t) => {
      const { archiveSearch: search } = await filled(t);
      for (const [text, ids] of [
        ['invoice', '1 3'],
        ['INVOICE meeting', '1'],
        ['meet', '1 3'],
        ['meetin', '1'],
        ['"meet"', '3'],
        ['mee', ''],
        ['an', '7'],
        ['the', '1 7'],
        ['Rechnung', '2'],
        ['Rechnungswesen', ''],
        ['grosser', '2'],
        ['Groesser', ''],
        ['größer', '2'],
        ['елка', '4'],
        ['величеств', '4'],
        ['cafe resume', '5'],
        ['naive', '5'],
        ['東京', '6'],
        ['京東', ''],
        ['🎉', '6'],
        ['10:30', '1'],
        ['30:10', ''],
        ['"about the invoice"', '1'],
        ['"the about"', ''],
        ['"invoice paid filed"', '3'],
        ['invoice "meet', '1 3'],
        ['amp', ''],
      ] as const) {
        assert.equal(await found(search, text), `${ids} .`, text);
      }
    });

    it('page from both ends, by conversation, time and id', async (t) => {
      const { archiveSearch: search } = await filled(t);
      assert.equal(await found(search, 'invoice', { limit: 1 }), '1');
      assert.equal(await found(search, 'invoice', { limit: 1, afterId: at(1) }), '3 .');
      assert.equal(await found(search, 'invoice', { limit: 1, fromEnd: true }), '3');
      assert.equal(await found(search, 'invoice', { limit: 1, fromEnd: true, beforeId: at(3) }), '1 .');
      assert.equal(await found(search, 'invoice', { limit: 0 }), '');
      assert.equal(await found(search, 'the', { with: THREE }), '7 .');
      assert.equal(await found(search, 'the', { with: TWO }), '1 .');
      assert.equal(await found(search, 'the', { start: START + 2_000 }), '7 .');
      assert.equal(await found(search, 'the', { end: START + 2_000 }), '1 .');
      assert.equal(await found(search, 'the', { ids: [at(1), at(3)] }), '1 .');
      assert.equal(await found(search, 'the', { ids: [] }), ' .');
    });

    it('find nothing in anybody else’s archive', async (t) => {
      const { archiveSearch: search } = await filled(t);
      assert.equal(await found(search, 'the', {}, 2), '1 .');
      assert.equal(await found(search, 'the', {}, 3), '7 .');
      assert.equal(await found(search, 'the', {}, 4), ' .');
      assert.equal(await found(search, 'invoice', {}, 12), ' .');
    });

    it('find what is to or from one device', async (t) => {
      const { archiveSearch: search } = await filled(t);
      const ids = async (address: string) => {
        const page = await search.page(1, { limit: 3, fromEnd: false, pattern: { phrases: [], address } });
        return page.rows.length;
      };
      assert.deepEqual(
        [await ids(`${ONE}/desk`), await ids(ONE), await ids(`${ONE}/des`), await ids(TWO)],
        [3, 0, 0, 3],
      );
    });

    it('forget what is replaced, expired, or of an account that is gone', async (t) => {
      const { archiveSearch: search, archives, db } = await filled(t);
      const hints = async (key: string) =>
        (await db.all(sql`SELECT rowid FROM message_words WHERE message_words MATCH ${`"${key}"`}`)).length;
      await db.batch(
        search.replace(at(1), "<message id='m1'><retracted xmlns='urn:xmpp:message-retract:1'/></message>"),
      );
      assert.equal(await found(search, 'invoice'), '3 .');
      assert.equal(await found(search, 'meeting', {}, 2), ' .');
      assert.equal(await hints('+invoice'), 0);
      assert.equal(await hints('rech'), place === 'not indexed yet' ? 0 : 1);
      archives.settle();
      for (const owner of [1, 2, 3]) while ((await archives.expire(owner, at(4), 2)) > 0);
      assert.equal(await hints('rech'), 0);
      assert.equal(await found(search, 'rechnungen', {}, 3), ' .');
      assert.equal(await found(search, 'the'), '7 .');
      await archives.removeAll(1);
      assert.equal(await found(search, 'the'), ' .');
      assert.equal(await hints('the'), 1, 'another has it still');
      for (const owner of [2, 3]) await archives.removeAll(owner);
      assert.equal(await hints('the'), 0);
      assert.deepEqual(await db.get(sql`SELECT count(*) AS n FROM message_words_docsize`), { n: 0 });
    });
  });
}

describe('search in archives', () => {
  it('of hostile text is a search for its words (FTS syntax injection)', async (t) => {
    const { archives, archiveSearch: search } = await house(t);
    says(archives, 1, 'near or and not keys secret');
    says(archives, 2, 'another secret', 3);
    archives.settle();
    for (const [text, ids] of [
      ['secret OR nothing', ''],
      ['secret AND keys', '1'],
      ['NOT secret', '1'],
      ['NEAR(secret keys)', ''],
      ['keys:secret', '1'],
      ['secret" OR "@3', ''],
      ['@3', ''],
      ['"@3"', ''],
      ['{keys} : secret', '1'],
      ['^secret', '1 2'],
      ['-secret', '1 2'],
      ['sec*', ''],
      ['*', '1 2'],
      ['""', '1 2'],
      ["'; DROP TABLE message; --", ''],
      ["secret') OR 1=1 --", ''],
      ['secret\0keys', ''],
      ['(((((((', '1 2'],
    ] as const) {
      assert.equal(await found(search, text), `${ids} .`, text);
    }
    assert.equal(await found(search, 'secret OR "@1"', {}, 3), ' .');
  });

  it('of too much is refused before it begins (monster queries)', () => {
    assert.equal(readPhrases('a'.repeat(1_001)), undefined);
    assert.equal(readPhrases('a '.repeat(17)), undefined);
    assert.equal(readPhrases('a-'.repeat(17)), undefined);
    assert.equal(readPhrases('a '.repeat(16))?.length, 16);
    assert.equal(readPhrases('"'.repeat(1_000))?.length, 0);
  });

  it('leave out what is encrypted, forwarded, or stands in for something else', async (t) => {
    const { archives, archiveSearch: search, db } = await house(t);
    says(archives, 1, 'fallback one', 2, "<encryption xmlns='urn:xmpp:eme:0' namespace='x'/>");
    says(archives, 2, 'fallback two', 2, "<encrypted xmlns='eu.siacs.conversations.axolotl'><header/></encrypted>");
    says(archives, 3, 'fallback three', 2, "<retract xmlns='urn:xmpp:message-retract:1' id='m1'/>");
    says(
      archives,
      4,
      'x',
      2,
      "<forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client'><body>fallback</body></message></forwarded>",
    );
    says(
      archives,
      5,
      'y',
      2,
      "<html xmlns='http://jabber.org/protocol/xhtml-im'><body xmlns='http://www.w3.org/1999/xhtml'>fallback</body></html>",
    );
    says(archives, 6, 'z', 2, "<body xml:lang='de'>fallback sechs</body>");
    says(archives, 7, 'I say urn:xmpp:eme:0 fallback');
    assert.equal(await found(search, 'fallback'), '6 7 .');
    archives.settle();
    assert.equal(await found(search, 'fallback'), '6 7 .');
    const row = await db.get<{ n: number }>(sql`SELECT count(*) AS n FROM message_words_docsize`);
    assert.equal(row?.n, 2);
  });

  it('go on over as many slices as it takes, and end with their time', async (t) => {
    const { archives, archiveSearch: search, db } = await house(t);
    for (let n = 1; n <= 3_000; n++) says(archives, n, n % 1_000 === 0 ? `needle ${n}` : `need hay ${n}`, 2 + (n % 2));
    assert.equal(await found(search, 'needle', { limit: 3 }), '1000 2000 3000 .');
    archives.settle();
    assert.equal(await found(search, 'needle', { limit: 3 }), '1000 2000 3000 .');
    assert.equal(await found(search, 'needle', { limit: 2, fromEnd: true }), '2000 3000');
    assert.equal(await found(search, 'needle', { limit: 1, fromEnd: true, beforeId: at(2_000) }), '1000 .');
    const hasty = new ArchiveSearch(db, 0);
    await assert.rejects(found(hasty, 'needle'), SearchRefused);
    let asked = 0;
    const phrases = readPhrases('neednot')!;
    await search.page(1, { limit: 1, fromEnd: true, pattern: { phrases } }, () => ++asked <= 2);
    assert.equal(asked, 3, 'nobody wants it any more');
  });

  it('let others at the store in between (SECURITY 84)', async (t) => {
    const { archives, archiveSearch: search } = await house(t);
    for (let n = 1; n <= 4_000; n++) says(archives, n, `need hay ${n}`);
    archives.settle();
    let done = false;
    const searching = found(search, 'neednot').finally(() => {
      done = true;
    });
    let answered = 0;
    for (; !done; answered++) await archives.has(2, at(1));
    assert.equal(await searching, ' .');
    assert.ok(answered >= 8, `only ${answered} others were answered meanwhile`);
  });

  it('of a very long text find what is in its beginning', async (t) => {
    const { archives, archiveSearch: search } = await house(t);
    for (let n = 1; n <= 12; n++) says(archives, n, `first ${'ü '.repeat(100_000)} final`);
    archives.settle();
    assert.equal(await found(search, 'first', { limit: 3 }), '1 2 3');
    assert.equal(await found(search, 'final'), ' .');
  });

  it('refuse a search when very many wait', async (t) => {
    const { archiveSearch: search } = await house(t);
    const all = await Promise.allSettled(Array.from({ length: 250 }, () => found(search, 'word')));
    assert.equal(all.filter((one) => one.status === 'rejected').length, 50);
    assert.equal(await found(search, 'word'), ' .');
  });

  it('read no table through that grows, whatever is asked for', async (t) => {
    const { archives, db } = await house(t);
    for (let n = 0; n < 300; n++) says(archives, n, `word ${n}`);
    archives.settle();
    for (const filter of [{}, { with: TWO }, { ids: [at(1), at(2)] }]) {
      for (const fromEnd of [true, false]) {
        for (const pattern of [{ phrases: readPhrases('word more')! }, { phrases: [], address: 'x@y/z' }]) {
          const query = { limit: 50, fromEnd, pattern, ...filter };
          const statement = sliceStatement(1, query, query, 100);
          const plan = await db.all<{ detail: string }>({ ...statement, text: `EXPLAIN QUERY PLAN ${statement.text}` });
          const steps = plan.map((row) => row.detail).join('\n');
          assert.doesNotMatch(steps, /SCAN (archive|message)\b(?! VIRTUAL)/, steps);
          if (pattern.phrases.length > 0) assert.match(steps, /SCAN message_words VIRTUAL TABLE INDEX \d+:.*M/, steps);
        }
      }
    }
  });
});

it('attack: a search that finds the longest messages gives a short page, and the next goes on behind it', async (t) => {
  const { archives, archiveSearch } = await house(t);
  for (let n = 1; n <= 9; n++) says(archives, n, `invoice ${'x'.repeat(250_000)}`);
  assert.equal(await found(archiveSearch, 'invoice'), '1 2 3 4');
  assert.equal(await found(archiveSearch, 'invoice', { afterId: at(4) }), '5 6 7 8');
  assert.equal(await found(archiveSearch, 'invoice', { afterId: at(8) }), '9 .');
  assert.equal(await found(archiveSearch, 'invoice', { fromEnd: true }), '6 7 8 9');
});
