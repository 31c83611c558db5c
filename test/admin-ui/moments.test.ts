import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromField, isMoment, toField } from '../../admin-ui/src/moments.ts';
import { outageOptions } from '../../server/commands/outage.ts';

test('a moment goes through the field for date and time and is the same afterwards, in words that the server takes', () => {
  for (const text of ['2026-12-24T18:00Z', '2026-12-24T18:00+01:00', '2026-07-01 09:30+02:00']) {
    const back = fromField(toField(text));
    assert.match(toField(text), /^\d{4}-\d\d-\d\dT\d\d:\d\d$/);
    assert.equal(Date.parse(back), Date.parse(text.replace(' ', 'T')), text);
    assert.match(back, /^\d{4}-\d\d-\d\dT\d\d:\d\dZ$/);
  }
  assert.deepEqual([toField(''), fromField('')], ['', '']);
  assert.deepEqual(outageOptions.map(({ key }) => key).filter(isMoment), ['outage.begins', 'outage.ends']);
});
