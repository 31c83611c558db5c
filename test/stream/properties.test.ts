import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { StreamParser } from '../../server/stream/parser.ts';
import { Element, serialize } from '../../server/xmpp/element.ts';
import { spoilt, stanza, text } from './documents.ts';
import { byExpat, bySaxes, CONTENT, FOOTER, HEADER, ours, type Reading, ROOMY } from './infoset.ts';

const whole = (inner: string): Buffer => Buffer.from(HEADER + inner + FOOTER);

test('any split of the bytes gives the same elements', () => {
  const splits = fc.tuple(fc.array(stanza, { maxLength: 3 }), fc.array(fc.nat(5_000), { maxLength: 40 }));
  fc.assert(
    fc.property(splits, ([list, places]) => {
      const bytes = whole(list.join('\n'));
      const cuts = places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b);
      assert.deepEqual(ours(bytes, cuts), ours(bytes));
    }),
    { numRuns: 400 },
  );
});

test('byte by byte gives the same elements', () => {
  fc.assert(
    fc.property(stanza, (one) => {
      const bytes = whole(one);
      const cuts = Array.from(bytes, (_, i) => i);
      assert.deepEqual(ours(bytes, cuts), ours(bytes));
    }),
    { numRuns: 200 },
  );
});

test('where spoilt XML is refused does not depend on how it is cut', () => {
  fc.assert(
    fc.property(spoilt, (one) => {
      const bytes = whole(one);
      assert.deepEqual(
        ours(
          bytes,
          Array.from(bytes, (_, i) => i),
        ),
        ours(bytes),
      );
    }),
    { numRuns: 1_000 },
  );
});

/** The elements of a stream, in canonical form. */
function elementsOf(bytes: Buffer): Element[] {
  const found: Element[] = [];
  new StreamParser(CONTENT, ROOMY, (item) => {
    if (item instanceof Element) found.push(item);
  }).write(bytes);
  return found;
}

test('what is parsed, serialised and parsed again is the same', () => {
  fc.assert(
    fc.property(stanza, (one) => {
      const [first] = elementsOf(whole(one));
      assert.ok(first !== undefined);
      const again = ours(whole(serialize(first)));
      assert.deepEqual(again, ours(whole(one)));
      assert.equal(serialize(elementsOf(whole(serialize(first)))[0]!), serialize(first));
    }),
    { numRuns: 1_000 },
  );
});

test('any text survives in an element and in an attribute, line ends and tabs too', () => {
  fc.assert(
    fc.property(text, text, (inner, value) => {
      const element = new Element('body', { value });
      if (inner !== '') element.children.push(inner);
      const [read] = elementsOf(whole(serialize(element)));
      assert.equal(read?.attrs.value, value);
      assert.equal(read?.children.join(''), inner);
    }),
    { numRuns: 1_000 },
  );
});

/** Documents to be compared, from a seed that is told when something is wrong. */
function sample(arbitrary: fc.Arbitrary<string>, count: number): { seed: number; documents: string[] } {
  const seed = randomInt(2 ** 31);
  return { seed, documents: fc.sample(arbitrary, { seed, numRuns: count }) };
}

/**
 * XMPP excludes more than XML does (RFC 6120 §11.1), and a stream has rules of its own; besides, we do not count zeros
 * before the number of a character, and take only names that all editions of XML allow.
 */
const MAY_REFUSE =
  /<!(?!\[CDATA\[)|<\?|&[^#;&<]*;|&#x?0{6}|stream:|[\u0085\u2028\ue000\ufffd\ufeff\u{10000}-\u{10ffff}]/u;

function compare(document: string, seed: number, other: Reading, who: string): void {
  const mine = ours(whole(document));
  const shown = `seed ${seed}: ${JSON.stringify(document)}\nours: ${JSON.stringify(mine)}\n${who}: ${JSON.stringify(other)}`;
  if (document.includes(FOOTER)) return; // what stands behind the end of a stream is not read
  if ('refused' in other) {
    assert.ok('refused' in mine || !mine.closed, `${who} refuses what we take\n${shown}`);
  } else if ('stanzas' in mine && mine.closed) {
    assert.deepEqual(mine.stanzas, other.stanzas, shown);
  } else if ('refused' in mine && mine.refused === 'not-well-formed') {
    assert.match(document, MAY_REFUSE, `${who} takes what we refuse\n${shown}`);
  }
}

test('saxes sees the same in well-formed stanzas', () => {
  const { seed, documents } = sample(stanza, 2_000);
  for (const document of documents) {
    const mine = ours(whole(document));
    assert.ok('stanzas' in mine && mine.closed, `seed ${seed}: ${document}: ${JSON.stringify(mine)}`);
    compare(document, seed, bySaxes(HEADER + document + FOOTER), 'saxes');
  }
});

test('saxes refuses no spoilt stanza that we take, and sees the same in those that both take', () => {
  const { seed, documents } = sample(spoilt, 6_000);
  for (const document of documents) compare(document, seed, bySaxes(HEADER + document + FOOTER), 'saxes');
});

test('expat sees the same in well-formed stanzas, and refuses no spoilt one that we take', (t) => {
  const fine = sample(stanza, 2_000);
  const bad = sample(spoilt, 8_000);
  const readings = byExpat([...fine.documents, ...bad.documents].map(whole));
  if (readings === undefined) {
    t.skip('there is no /usr/bin/python3 here');
    return;
  }
  fine.documents.forEach((document, i) => void compare(document, fine.seed, readings[i]!, 'expat'));
  bad.documents.forEach(
    (document, i) => void compare(document, bad.seed, readings[fine.documents.length + i]!, 'expat'),
  );
});
