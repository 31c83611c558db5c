import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { firstIdAt } from '../../../server/storage/archive-id.ts';
import { sql } from '../../../server/storage/database.ts';
import {
  type ArchiveQuery,
  type Archives,
  COUNT_BOUND,
  hourlyStatement,
  pageStatement,
} from '../../../server/storage/stores/archives.ts';
import { house } from './support.ts';

const START = Date.UTC(2026, 0, 1);
const at = (second: number) => firstIdAt(START + second * 1_000);

/** Messages 1 to n, a second apart, between owner 1 and, by turns, a, b and owner 2 (whose archive has them as well). */
function fill(archives: Archives, n: number): void {
  for (let i = 1; i <= n; i++) {
    const peer = ['two@o', 'a@o', 'b@o'][i % 3]!;
    const entries = [{ owner: 1, peer }];
    if (peer === 'two@o') entries.push({ owner: 2, peer: 'one@o' });
    archives.append(at(i), `<m>${i}</m>`, entries);
  }
}

type Query = Partial<Parameters<Archives['page']>[1]>;

async function page(archives: Archives, query: Query, owner = 1): Promise<string> {
  const found = await archives.page(owner, { limit: 3, fromEnd: false, ...query });
  assert.equal(found.first, found.rows[0]?.id);
  assert.equal(found.last, found.rows.at(-1)?.id);
  const numbers = found.rows.map((row) => /\d+/.exec(row.stanza)?.[0]);
  return numbers.join(' ') + (found.complete ? ' .' : '');
}

