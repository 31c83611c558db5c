import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { readJson, withoutSigns } from '../../admin-ui/src/api.ts';
import { draftOf, wishOf } from '../../admin-ui/src/components/rooms/fields.ts';
import type { RoomConfig } from '../../server/http/contract/index.ts';

const TURNING = ['\u202a', '\u202b', '\u202c', '\u202d', '\u202e', '\u2066', '\u2067', '\u2068', '\u2069'];

suite('what the server sends is read', () => {
  test('with a sign for each character that turns others round, wherever it stands (UAX #9 §2)', () => {
    for (const one of TURNING) {
      const sent = { [`key${one}`]: `a${one}b`, list: [{ deep: `${one}${one}` }] };
      assert.deepEqual(readJson(JSON.stringify(sent)), { 'key\ufffd': 'a\ufffdb', list: [{ deep: '\ufffd\ufffd' }] });
    }
  });

  test('and else as it is: markup, letters of all directions with their marks, what looks like an end', () => {
    for (const text of [
      '<img src=x onerror="document.title=1">',
      'דנה \u200f(12)',
      'العربية\u200e!',
      '👩‍👩‍👧',
      '\u2028"\\',
      '',
    ])
      assert.deepEqual(readJson(JSON.stringify({ text })), { text });
    assert.equal(({} as { polluted?: boolean }).polluted, undefined);
    readJson('{"__proto__":{"polluted":true}}');
    assert.equal(({} as { polluted?: boolean }).polluted, undefined);
    assert.throws(() => readJson('<html>'), SyntaxError);
  });

  test('so that an escape, which the server does not write, brings none of them in by another way', () => {
    assert.equal(JSON.stringify('\u202e'), '"\u202e"', 'the server writes them as they are');
  });
});

test('of the form of a room nothing is sent back that was not changed, and no sign in what was', () => {
  const stored = {
    title: 'Garden \u202egpj.exe',
    description: '\u2067Herbs',
    broadcast: [],
    memberList: [],
    contacts: [],
  };
  const shown = readJson<RoomConfig>(JSON.stringify(stored));
  const draft = draftOf(shown);
  assert.deepEqual(wishOf(shown, draft).wish, {});
  assert.deepEqual(wishOf(shown, { ...draft, description: 'Flowers' }).wish, { description: 'Flowers' });
  assert.deepEqual(wishOf(shown, { ...draft, title: `${draft.title}!` }).wish, { title: 'Garden gpj.exe!' });
  assert.equal(withoutSigns('a\ufffd\ufffdb'), 'ab');
});
