import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { StanzaLimits } from '../../server/stream/limits.ts';
import { StreamHeader, type StreamItem, StreamParser } from '../../server/stream/parser.ts';
import { Element, serialize } from '../../server/xmpp/element.ts';
import { StreamError } from '../../server/xmpp/stream-error.ts';
import { HEADER } from './infoset.ts';

const LIMITS: StanzaLimits = { bytes: 262_144, depth: 64, attributes: 64, children: 5_000, namespaces: 64 };

interface Reading {
  readonly items: StreamItem[];
  readonly error: StreamError | undefined;
  /** Bytes written when it was refused. */
  readonly bytes: number;
}

function read(chunks: Iterable<string | Buffer>, limits: Partial<StanzaLimits> = {}): Reading {
  const items: StreamItem[] = [];
  const parser = new StreamParser('jabber:client', { ...LIMITS, ...limits }, (item) => items.push(item));
  let bytes = 0;
  for (const chunk of chunks) {
    const buffer = Buffer.from(chunk as string);
    bytes += buffer.length;
    try {
      parser.write(buffer);
    } catch (error) {
      if (error instanceof StreamError) return { items, error, bytes };
      throw error;
    }
  }
  return { items, error: undefined, bytes };
}

/** Cut into single bytes. */
function* single(text: string | Buffer): Iterable<Buffer> {
  const bytes = Buffer.from(text as string);
  for (let i = 0; i < bytes.length; i++) yield bytes.subarray(i, i + 1);
}

function refuses(name: string, xml: string | Buffer, condition: string, limits: Partial<StanzaLimits> = {}): void {
  test(name, () => {
    const bytes = Buffer.concat([Buffer.from(HEADER), Buffer.from(xml as string)]);
    assert.equal(read([bytes], limits).error?.condition, condition, 'in one piece');
    assert.equal(read(single(bytes), limits).error?.condition, condition, 'byte by byte');
  });
}

describe('RFC 6120 §11.1: what XMPP excludes from XML', () => {
  refuses('a document type', '<!DOCTYPE lolz [<!ENTITY lol "lol">]>', 'restricted-xml');
  refuses('a document type in a stanza', '<message><!DOCTYPE a></message>', 'restricted-xml');
  refuses('an entity declaration', '<!ENTITY a "b">', 'restricted-xml');
  refuses('a comment', '<message><!-- hello --></message>', 'restricted-xml');
  refuses('a comment between stanzas', '<!-- hello -->', 'restricted-xml');
  refuses('a processing instruction', '<message><?php echo 1 ?></message>', 'restricted-xml');
  refuses('an XML declaration in the middle', "<?xml version='1.0'?>", 'restricted-xml');
  refuses('a reference to an entity', '<message><body>&nbsp;</body></message>', 'restricted-xml');
  refuses('a reference to an entity in an attribute', "<message id='&id;'/>", 'restricted-xml');
  test('a document type before the header, before anything else is read', () => {
    const { error, bytes } = read(single('<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;">]>'));
    assert.equal(error?.condition, 'restricted-xml');
    assert.ok(bytes <= 3, `${bytes} bytes were read first`);
  });
});

