import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { JidError, makeJid, parseJid, prepareDomain, tryParseJid } from '../../server/xmpp/jid.ts';

describe('RFC 7622 §3.5: addresses', () => {
  const valid: [given: string, local: string, domain: string, resource: string][] = [
    ['juliet@example.com', 'juliet', 'example.com', ''],
    ['juliet@example.com/foo', 'juliet', 'example.com', 'foo'],
    ['juliet@example.com/foo bar', 'juliet', 'example.com', 'foo bar'],
    ['juliet@example.com/foo@bar', 'juliet', 'example.com', 'foo@bar'],
    ['juliet@example.com/foo/bar', 'juliet', 'example.com', 'foo/bar'],
    ['foo\\20bar@example.com', 'foo\\20bar', 'example.com', ''],
    ['fussball@example.com', 'fussball', 'example.com', ''],
    ['fußball@example.com', 'fußball', 'example.com', ''],
    ['π@example.com', 'π', 'example.com', ''],
    ['Σ@example.com/foo', 'σ', 'example.com', 'foo'],
    ['σ@example.com/foo', 'σ', 'example.com', 'foo'],
    ['ς@example.com/foo', 'ς', 'example.com', 'foo'],
    ['king@example.com/♚', 'king', 'example.com', '♚'],
    ['example.com', '', 'example.com', ''],
    ['example.com/foobar', '', 'example.com', 'foobar'],
    ['a.example.com/b@example.net', '', 'a.example.com', 'b@example.net'],
    // Case, width and composition (RFC 8265 §3.3.2)
    ['JULIET@EXAMPLE.COM/Balcony', 'juliet', 'example.com', 'Balcony'],
    ['ＪＵＬＩＥＴ@example.com', 'juliet', 'example.com', ''],
    ['JOSÉ@example.com', 'josé', 'example.com', ''],
    ['jose\u0301@example.com', 'josé', 'example.com', ''],
    ['juliet@example.com/jose\u0301', 'juliet', 'example.com', 'josé'],
    ['juliet@example.com/a\u00a0b\u3000c', 'juliet', 'example.com', 'a b c'],
    // Domains (§3.2)
    ['juliet@example.com.', 'juliet', 'example.com', ''],
    ['juliet@BÜCHER.example', 'juliet', 'bücher.example', ''],
    ['juliet@xn--bcher-kva.example', 'juliet', 'bücher.example', ''],
    ['juliet@例え.テスト', 'juliet', '例え.テスト', ''],
    ['juliet@192.0.2.1', 'juliet', '192.0.2.1', ''],
    ['juliet@[2001:DB8::1]/x', 'juliet', '[2001:db8::1]', 'x'],
    ['juliet@[2001:0db8:0:0:0:0:0:1]', 'juliet', '[2001:db8::1]', ''],
    ['juliet@localhost', 'juliet', 'localhost', ''],
    ['عمر@example.com', 'عمر', 'example.com', ''],
  ];
  for (const [given, local, domain, resource] of valid) {
    test(`${JSON.stringify(given)} is an address`, () => {
      const jid = parseJid(given);
      assert.deepEqual([jid.local, jid.domain, jid.resource], [local, domain, resource]);
      const bare = local === '' ? domain : `${local}@${domain}`;
      assert.equal(jid.bare, bare);
      assert.equal(jid.full, resource === '' ? bare : `${bare}/${resource}`);
      assert.deepEqual(parseJid(jid.full), jid, 'prepared once more it is the same');
      assert.deepEqual(makeJid(local, domain, resource), jid);
    });
  }

  const invalid: Record<string, string> = {
    'quotes in the localpart': '"juliet"@example.com',
    'a space in the localpart': 'foo bar@example.com',
    'an empty resourcepart': 'juliet@example.com/',
    'a localpart alone': '@example.com/',
    'an empty localpart': '@example.com',
    'Roman numeral four': 'henryⅣ@example.com',
    'a symbol in the localpart': '♚@example.com',
    'an empty domainpart': 'juliet@',
    'a resource only': '/foobar',
    nothing: '',
    'two at signs': 'a@b@example.com',
    'an ampersand': 'a&b@example.com',
    'an apostrophe': "o'hara@example.com",
    'a colon': 'a:b@example.com',
    'less-than': 'a<b@example.com',
    'a control character': 'a\u0007b@example.com',
    'a control character in the resource': 'juliet@example.com/a\u0007b',
    'a line feed in the resource': 'juliet@example.com/a\nb',
    'U+0000 in the resource': 'juliet@example.com/a\0b',
    'an unassigned code point': 'a\u0378@example.com',
    'a private-use code point': 'a\ue000@example.com',
    'a private-use code point in the resource': 'juliet@example.com/\ue000',
    'a soft hyphen': 'a\u00adb@example.com',
    'a zero-width joiner': 'a\u200db@example.com',
    'a right-to-left override in the resource': 'juliet@example.com/\u202etxt',
    'a ligature': 'ﬁnn@example.com',
    'a superscript': 'a²@example.com',
    'an old Hangul Jamo': '\u1100@example.com',
    'mixed directions': 'aعمر@example.com',
    'a space in the domain': 'juliet@exa mple.com',
    'an underscore in the domain': 'juliet@exa_mple.com',
    'a label that begins with a hyphen': 'juliet@-example.com',
    'an empty label': 'juliet@example..com',
    'a dot alone': 'juliet@.',
    'a symbol in the domain': 'juliet@♚.example',
    'a percent escape in the domain': 'juliet@ex%61mple.com',
    'a port': 'juliet@example.com:5222',
    'IPv4 out of range': 'juliet@192.0.2.256',
    'IPv4 with zeros in front': 'juliet@192.0.02.1',
    'IPv4 as one number': 'juliet@3221225985',
    'IPv6 without brackets': 'juliet@2001:db8::1',
    'IPv6 malformed': 'juliet@[2001:db8::1::2]',
    'IPv6 with a zone': 'juliet@[fe80::1%25eth0]',
    'punycode of nothing': 'juliet@xn--.example',
    'punycode that is malformed': 'juliet@xn--a-.example',
    'a label of 64 characters': `juliet@${'a'.repeat(64)}.example`,
    'a localpart of 1024 bytes': `${'a'.repeat(1_024)}@example.com`,
    'a localpart of 1024 bytes in two-byte characters': `${'é'.repeat(512)}@example.com`,
    'a resourcepart of 1024 bytes': `juliet@example.com/${'a'.repeat(1_024)}`,
    'a resourcepart of 1024 bytes in four-byte characters': `juliet@example.com/${'😀'.repeat(256)}`,
    'a domainpart of 254 characters': `${'a.'.repeat(126)}ab`,
    'a megabyte': 'a'.repeat(1_000_000),
  };
  for (const [name, given] of Object.entries(invalid)) {
    test(`${name} makes no address`, () => {
      assert.throws(() => parseJid(given), JidError);
      assert.equal(tryParseJid(given), undefined);
    });
  }

  test('parts of 1023 bytes are fine (§3.1)', () => {
    parseJid(`${'a'.repeat(1_023)}@example.com/${'b'.repeat(1_023)}`);
    parseJid(`${'é'.repeat(511)}@example.com/${'😀'.repeat(255)}`);
  });
});

test('whatever is taken is prepared: preparing it again changes nothing', () => {
  const part = fc.string({ unit: 'binary', maxLength: 12 });
  fc.assert(
    fc.property(part, part, (local, resource) => {
      const jid = tryParseJid(`${local}@example.com/${resource}`);
      if (jid === undefined) return;
      assert.deepEqual(tryParseJid(jid.full), jid);
      assert.ok(!/["&'/:<>@\s]/.test(jid.local));
    }),
    { numRuns: 3_000 },
  );
});

test('a domain is the same however it is written', () => {
  for (const domain of [
    'BÜCHER.example',
    'bücher.example.',
    'xn--bcher-kva.example',
    'XN--BCHER-KVA.EXAMPLE',
    'bu\u0308cher.example',
  ]) {
    assert.equal(prepareDomain(domain), 'bücher.example');
  }
});
