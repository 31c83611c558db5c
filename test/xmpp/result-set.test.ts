import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readPageRequest } from '../../server/xmpp/result-set.ts';
import { stanza } from '../support/xml.ts';

const query = (set: string) =>
  stanza(`<query xmlns='urn:x'><set xmlns='http://jabber.org/protocol/rsm'>${set}</set></query>`);

describe('XEP-0059: the size of a page', () => {
  for (const [text, max] of [
    ['0', 0],
    ['7', 7],
    ['007', 7],
    ['2147483647', 2_147_483_647], // the largest xs:int
  ] as const) {
    test(`“${text}” is ${max}`, () => assert.equal(readPageRequest(query(`<max>${text}</max>`)).max, max));
  }

  for (const text of [
    '',
    ' ',
    ' 5',
    '5 ',
    '5\n',
    '5.0',
    '1e3',
    '+5',
    '-5',
    '-0',
    '0x10',
    '0b1',
    '0o7',
    '1_000',
    '1,000',
    'Infinity',
    'NaN',
    '٥',
    '５',
    '<b>5</b>',
    '18446744073709551615',
    '1'.repeat(5_000),
  ]) {
    test(`attack: ${JSON.stringify(text.slice(0, 25))} is no number`, () => {
      assert.throws(() => readPageRequest(query(`<max>${text}</max>`)), { condition: 'bad-request' });
    });
  }

  test('nothing said is no limit of the client’s', () => {
    assert.deepEqual(readPageRequest(query('<before/>')), { max: undefined, after: undefined, before: '' });
    assert.deepEqual(readPageRequest(stanza('<query/>')), { max: undefined, after: undefined, before: undefined });
  });
});
