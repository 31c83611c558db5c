import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { child, type Element, elements, serialize, textOf } from '../../server/xmpp/element.ts';
import { IMAGE_LIMIT, readImage } from '../../server/xmpp/image.ts';
import { cardNames, takePhoto } from '../../server/xmpp/vcard-temp.ts';
import { toVcard4, toVcardTemp } from '../../server/xmpp/vcard4.ts';
import { hashOf, PNG, pngOf } from '../support/pictures.ts';
import { stanza } from '../support/xml.ts';

const parse = (xml: string): Element => stanza(xml);
const old = (inner: string): Element => parse(`<vCard xmlns='vcard-temp'>${inner}</vCard>`);
const now = (inner: string): Element => parse(`<vcard xmlns='urn:ietf:params:xml:ns:vcard-4.0'>${inner}</vcard>`);
const only = (card: Element, name: string): string[] =>
  elements(card)
    .filter((one) => one.name === name)
    .map(serialize);

/** What XEP-0292 §7 and its examples turn into what, and back. */
const PAIRS: readonly (readonly [string, string])[] = [
  ['<FN>Peter Saint-Andre</FN>', '<fn><text>Peter Saint-Andre</text></fn>'],
  [
    '<N><FAMILY>Saint-Andre</FAMILY><GIVEN>Peter</GIVEN></N>',
    '<n><surname>Saint-Andre</surname><given>Peter</given><additional/><prefix/><suffix/></n>',
  ],
  [
    '<NICKNAME>stpeter,psa</NICKNAME>',
    '<nickname><text>stpeter</text></nickname><nickname><text>psa</text></nickname>',
  ],
  ['<BDAY>1966-08-06</BDAY>', '<bday><date>1966-08-06</date></bday>'],
  [
    '<ADR><WORK/><PREF/><EXTADD>Suite 600</EXTADD><STREET>1899 Wynkoop Street</STREET><LOCALITY>Denver</LOCALITY><REGION>CO</REGION><PCODE>80202</PCODE><CTRY>USA</CTRY></ADR>',
    '<adr><parameters><type><text>work</text></type><pref><integer>1</integer></pref></parameters><pobox/><ext>Suite 600</ext><street>1899 Wynkoop Street</street><locality>Denver</locality><region>CO</region><code>80202</code><country>USA</country></adr>',
  ],
  [
    '<TEL><WORK/><FAX/><NUMBER>303-308-3219</NUMBER></TEL>',
    '<tel><parameters><type><text>work</text><text>fax</text></type></parameters><uri>tel:303-308-3219</uri></tel>',
  ],
  ['<TEL><NUMBER>ask the nurse</NUMBER></TEL>', '<tel><text>ask the nurse</text></tel>'],
  [
    '<EMAIL><WORK/><INTERNET/><USERID>psaintan@example.test</USERID></EMAIL>',
    '<email><parameters><type><text>work</text></type></parameters><text>psaintan@example.test</text></email>',
  ],
  ['<JABBERID>stpeter@example.test</JABBERID>', '<impp><uri>xmpp:stpeter@example.test</uri></impp>'],
  ['<TZ>America/Denver</TZ>', '<tz><text>America/Denver</text></tz>'],
  ['<GEO><LAT>39.59</LAT><LON>-105.01</LON></GEO>', '<geo><uri>geo:39.59,-105.01</uri></geo>'],
  ['<TITLE>Executive Director</TITLE>', '<title><text>Executive Director</text></title>'],
  ['<ROLE>Patron Saint</ROLE>', '<role><text>Patron Saint</text></role>'],
  [
    '<ORG><ORGNAME>Foundation</ORGNAME><ORGUNIT>Council</ORGUNIT></ORG>',
    '<org><text>Foundation</text><text>Council</text></org>',
  ],
  [
    '<CATEGORIES><KEYWORD>a</KEYWORD><KEYWORD>b</KEYWORD></CATEGORIES>',
    '<categories><text>a</text><text>b</text></categories>',
  ],
  ['<URL>https://stpeter.example/</URL>', '<url><uri>https://stpeter.example/</uri></url>'],
  ['<DESC>More about &lt;me&gt;</DESC>', '<note><text>More about &lt;me&gt;</text></note>'],
];