// Entries rest in one place first and are moved to another by the thousand: every query must see both.
for (const place of ['fresh', 'placed', 'half and half']) {
  describe(`archives, their entries ${place}`, () => {
    const filled = async (t: Parameters<typeof house>[0]) => {
      const all = await house(t);
      fill(all.archives, place === 'half and half' ? 10 : 20);
      if (place !== 'fresh') all.archives.settle();
      if (place === 'half and half') for (let i = 11; i <= 20; i++) fillOne(all.archives, i);
      return all;
    };
    const fillOne = (archives: Archives, i: number) => {
      const peer = ['two@o', 'a@o', 'b@o'][i % 3]!;
      const own = { owner: 1, peer };
      archives.append(at(i), `<m>${i}</m>`, peer === 'two@o' ? [own, { owner: 2, peer: 'one@o' }] : [own]);
    };

    it('are counted by the hour: what has a text and corrects nothing, of the newest that are looked at', async (t) => {
      const { archives } = await filled(t);
      const hour = START / 3_600_000;
      const own = [{ owner: 1, peer: 'a@o' }];
      const say = (second: number, inner: string) => archives.append(at(second), `<m>${inner}</m>`, own);
      say(3_599, "<body xml:lang='en'>x</body>");
      say(3_600, '<body>&lt;replace &gt;</body>');
      say(3_601, "<body>y</body><replace id='x'/>");
      say(7_201, '<body>z</body>');
      const counted = async (filter: object, limit = 100) => {
        const { counts, from } = await archives.hourly(1, filter, limit);
        return [[...counts].map(([at, count]) => [at - hour, count]).sort(), from && from - hour];
      };
      assert.deepEqual(await counted({}), [
        [
          [0, 1],
          [1, 1],
          [2, 1],
        ],
        0,
      ]);
      assert.deepEqual(await counted({ start: START + 3_600_000, beforeId: at(7_201) }), [[[1, 1]], 0]);
      assert.deepEqual(
        await counted({}, 2),
        [
          [
            [1, 0],
            [2, 1],
          ],
          2,
        ],
        'the first hour is not all of it',
      );
      assert.deepEqual(await counted({ start: START + 1e9 }), [[], 0]);
    });

    it('are paged from both ends', async (t) => {
      const { archives } = await filled(t);
      assert.equal(await page(archives, {}), '1 2 3');
      assert.equal(await page(archives, { afterId: at(3) }), '4 5 6');
      assert.equal(await page(archives, { fromEnd: true }), '18 19 20');
      assert.equal(await page(archives, { fromEnd: true, beforeId: at(18) }), '15 16 17');
      assert.equal(await page(archives, { fromEnd: true, beforeId: at(11), limit: 2 }), '9 10');
      assert.equal(await page(archives, { fromEnd: true, beforeId: at(3) }), '1 2 .');
      assert.equal(await page(archives, { afterId: at(17) }), '18 19 20 .');
      assert.equal(await page(archives, { afterId: at(20) }), ' .');
      assert.equal(await page(archives, { limit: 0 }), '');
      assert.equal(await page(archives, { limit: 0, afterId: at(20) }), ' .');
    });

    it('are filtered by conversation, time and id', async (t) => {
      const { archives } = await filled(t);
      assert.equal(await page(archives, { with: 'a@o' }), '1 4 7');
      assert.equal(await page(archives, { with: 'a@o', fromEnd: true }), '13 16 19');
      assert.equal(await page(archives, { with: 'nobody@o' }), ' .');
      assert.equal(await page(archives, { start: START + 9_000, end: START + 11_000 }), '9 10 11 .');
      assert.equal(await page(archives, { start: START + 9_001, end: START + 10_999 }), '10 .');
      assert.equal(await page(archives, { with: 'b@o', start: START + 9_000, limit: 9 }), '11 14 17 20 .');
      assert.equal(await page(archives, { ids: [at(2), at(15), at(99)], limit: 9 }), '2 15 .');
      assert.equal(await page(archives, { ids: [] }), ' .');
    });

    it('belong to their owners', async (t) => {
      const { archives } = await filled(t);
      assert.equal(await page(archives, { limit: 9 }, 2), '3 6 9 12 15 18 .');
      assert.equal(await page(archives, { ids: [at(2), at(3)] }, 2), '3 .');
      assert.equal(await page(archives, {}, 3), ' .');
      assert.equal(await archives.has(2, at(3)), true);
      assert.equal(await archives.has(2, at(2)), false);
    });

    it('are counted and measured', async (t) => {
      const { archives } = await filled(t);
      assert.equal(await archives.count(1), 20);
      assert.equal(await archives.count(1, { with: 'a@o' }), 7);
      assert.equal(await archives.count(2, { start: START + 12_000 }), 3);
      assert.equal(await archives.count(2, { ids: [] }), 0);
      assert.deepEqual(await archives.metadata(2), { first: at(3), last: at(18) });
      assert.deepEqual(await archives.metadata(3), {});
      assert.equal(await archives.largestId(), at(20));
    });

    it('store a text once, until its last owner lets go of it', async (t) => {
      const { archives, db } = await filled(t);
      const texts = async () => (await db.get<{ n: number }>(sql`SELECT count(*) AS n FROM message`))?.n;
      assert.equal(await texts(), 20);
      await archives.removeAll(2);
      assert.equal(await archives.count(2), 0);
      assert.equal(await page(archives, { with: 'two@o' }), '3 6 9');
      assert.equal(await texts(), 20);
      await archives.removeAll(1);
      assert.equal(await texts(), 0);
    });

    it('forget the old in slices', async (t) => {
      const { archives, db } = await filled(t);
      archives.settle();
      assert.equal(await archives.countBefore(1, at(13), 100), 12);
      assert.equal(await archives.countBefore(1, at(13), 5), 5, 'it stops counting there');
      const slices: number[] = [];
      for (const owner of [1, 2]) {
        for (let n = 1; n > 0; slices.push(n)) n = await archives.expire(owner, at(13), 5);
      }
      assert.deepEqual(slices, [5, 5, 2, 0, 4, 0]);
      assert.equal(await page(archives, {}), '13 14 15');
      assert.equal(await page(archives, {}, 2), '15 18 .');
      assert.deepEqual(await db.get(sql`SELECT min(id) AS low, count(*) AS n FROM message`), { low: at(13), n: 8 });
    });
  });
}

