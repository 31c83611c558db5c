import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Element, el, serialize } from '../../server/xmpp/element.ts';
import { NS } from '../../server/xmpp/ns.ts';
import { toVcard4, toVcardTemp } from '../../server/xmpp/vcard4.ts';

/** Cards of all sorts, sensible or not: every property that both formats know, and some that only one does. */
const text = fc.constantFrom('', ' ', 'a', 'b,c', ' x , ', 'tel:1', 'xmpp:a@b', 'geo:1,2', '1 2', '2000-01-01', '<&>');
const leaf = (...names: string[]) =>
  fc.tuple(fc.constantFrom(...names), text).map(([name, inside]) => el(name, {}, inside));
const inside = (name: string, ...names: string[]) =>
  fc.array(leaf(...names), { maxLength: 4 }).map((children) => el(name, {}, ...children));

const temp: fc.Arbitrary<Element> = fc
  .array(
    fc.oneof(
      leaf('FN', 'NICKNAME', 'BDAY', 'JABBERID', 'TZ', 'TITLE', 'ROLE', 'URL', 'DESC', 'NOTE', 'MAILER'),
      inside('N', 'FAMILY', 'GIVEN', 'MIDDLE', 'PREFIX', 'SUFFIX'),
      inside('ADR', 'HOME', 'PREF', 'STREET', 'CTRY'),
      inside('TEL', 'WORK', 'FAX', 'MSG', 'PREF', 'NUMBER'),
      inside('EMAIL', 'HOME', 'INTERNET', 'X400', 'USERID'),
      inside('GEO', 'LAT', 'LON'),
      inside('ORG', 'ORGNAME', 'ORGUNIT'),
      inside('CATEGORIES', 'KEYWORD'),
    ),
    { maxLength: 6 },
  )
  .map((children) => el('vCard', { xmlns: NS.vcardTemp }, ...children));

const four: fc.Arbitrary<Element> = fc
  .array(
    fc.oneof(
      ...[
        'fn',
        'nickname',
        'bday',
        'impp',
        'tz',
        'title',
        'role',
        'url',
        'note',
        'tel',
        'email',
        'geo',
        'org',
        'lang',
      ].map((name) => inside(name, 'text', 'uri', 'date', 'parameters')),
      inside('n', 'surname', 'given', 'additional', 'prefix', 'suffix'),
      inside('adr', 'street', 'locality', 'code'),
      inside('categories', 'text'),
    ),
    { maxLength: 6 },
  )
  .map((children) => el('vcard', { xmlns: NS.vcard4 }, ...children));

test('whichever format was written last, the other follows, and then nothing more is to be done', () => {
  fc.assert(
    fc.property(temp, four, (old, now) => {
      const followed = toVcard4(old, now);
      assert.equal(serialize(toVcard4(old, followed)), serialize(followed), 'twice is like once');
      const back = toVcardTemp(now, old);
      assert.equal(serialize(toVcardTemp(now, back)), serialize(back), 'twice is like once, the other way');
      assert.equal(serialize(toVcard4(back, now)), serialize(now), 'what was taken over is not sent back changed');
    }),
    { numRuns: 500 },
  );
});
