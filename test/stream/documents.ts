import fc from 'fast-check';

/** Characters that XML has, and that readers have stumbled over. */
const character = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...'abc xyz09&<>"\'=/;:#!?[]-') },
  { weight: 2, arbitrary: fc.constantFrom('\t', '\n', '\r', '\r\n', ']]', ']]>', '&amp;', '<!--', '\u0085', '\u2028') },
  {
    weight: 2,
    arbitrary: fc.constantFrom('é', 'ß', 'Ω', '界', '𝄞', '😀', '\u{10fffd}', '\ufffd', '\u00a0', '\ue000', '\u007f'),
  },
);

/** Any text that can stand in XML. */
export const text = fc.array(character, { maxLength: 12 }).map((parts) => parts.join(''));

const name = fc.constantFrom(
  'a',
  'b',
  'message',
  'body',
  'x',
  'é',
  'x-1',
  '_',
  'a.b',
  'constructor',
  'toString',
  'Ω',
  '界',
);
const uri = fc.constantFrom(
  'urn:one',
  'urn:two',
  'jabber:client',
  'http://example.test/?a=1&b=2',
  "it's",
  '<">',
  'a b',
  '界',
);

/** How the same character can be written. */
function written(character: string, how: number, quote: string): string {
  const code = character.codePointAt(0)!;
  if (how % 4 === 1) return `&#${code};`;
  if (how % 4 === 2) return `&#x${code.toString(16)};`;
  if (character === '&') return '&amp;';
  if (character === '<') return '&lt;';
  if (character === '>') return '&gt;';
  if (character === quote) return quote === '"' ? '&quot;' : '&apos;';
  return character;
}

const writing = fc.array(fc.nat(7), { minLength: 1, maxLength: 8 });

const attributeValue = fc.tuple(text, writing, fc.constantFrom('"', "'")).map(([value, hows, quote]) => {
  const inner = [...value].map((c, i) => written(c, hows[i % hows.length]!, quote)).join('');
  return `${quote}${inner}${quote}`;
});

const characterData = fc
  .tuple(text, writing, fc.boolean())
  .map(([value, hows, cdata]) =>
    cdata && !value.includes(']]')
      ? `<![CDATA[${value}]]>`
      : [...value].map((c, i) => written(c, hows[i % hows.length]!, '')).join(''),
  );

const gap = fc.constantFrom(' ', '\n', '\t', '  ', ' \r\n');
const some = fc.constantFrom('', '', ' ', '\n');

interface Drawn {
  readonly name: string;
  readonly prefix: string;
  readonly declares: readonly (readonly [string, string])[];
  readonly attributes: readonly (readonly [string, string, string])[];
  readonly children: readonly (Drawn | string)[];
  readonly spaces: readonly [string, string, string];
  readonly empty: boolean;
}

const drawn: fc.Memo<Drawn> = fc.memo((depth) =>
  fc.record({
    name,
    prefix: fc.constantFrom('', '', 'p', 'q'),
    declares: fc.uniqueArray(fc.tuple(fc.constantFrom('', 'p', 'q'), uri), {
      maxLength: 2,
      selector: ([prefix]) => prefix,
    }),
    attributes: fc.uniqueArray(fc.tuple(fc.constantFrom('', '', '', 'p', 'q', 'xml'), name, attributeValue), {
      maxLength: 4,
      selector: ([, local]) => local,
    }),
    children:
      depth <= 1
        ? fc.array(characterData, { maxLength: 2 })
        : fc.array(fc.oneof(characterData, drawn(depth - 1)), { maxLength: 4 }),
    spaces: fc.tuple(gap, some, some),
    empty: fc.boolean(),
  }),
);

const quoted = (value: string): string =>
  `'${value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll("'", '&apos;')}'`;

/** Writes it, with every prefix declared that it uses. */
function write(
  { name: local, prefix, declares, attributes, children, spaces, empty }: Drawn,
  known: readonly string[],
): string {
  const [between, inside, after] = spaces;
  const declared = new Map(declares);
  for (const used of [prefix, ...attributes.map(([p]) => p)]) {
    if (used !== '' && used !== 'xml' && !known.includes(used) && !declared.has(used))
      declared.set(used, `urn:${used}`);
  }
  const scope = [...known, ...declared.keys()];
  const full = prefix === '' ? local : `${prefix}:${local}`;
  const parts = [
    ...[...declared].map(([p, value]) => `${p === '' ? 'xmlns' : `xmlns:${p}`}${inside}=${inside}${quoted(value)}`),
    ...attributes.map(
      ([p, attribute, value]) => `${p === '' ? attribute : `${p}:${attribute}`}${inside}=${inside}${value}`,
    ),
  ];
  const start = `<${full}${parts.map((part) => between + part).join('')}${after}`;
  if (children.length === 0 && empty) return `${start}/>`;
  const inner = children.map((node) => (typeof node === 'string' ? node : write(node, scope))).join('');
  return `${start}>${inner}</${full}${after}>`;
}

/** Well-formed stanzas in all the ways that XML lets them be written. */
export const stanza = drawn(4).map((one) => write(one, []));

const SNIPPETS = [
  ...'<>/&;"\'= \n\r\t:#x?!-[]a',
  'xmlns',
  "xmlns=''",
  "xmlns:p=''",
  "xmlns:p='urn:p'",
  "xmlns:q='urn:p'",
  " p:a='1'",
  " q:a='2'",
  " a='1'",
  " __proto__='1'",
  "xmlns:xml='urn:x'",
  "xmlns:xml='http://www.w3.org/XML/1998/namespace'",
  "xmlns:xmlns='urn:x'",
  "xmlns='http://www.w3.org/2000/xmlns/'",
  'p:',
  'xml:',
  'xmlns:',
  '<![CDATA[',
  ']]>',
  '<!--',
  '-->',
  '<?x ?>',
  "<?xml version='1.0'?>",
  '<!DOCTYPE a>',
  '&lt;',
  '&lt',
  '&#',
  '&#0;',
  '&#x41;',
  '&#xd800;',
  '&#x110000;',
  '&#xfffe;',
  '&nbsp;',
  '\u0000',
  '\u0001',
  '\u001f',
  '\ufffe',
  '\uffff',
  '\ufeff',
  '\u0085',
  'é',
  '𝄞',
  '</a>',
  '<a>',
  '<b/>',
  '</stream:stream>',
  '/>',
];

type Change = readonly [kind: 'insert' | 'delete' | 'replace' | 'repeat', at: number, snippet: string, length: number];

const change: fc.Arbitrary<Change> = fc.tuple(
  fc.constantFrom('insert', 'delete', 'replace', 'repeat'),
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.constantFrom(...SNIPPETS),
  fc.integer({ min: 1, max: 6 }),
);

function changed(document: string, [kind, where, snippet, length]: Change): string {
  const characters = [...document];
  const at = Math.floor(where * characters.length);
  const [before, after] = [characters.slice(0, at).join(''), characters.slice(at).join('')];
  const rest = characters.slice(at + length).join('');
  if (kind === 'insert') return before + snippet + after;
  if (kind === 'delete') return before + rest;
  if (kind === 'replace') return before + snippet + rest;
  return before + characters.slice(at, at + length).join('') + after;
}

/** The same with some places spoilt. */
export const spoilt = fc
  .tuple(stanza, fc.array(change, { minLength: 1, maxLength: 3 }))
  .map(([document, changes]) => changes.reduce(changed, document));