describe('what is not XML', () => {
  const cases: Record<string, string> = {
    'a tag that is closed by another': '<message></iq>',
    'an end tag too many': '<message/></message>',
    'an attribute twice': "<message id='1' id='2'/>",
    'an attribute twice by different prefixes': "<a xmlns:p='u' xmlns:q='u' p:x='1' q:x='2'/>",
    'no quotes': '<message id=1/>',
    'no space between attributes': "<message id='1'to='a'/>",
    'an attribute without a value': '<message id/>',
    'a < in an attribute': "<message id='<'/>",
    'a bare &': '<message><body>a & b</body></message>',
    ']]> in text': '<message><body>]]></body></message>',
    'U+0000': '<message><body>\0</body></message>',
    'a reference to U+0000': '<message><body>&#0;</body></message>',
    'a reference to a surrogate': '<message><body>&#xd800;</body></message>',
    'a control character': '<message><body>\u0008</body></message>',
    'U+FFFE': '<message><body>\ufffe</body></message>',
    'a name that begins with a digit': '<1message/>',
    'a prefix undeclared again': "<a xmlns:p='u'><b xmlns:p=''/></a>",
    'the prefix xmlns declared': "<a xmlns:xmlns='u'/>",
    'the prefix xml bound to something else': "<a xmlns:xml='u'/>",
    'the namespace of xml bound to another prefix': "<a xmlns:p='http://www.w3.org/XML/1998/namespace'/>",
    'the namespace of xml as default': "<a xmlns='http://www.w3.org/XML/1998/namespace'/>",
    'two colons': "<a xmlns:p='u'><p:b:c/></a>",
    'the stream closed inside a stanza': '<message></stream:stream>',
    'a stanza after the end of the stream': '</stream:stream><message/>',
    'text after the end of the stream': '</stream:stream>text<',
  };
  for (const [name, xml] of Object.entries(cases)) refuses(name, xml, 'not-well-formed');
  refuses('a prefix that is not declared', '<p:a/>', 'bad-namespace-prefix');
  refuses('an attribute whose prefix is not declared', "<a p:b='1'/>", 'bad-namespace-prefix');
});

describe('what no other client could read back', () => {
  refuses('an element of the namespace of XML', '<message><xml:a/></message>', 'restricted-xml');
  refuses('an attribute that JavaScript would lose', "<message><x __proto__='1'/></message>", 'restricted-xml');
  refuses('a name that only the fifth edition of XML 1.0 knows', '<message><𝒳/></message>', 'not-well-formed');
});

describe('RFC 6120 §11.6, RFC 3629: invalid UTF-8', () => {
  const cases: Record<string, number[]> = {
    'an overlong slash': [0xc0, 0xaf],
    'an overlong <': [0xe0, 0x80, 0xbc],
    'an overlong U+0000': [0xc0, 0x80],
    'a surrogate': [0xed, 0xa0, 0x80],
    'a pair of surrogates': [0xed, 0xa0, 0xb5, 0xed, 0xb4, 0x9e],
    'beyond U+10FFFF': [0xf4, 0x90, 0x80, 0x80],
    'five bytes': [0xf8, 0x88, 0x80, 0x80, 0x80],
    'a continuation alone': [0x80],
    'a character cut short': [0xe2, 0x82, 0x41],
    '0xFF': [0xff],
  };
  for (const [name, bytes] of Object.entries(cases)) {
    refuses(
      name,
      Buffer.concat([Buffer.from('<message><body>'), Buffer.from(bytes), Buffer.from('</body></message>')]),
      'not-well-formed',
    );
  }
  refuses('UTF-16', Buffer.from('<message/>', 'utf16le'), 'not-well-formed');
  test('a byte order mark of UTF-16', () => {
    assert.equal(read([Buffer.from(`\ufeff${HEADER}`, 'utf16le')]).error?.condition, 'not-well-formed');
  });
  test('another encoding by declaration', () => {
    const header = `<?xml version='1.0' encoding='ISO-8859-1'?>${HEADER}`;
    assert.equal(read([header]).error?.condition, 'unsupported-encoding');
  });
  test('UTF-8 by declaration is fine, in any case and cut anywhere', () => {
    const { items, error } = read(single(`<?xml version="1.0" encoding='utf-8' standalone='yes' ?>\n${HEADER}`));
    assert.equal(error, undefined);
    assert.ok(items[0] instanceof StreamHeader);
  });
});

