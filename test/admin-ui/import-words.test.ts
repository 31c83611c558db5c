import assert from 'node:assert/strict';
import { test } from 'node:test';
import { didWords } from '../../admin-ui/src/components/import/words.ts';
import type { PeopleImport } from '../../server/http/contract/index.ts';

test('an import that is under way says how far it is, one that is over what it did', () => {
  const none = { made: 0, invited: 0, changed: 0, failed: 0, leftOut: 0, undone: 0, kept: 0 };
  const one = { ...none, state: 'running', total: 2_000, made: 1_790, failed: 6 } as unknown as PeopleImport;
  assert.equal(didWords(one), '1,796 of 2,000, 1,790 accounts made, 6 people not done');
  assert.equal(didWords({ ...one, ...none }), '', 'then how many there are to do');
  assert.equal(didWords({ ...one, state: 'done' }), '1,790 accounts made, 6 people not done');
});