describe('one person in both formats (XEP-0292 §7)', () => {
  for (const [temp, four] of PAIRS) {
    test(temp, () => {
      assert.equal(serialize(toVcard4(old(temp))), serialize(now(four)));
      assert.equal(serialize(toVcardTemp(now(four))), serialize(old(temp)));
    });
  }

  test('all of them at once, and twice is like once', () => {
    const temp = old(PAIRS.map(([one]) => one).join(''));
    const four = toVcard4(temp);
    assert.equal(serialize(toVcard4(temp, four)), serialize(four));
    assert.equal(serialize(toVcardTemp(four, temp)), serialize(temp));
  });

  test('what the other format has no words for stays where it is', () => {
    const four = now(
      '<fn><text>J</text></fn><lang><language-tag>it</language-tag></lang><impp><uri>sip:j@example.test</uri></impp>',
    );
    const changed = toVcard4(old('<FN>Juliet</FN><JABBERID>juliet@example.test</JABBERID>'), four);
    assert.deepEqual(only(changed, 'fn'), ['<fn><text>Juliet</text></fn>']);
    assert.equal(only(changed, 'lang').length, 1);
    assert.equal(only(changed, 'impp').length, 2);
    const temp = old('<FN>J</FN><LABEL><LINE>Verona</LINE></LABEL><NICKNAME/>');
    const back = toVcardTemp(now('<fn><text>Juliet</text></fn><nickname><text>Jule</text></nickname>'), temp);
    assert.equal(only(back, 'LABEL').length, 1);
    assert.deepEqual(only(back, 'NICKNAME'), ['<NICKNAME>Jule</NICKNAME>']);
  });

  test('what was poorer after a conversion is not carried back: a fax that vCard4 cannot name keeps its name', () => {
    const temp = old('<TEL><WORK/><MSG/><NUMBER>303 555</NUMBER></TEL><FN>J</FN>');
    const four = toVcard4(temp);
    assert.equal(serialize(toVcardTemp(four, temp)), serialize(temp));
    four.getChild('fn')!.getChild('text')!.text('Juliet');
    const next = toVcardTemp(four, temp);
    assert.equal(only(next, 'TEL').length, 1);
    assert.match(only(next, 'TEL')[0]!, /<MSG\/>/);
    assert.deepEqual(only(next, 'FN'), ['<FN>Juliet</FN>']);
  });

  test('what was taken away on one side goes on the other', () => {
    const four = toVcard4(old('<FN>J</FN><TITLE>Heir</TITLE>'));
    assert.deepEqual(only(toVcard4(old('<FN>J</FN>'), four), 'title'), []);
    assert.deepEqual(
      only(toVcardTemp(now('<fn><text>J</text></fn>'), old('<FN>J</FN><TITLE>Heir</TITLE>')), 'TITLE'),
      [],
    );
  });
});

describe('what the server reads of a card', () => {
  test('names, each cut', () => {
    const card = old(
      `<FN> J C </FN><N><GIVEN>Juliet</GIVEN><FAMILY>${'x'.repeat(500)}</FAMILY></N><EMAIL><USERID>j@example.test</USERID></EMAIL>`,
    );
    const { full, given, family, nick, email } = cardNames(card);
    assert.deepEqual([full, given, family.length, nick, email], ['J C', 'Juliet', 200, '', 'j@example.test']);
  });

  test('a photo, taken out; one that is only pointed at stays', () => {
    const taken = takePhoto(old(`<FN>J</FN><PHOTO><BINVAL>${PNG}</BINVAL></PHOTO>`));
    assert.equal(serialize(taken.card), serialize(old('<FN>J</FN>')));
    assert.ok(typeof taken.photo === 'object');
    assert.equal(taken.photo.hash, hashOf(PNG));
    const pointed = takePhoto(old('<PHOTO><EXTVAL>https://example.test/j.png</EXTVAL></PHOTO>'));
    assert.equal(pointed.photo, 'none');
    assert.equal(textOf(child(child(pointed.card, 'PHOTO')!, 'EXTVAL')), 'https://example.test/j.png');
  });

  test('an image up to the limit, known by its first bytes', () => {
    assert.ok(typeof readImage(pngOf(IMAGE_LIMIT)) === 'object');
    assert.equal(readImage(pngOf(IMAGE_LIMIT + 1)), 'too-large');
    assert.equal(readImage(' \n'), 'empty');
    assert.equal(readImage('AAA'), 'not-base64');
    assert.equal(readImage('AAAA'), 'unknown-type');
  });
});