describe('RFC 6120 §4.8: the namespaces of a stream', () => {
  const cases: Record<string, [string, string]> = {
    'not a stream': ["<stream:stream xmlns='jabber:client' xmlns:stream='urn:x' version='1.0'>", 'invalid-namespace'],
    'another content': [HEADER.replace('jabber:client', 'jabber:server'), 'invalid-namespace'],
    'no content': [HEADER.replace("xmlns='jabber:client'", ''), 'invalid-namespace'],
    'not <stream>': [HEADER.replace('<stream:stream', '<stream:features'), 'bad-format'],
    'no namespace at all': ['<stream>', 'invalid-namespace'],
    'a stanza before the header': ["<message xmlns='jabber:client'/>", 'invalid-namespace'],
    'text before the header': [`hello${HEADER}`, 'not-well-formed'],
    HTTP: ['GET / HTTP/1.1\r\nHost: example.test\r\n\r\n', 'not-well-formed'],
  };
  for (const [name, [xml, condition]] of Object.entries(cases)) {
    test(name, () => {
      // What has no markup in it is only known when some comes, or when there is too much of it.
      assert.equal(read([`${xml}<`]).error?.condition ?? read([xml]).error?.condition, condition);
    });
  }
  refuses('a second header', HEADER, 'bad-format');
  refuses('text between stanzas', 'hello<message/>', 'bad-format');
  refuses('CDATA between stanzas', '<![CDATA[hello]]>', 'bad-format');
  test('a prefix of the client’s own for the stream is fine (§4.8.2)', () => {
    const { items, error } = read([
      "<x:stream xmlns='jabber:client' xmlns:x='http://etherx.jabber.org/streams'><message/>",
    ]);
    assert.equal(error, undefined);
    assert.equal(items.length, 2);
  });
});

describe('RFC 6120 §13.12: limits of one stanza', () => {
  const policy = 'policy-violation';
  refuses('bytes, in a text', `<message><body>${'x'.repeat(3_000)}</body></message>`, policy, { bytes: 3_000 });
  refuses('bytes, in an attribute that does not end', `<message id='${'x'.repeat(4_000)}`, policy, { bytes: 3_000 });
  refuses('bytes, in a name that does not end', `<${'x'.repeat(4_000)}`, policy, { bytes: 3_000 });
  refuses('bytes, in CDATA that does not end', `<a><![CDATA[${']>'.repeat(2_000)}`, policy, { bytes: 3_000 });
  refuses('bytes, in many small elements', `<a>${'<b/>'.repeat(1_000)}</a>`, policy, { bytes: 3_000 });
  refuses('bytes, not characters', `<a>${'界'.repeat(1_000)}</a>`, policy, { bytes: 2_900 });
  refuses('depth', `${'<a>'.repeat(65)}`, policy);
  refuses('attributes of one element', `<a ${Array.from({ length: 65 }, (_, i) => `b${i}='' `).join('')}/>`, policy);
  refuses('elements', `<a>${'<b/>'.repeat(5_000)}</a>`, policy);
  refuses('namespaces', `<a>${Array.from({ length: 65 }, (_, i) => `<b xmlns='urn:${i}'/>`).join('')}</a>`, policy);
  refuses('namespaces by prefixes', `<a>${"<b xmlns:p='u'/>".repeat(65)}</a>`, policy);
  test('they are counted for each stanza anew, however these are cut', () => {
    const one = `<a>${"<b c='d' xmlns='urn:x'>text</b>".repeat(10)}</a>`;
    const limits = { bytes: one.length + 1, depth: 2, attributes: 3, children: 11, namespaces: 10 };
    for (const size of [1, 7, 64, one.length, one.length * 3 + 5, 1e6]) {
      const all = Buffer.from(HEADER + `${one}\n`.repeat(20));
      const chunks = Array.from({ length: Math.ceil(all.length / size) }, (_, i) =>
        all.subarray(i * size, (i + 1) * size),
      );
      const { items, error } = read(chunks, { ...limits, bytes: Math.max(limits.bytes, HEADER.length) });
      assert.equal(error, undefined, `in chunks of ${size}: ${error?.message}`);
      assert.equal(items.length, 21);
    }
  });
  test('just within them is fine', () => {
    assert.equal(read([HEADER, '<a>'.repeat(64) + '</a>'.repeat(64)]).error, undefined);
    assert.equal(read([HEADER, `<a>${'<b/>'.repeat(4_999)}</a>`]).error, undefined);
  });
  test('a stanza of 100 MB is refused after the limit, and takes no memory', () => {
    const chunk = Buffer.alloc(65_536, 'x');
    const before = process.memoryUsage().heapUsed;
    const endless = function* (): Iterable<string | Buffer> {
      yield `${HEADER}<message><body>`;
      for (let i = 0; i < 1_600; i++) yield chunk;
    };
    const { error, bytes } = read(endless());
    assert.equal(error?.condition, policy);
    assert.ok(bytes <= LIMITS.bytes + 2 * chunk.length, `${bytes} bytes were taken`);
    assert.ok(process.memoryUsage().heapUsed - before < 16e6);
  });
  test('hours of white space between stanzas neither count nor pile up', () => {
    const spaces = function* (): Iterable<string> {
      yield `${HEADER}<message/>`;
      for (let i = 0; i < 200_000; i++) yield i % 2 === 0 ? ' ' : '\r\n';
      yield ' <presence/>';
    };
    const before = process.memoryUsage().heapUsed;
    const { items, error } = read(spaces(), { bytes: 10_000 });
    assert.equal(error, undefined);
    assert.equal(items.length, 3);
    assert.ok(process.memoryUsage().heapUsed - before < 50e6);
  });
});

