import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Statement } from '../../../server/storage/database.ts';
import { countStatement, type PeopleQuery, peopleStatement } from '../../../server/storage/stores/people.ts';
import { type House, house } from './support.ts';

const SORTS = ['address', 'name', 'seen', 'created'] as const;
const DOMAIN = 'office.test';
const FULL = { domains: [{ domain: DOMAIN, bytes: 5 }], percent: 90 };

/** Filters that go through people in the order of the list, and those that begin with the few that they are about. */
const WALKS: Partial<PeopleQuery>[] = [
  {},
  { domain: DOMAIN },
  { search: 'x' },
  { search: 'x@' },
  { state: 'active' },
  { state: 'disabled' },
  { seen: 'here' },
  { seen: 'never', domain: DOMAIN },
  { full: FULL },
];
const FEW: Partial<PeopleQuery>[] = [{ only: [1, 2] }, { department: 1 }, { state: 'leaving' }];

async function planOf({ db }: House, { text, values }: Statement): Promise<string> {
  const plan = await db.all<{ detail: string }>({ text: `EXPLAIN QUERY PLAN ${text}`, values });
  return plan.map(({ detail }) => detail).join('\n');
}

it('a page of people, by whatever it is ordered and filtered, is read in order from an index, and nothing is sorted', async (t) => {
  const store = await house(t);
  for (const sort of SORTS) {
    const edge = { value: sort === 'address' || sort === 'name' ? 'x' : 1, next: sort === 'address' ? DOMAIN : 1 };
    for (const filter of WALKS) {
      for (const down of [true, false]) {
        for (const place of [{}, { after: edge }, { before: edge }]) {
          const query = { sort, down, limit: 25, ...filter, ...place };
          const plan = await planOf(store, peopleStatement(query));
          const told = `${JSON.stringify(query)}\n${plan}`;
          assert.match(plan, /^(SCAN|SEARCH) a USING INDEX /, told);
          assert.doesNotMatch(plan, /TEMP B-TREE|AUTOMATIC|SCAN [^a]/, told);
          // Behind a page it goes on where that ended.
          if ('after' in place || 'before' in place) assert.match(plan, /^SEARCH a .*[<>]|seen_at=/, told);
        }
      }
    }
  }
});

it('of a list of few only those few are read and sorted', async (t) => {
  const store = await house(t);
  for (const sort of SORTS) {
    for (const filter of FEW) {
      const plan = await planOf(store, peopleStatement({ sort, down: false, limit: 25, ...filter }));
      assert.match(plan, /SEARCH a USING INTEGER PRIMARY KEY \(rowid=\?\)/, plan);
      assert.doesNotMatch(plan, /SCAN a\b|SCAN department|AUTOMATIC/, plan);
    }
  }
});

it('all are counted over indexes', async (t) => {
  const store = await house(t);
  for (const filter of [...WALKS, ...FEW]) {
    const plan = await planOf(store, countStatement({ sort: 'name', down: false, limit: 25, ...filter }));
    assert.doesNotMatch(plan, /TEMP B-TREE|AUTOMATIC/, plan);
    if (filter.domain !== undefined || filter.seen !== undefined) assert.match(plan, /SEARCH a USING /, plan);
  }
});