describe('archives', () => {
  it('read one range of one index and nothing else, whatever the filter', async (t) => {
    const { archives, db } = await house(t);
    fill(archives, 300);
    archives.settle();
    const filters = [{}, { with: 'a@o' }, { start: START, end: START + 1e9 }, { with: 'a@o', beforeId: at(200) }];
    for (const filter of filters) {
      const pages = [true, false].map((fromEnd) => pageStatement(1, { limit: 50, fromEnd, ...filter }));
      for (const statement of [...pages, hourlyStatement(1, filter, 50)]) {
        const plan = await db.all<{ detail: string }>({ ...statement, text: `EXPLAIN QUERY PLAN ${statement.text}` });
        const steps = plan.map((row) => row.detail);
        const index =
          'with' in filter
            ? 'COVERING INDEX archive_by_peer (owner=? AND peer=? AND id>'
            : 'PRIMARY KEY (owner=? AND id>';
        assert.ok(
          steps.some((step) => step.startsWith('SEARCH archive USING') && step.includes(index)),
          steps.join('\n'),
        );
        assert.ok(
          steps.some((step) => step.startsWith('SEARCH message USING INTEGER PRIMARY KEY')),
          steps.join('\n'),
        );
        const scans = steps.filter(
          (step) => /^SCAN (archive|message)$/.test(step) || /SCAN archive USING|SCAN message USING/.test(step),
        );
        assert.deepEqual(scans, [], 'no table that grows is read through');
      }
    }
  });

  it('attack: hundreds of the longest messages are a short page, and the next goes on behind it', async (t) => {
    const { archives } = await house(t);
    for (let n = 1; n <= 12; n++) archives.append(n, `${n} ${'x'.repeat(250_000)}`, [{ owner: 1, peer: 'a@o' }]);
    for (let n = 13; n <= 30; n++) archives.append(n, `${n}`, [{ owner: 1, peer: 'a@o' }]);
    const read = async (query: Partial<ArchiveQuery>): Promise<string> => {
      const { rows, complete, first, last } = await archives.page(1, { limit: 20, fromEnd: false, ...query });
      assert.deepEqual([first, last], [rows[0]?.id, rows.at(-1)?.id]);
      for (const { id, stanza } of rows) assert.equal(Number.parseInt(stanza, 10), id);
      return rows.map(({ id }) => id).join(' ') + (complete ? ' .' : '');
    };
    assert.equal(await read({}), '1 2 3 4');
    assert.equal(await read({ afterId: 4 }), '5 6 7 8');
    assert.equal(await read({ afterId: 8, limit: 3 }), '9 10 11');
    assert.equal(await read({ afterId: 11 }), '12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 .');
    assert.equal(await read({ fromEnd: true, beforeId: 15 }), '9 10 11 12 13 14');
    assert.equal(await read({ ids: [1, 2, 3, 4, 5] }), '1 2 3 4');
    const huge = 'y'.repeat(2_000_000);
    archives.append(40, huge, [{ owner: 1, peer: 'b@o' }]);
    assert.equal((await archives.page(1, { with: 'b@o', limit: 20, fromEnd: false })).rows[0]?.stanza, huge);
  });

  it('keep the fresh entries few', async (t) => {
    const { archives, db } = await house(t);
    fill(archives, 10_000);
    const row = await db.get<{ fresh: number; placed: number }>(sql`SELECT
      (SELECT count(*) FROM archive_fresh) AS fresh, (SELECT count(*) FROM archive) AS placed`);
    assert.ok(row !== undefined && row.fresh <= 4_000 && row.placed > 6_000);
    assert.equal(await archives.count(1, { with: 'a@o' }), 3_334);
  });

  it('stop counting at a bound', async (t) => {
    const { archives } = await house(t);
    for (let n = 1; n <= COUNT_BOUND; n++) archives.append(n, 'x', [{ owner: 1, peer: 'a@o' }]);
    assert.equal(await archives.count(1), COUNT_BOUND);
    archives.append(COUNT_BOUND + 1, 'x', [{ owner: 1, peer: 'a@o' }]);
    assert.equal(await archives.count(1), undefined);
  });

  it('tell when a message could not be stored', async (t) => {
    const { archives, db } = await house(t);
    const failures: Error[] = [];
    archives.append(1, 'first', [{ owner: 1, peer: 'a@o' }]);
    archives.append(1, 'the same id', [{ owner: 1, peer: 'a@o' }], (error) => failures.push(error));
    await db.durable();
    assert.equal(failures.length, 1);
    assert.equal((await archives.page(1, { limit: 9, fromEnd: false })).rows[0]?.stanza, 'first');
  });

  it('are written together with whatever else belongs to the message', async (t) => {
    const { archives, offline, db } = await house(t);
    await db.batch([
      ...archives.appendStatements(1, 'text', [{ owner: 1, peer: 'a@o' }]),
      offline.append(1, 1, 'text'),
    ]);
    const failing = [
      ...archives.appendStatements(2, 'text', [{ owner: 1, peer: 'a@o' }]),
      offline.append(1, 1, 'again'),
    ];
    await assert.rejects(db.batch(failing), { code: 'constraint' });
    assert.equal(await archives.count(1), 1);
  });

  it('have preferences (XEP-0441)', async (t) => {
    const { archives, person, afresh } = await house(t);
    const { id } = await person('romeo');
    assert.deepEqual(await archives.preferences(id), { default: 'always', always: [], never: [] });
    const wanted = { default: 'roster', always: ['a@o'], never: ['b@o', 'c@o'] } as const;
    await archives.setPreferences(id, wanted);
    assert.deepEqual(await archives.preferences(id), wanted);
    assert.deepEqual(archives.preferences(id), wanted);
    assert.deepEqual(await afresh().archives.preferences(id), wanted);
  });
});