/** CPU time of a deed in microseconds, the best of three. */
function cost(deed: () => void): number {
  const tries = [0, 1, 2].map(() => {
    const start = process.cpuUsage();
    deed();
    const { user, system } = process.cpuUsage(start);
    return user + system;
  });
  return Math.min(...tries);
}

describe('CVE-2023-52425, CVE-2021-32918: twice the bytes cost about twice the time, one by one too', () => {
  const shapes: Record<string, (n: number) => string> = {
    'one attribute': (n) => `<a b='${'x'.repeat(n)}'/>`,
    'one attribute of references': (n) => `<a b='${'&#9;'.repeat(n / 4)}'/>`,
    'one text': (n) => `<a>${'x'.repeat(n)}</a>`,
    'one text of references': (n) => `<a>${'&lt;'.repeat(n / 4)}</a>`,
    'one CDATA section': (n) => `<a><![CDATA[${'x'.repeat(n)}]]></a>`,
    'one CDATA section full of ends that are none': (n) => `<a><![CDATA[${'>'.repeat(n)}]]></a>`,
    'texts and CDATA sections in turn': (n) => `<a>${'x<![CDATA[y]]>'.repeat(n / 14)}</a>`,
    'many elements': (n) => `<a>${'<b/>'.repeat(n / 4)}</a>`,
    'many attributes': (n) => `<a ${Array.from({ length: n / 9 }, (_, i) => `b${i}=''`).join(' ')}/>`,
    'white space in a tag': (n) => `<a${' '.repeat(n)}/>`,
    'one name': (n) => `<${'a'.repeat(n)}/>`,
  };
  const roomy = { bytes: 1e8, depth: 1e6, attributes: 1e6, children: 1e7, namespaces: 1e6 };
  for (const [name, shape] of Object.entries(shapes)) {
    test(name, () => {
      const n = 120_000;
      const [small, large] = [shape(n), shape(4 * n)].map((xml) => Buffer.from(HEADER + xml));
      const parse = (bytes: Buffer) => () => assert.equal(read(single(bytes), roomy).error, undefined);
      parse(small!)(); // warm
      const ratio = cost(parse(large!)) / cost(parse(small!));
      assert.ok(ratio < 9, `four times the bytes cost ${ratio.toFixed(1)} times the time`);
    });
  }
});

test('deep nesting, at whatever limit, does not exhaust the stack of the parser', () => {
  const { error } = read([HEADER, '<a>'.repeat(200_000)], { bytes: 1e9, depth: 1e9, children: 1e9 });
  assert.equal(error, undefined);
});

test('SECURITY 8: what an attribute holds cannot leave it when it is sent on', () => {
  const { items } = read([HEADER, `<iq id='&apos;/>&lt;b>&quot;&#10;&amp;amp;' type='get'/>`]);
  const element = items[1];
  assert.ok(element instanceof Element);
  assert.equal(serialize(element), "<iq id='&apos;/&gt;&lt;b&gt;&quot;&#10;&amp;amp;' type='get'/>");
});
