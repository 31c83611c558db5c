import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encode, ia5, octets, oid, sequence, tagged, taggedBytes, utf8 } from '../../server/certificates/der.ts';
import { isFor, namesOf } from '../../server/certificates/peer-names.ts';
import { type CertificateOptions, certificate, otherName } from '../support/authority.ts';

const XMPP_ADDR = '1.3.6.1.5.5.7.8.5';
const DNS_SRV = '1.3.6.1.5.5.7.8.7';

const names = (options: CertificateOptions) => namesOf(certificate({ cn: 'somebody', ...options }).der);

interface Case {
  readonly why: string;
  readonly has: CertificateOptions;
  readonly domain?: string;
  readonly good: boolean;
}

const CASES: readonly Case[] = [
  // DNS-ID
  { why: 'DNS-ID, the same name (RFC 9525 §6.3)', has: { dns: ['example.test'] }, good: true },
  { why: 'DNS-ID in other letters (RFC 4343)', has: { dns: ['EXAMPLE.Test'] }, good: true },
  { why: 'DNS-ID among others', has: { dns: ['a.test', 'b.test', 'example.test'] }, good: true },
  { why: 'DNS-ID of a host below', has: { dns: ['xmpp.example.test'] }, good: false },
  { why: 'DNS-ID of the domain above', has: { dns: ['example.test'] }, domain: 'a.example.test', good: false },
  { why: 'DNS-ID that ends alike', has: { dns: ['badexample.test'] }, good: false },
  { why: 'DNS-ID with a dot at the end', has: { dns: ['example.test.'] }, good: false },
  { why: 'DNS-ID with an empty label', has: { dns: ['.example.test'] }, good: false },
  { why: 'a domain of one label', has: { dns: ['localhost'] }, domain: 'localhost', good: true },
  { why: 'the domain with a dot at the end', has: { dns: ['example.test'] }, domain: 'example.test.', good: false },
  { why: 'no domain', has: { dns: ['example.test'] }, domain: '', good: false },
  // wildcards
  { why: '* for one label (RFC 9525 §6.3)', has: { dns: ['*.example.test'] }, domain: 'a.example.test', good: true },
  { why: '* for no label', has: { dns: ['*.example.test'] }, good: false },
  { why: '* for two labels', has: { dns: ['*.example.test'] }, domain: 'a.b.example.test', good: false },
  { why: '* for a part of a label', has: { dns: ['a*.example.test'] }, domain: 'ab.example.test', good: false },
  { why: '* before a part of one', has: { dns: ['*b.example.test'] }, domain: 'ab.example.test', good: false },
  { why: '* not on the left', has: { dns: ['a.*.test'] }, domain: 'a.example.test', good: false },
  { why: 'two *', has: { dns: ['*.*.test'] }, domain: 'a.example.test', good: false },
  { why: '* alone', has: { dns: ['*'] }, domain: 'test', good: false },
  { why: 'all of a top-level domain', has: { dns: ['*.test'] }, good: false },
  { why: '* for an A-label', has: { dns: ['*.example.test'] }, domain: 'bücher.example.test', good: true },
  { why: 'a domain that says *', has: { dns: ['*.example.test'] }, domain: '*.example.test', good: false },
  // SRV-ID
  { why: 'SRV-ID of servers (RFC 6120 §13.7.1.2.1)', has: { srv: ['_xmpp-server.example.test'] }, good: true },
  { why: 'SRV-ID of direct TLS (XEP-0368)', has: { srv: ['_xmpps-server.example.test'] }, good: true },
  { why: 'SRV-ID in other letters', has: { srv: ['_XMPP-Server.Example.TEST'] }, good: true },
  { why: 'SRV-ID for clients', has: { srv: ['_xmpp-client.example.test'] }, good: false },
  { why: 'SRV-ID of another service', has: { srv: ['_imaps.example.test'] }, good: false },
  { why: 'SRV-ID without a service', has: { srv: ['example.test'] }, good: false },
  { why: 'SRV-ID of another domain', has: { srv: ['_xmpp-server.other.test'] }, good: false },
  { why: 'SRV-ID with *', has: { srv: ['_xmpp-server.*.example.test'] }, domain: 'a.example.test', good: true },
  { why: 'SRV-ID for all', has: { srv: ['_xmpp-server.*'] }, good: false },
  { why: 'a DNS-ID that looks like an SRV-ID', has: { dns: ['_xmpp-server.example.test'] }, good: false },
  // XmppAddr
  { why: 'XmppAddr (RFC 6120 §13.7.1.4)', has: { xmpp: ['example.test'] }, good: true },
  { why: 'XmppAddr in Unicode', has: { xmpp: ['bücher.test'] }, domain: 'bücher.test', good: true },
  { why: 'XmppAddr in other letters', has: { xmpp: ['Example.test'] }, good: true },
  { why: 'XmppAddr with *', has: { xmpp: ['*.example.test'] }, domain: 'a.example.test', good: false },
  { why: 'XmppAddr of a person', has: { xmpp: ['juliet@example.test'] }, good: false },
  { why: 'XmppAddr with a resource', has: { xmpp: ['example.test/x'] }, good: false },
  // Unicode
  { why: 'A-label for a Unicode domain', has: { dns: ['xn--bcher-kva.test'] }, domain: 'bücher.test', good: true },
  { why: 'A-label for itself', has: { dns: ['xn--bcher-kva.test'] }, domain: 'xn--bcher-kva.test', good: true },
  { why: 'attack: wide letters', has: { xmpp: ['ｅxample.test'] }, good: false },
  { why: 'attack: the Kelvin sign for a k', has: { xmpp: ['boo\u212a.test'] }, domain: 'book.test', good: false },
  { why: 'attack: percent signs', has: { xmpp: ['ex%61mple.test'] }, good: false },
  { why: 'attack: a soft hyphen', has: { xmpp: ['exam\u00adple.test'] }, good: false },
  { why: 'attack: another dot', has: { xmpp: ['example\u3002test'] }, good: false },
  { why: 'attack: letters of another script', has: { xmpp: ['ехаmple.test'] }, good: false },
  // what never counts (RFC 9525 §2)
  { why: 'attack: the common name alone', has: { cn: 'example.test' }, good: false },
  { why: 'attack: the common name beside others', has: { cn: 'example.test', dns: ['other.test'] }, good: false },
  { why: 'attack: a common name inside the OU', has: { ou: 'CN=example.test', dns: ['other.test'] }, good: false },
  { why: 'attack: NUL in a DNS-ID', has: { dns: ['example.test\0.evil.test'] }, good: false },
  { why: 'attack: NUL at the end', has: { dns: ['example.test\0'] }, good: false },
  { why: 'attack: NUL in an XmppAddr', has: { xmpp: ['example.test\0'] }, good: false },
  { why: 'attack: a space before it', has: { dns: [' example.test'] }, good: false },
  { why: 'attack: two names in one', has: { dns: ['other.test, DNS:example.test'] }, good: false },
  { why: 'attack: an IP SAN', has: { ip: [Buffer.of(127, 0, 0, 1)] }, domain: '127.0.0.1', good: false },
  { why: 'attack: an address as DNS-ID', has: { dns: ['127.0.0.1'] }, domain: '127.0.0.1', good: false },
  { why: 'attack: an address in brackets', has: { dns: ['[::1]'] }, domain: '[::1]', good: false },
  {
    why: 'attack: an IP SAN of the letters of a name',
    has: { ip: [Buffer.from('example.test')] },
    good: false,
  },
  { why: 'a URI', has: { names: [taggedBytes(6, 'xmpp:example.test')] }, good: false },
  { why: 'a mail address', has: { names: [taggedBytes(1, 'example.test')] }, good: false },
  // broken ones
  {
    why: 'attack: an XmppAddr that is no UTF8String',
    has: { names: [otherName(XMPP_ADDR, ia5('example.test'))] },
    good: false,
  },
  {
    why: 'an SRV-ID that is no IA5String',
    has: { names: [otherName(DNS_SRV, utf8('_xmpp-server.example.test'))] },
    good: false,
  },
  {
    why: 'an otherName of a kind unknown',
    has: { names: [otherName('1.3.6.1.4.1.311.20.2.3', utf8('example.test'))] },
    good: false,
  },
  { why: 'an otherName without a tag', has: { names: [tagged(0, oid(XMPP_ADDR), utf8('example.test'))] }, good: false },
  { why: 'an empty otherName', has: { names: [tagged(0)] }, good: false },
  {
    why: 'attack: an otherName of two values',
    has: { names: [tagged(0, oid(XMPP_ADDR), tagged(0, utf8('example.test'), utf8('other.test')))] },
    good: false,
  },
  {
    why: 'attack: a URI in the place of the kind',
    has: {
      names: [tagged(0, taggedBytes(6, Buffer.from('2b06010505070805', 'hex')), tagged(0, utf8('example.test')))],
    },
    good: false,
  },
  { why: 'attack: a DNS-ID in pieces', has: { names: [tagged(2, ia5('example'), ia5('.test'))] }, good: false },
  { why: 'a broken name beside a good one', has: { names: [tagged(0)], dns: ['example.test'] }, good: true },
];

describe('names of certificates of other servers (RFC 9525 §6, RFC 6120 §13.7)', () => {
  for (const { why, has, domain = 'example.test', good } of CASES) {
    it(`${good ? 'good' : 'no good'}: ${why}`, () => assert.equal(isFor(names(has), domain), good));
  }

  it('the names are given as they stand there, and the common name only to speak of it', () => {
    const found = names({
      cn: 'Example.test',
      ou: 'office',
      dns: ['Example.test', '*.example.test', 'a\0b'],
      srv: ['_xmpp-server.example.test'],
      xmpp: ['bücher.test'],
    });
    assert.deepEqual(found, {
      dns: ['Example.test', '*.example.test'],
      srv: ['_xmpp-server.example.test'],
      xmpp: ['bücher.test'],
      commonNames: ['Example.test'],
    });
  });

  it('attack: more than a hundred names of a kind', () => {
    const many = (count: number) => Array.from({ length: count }, (_, index) => `n${index}.test`);
    assert.equal(names({ dns: many(100), xmpp: many(100) }).dns.length, 100);
    assert.throws(() => names({ dns: many(101) }), /more than 100 names/);
    assert.throws(() => names({ xmpp: many(101) }), /more than 100 names/);
    assert.throws(() => names({ srv: many(101) }), /more than 100 names/);
  });

  it('attack: names that two readers could read in two ways', () => {
    const again = sequence(oid('2.5.29.17'), octets(encode(sequence(taggedBytes(2, 'example.test')))));
    const twice = certificate({ dns: ['other.test'], extensions: [again] });
    assert.throws(() => namesOf(twice.der), /in two places/);
    const long = Buffer.concat([Buffer.of(0x30, 0x81, 0x0e, 0x82, 0x0c), Buffer.from('example.test')]);
    const notDer = certificate({ cn: 'x', extensions: [sequence(oid('2.5.29.17'), octets(long))] });
    assert.throws(() => namesOf(notDer.der), /cannot be read/);
    const more = Buffer.concat([encode(sequence(taggedBytes(2, 'a.test'))), Buffer.from('more')]);
    const trailing = certificate({ cn: 'x', extensions: [sequence(oid('2.5.29.17'), octets(more))] });
    assert.throws(() => namesOf(trailing.der), /cannot be read/);
  });

  it('attack: names so deep that reading them could end the process', () => {
    let deep = Buffer.from('example.test');
    for (let depth = 0; depth < 15_000; depth += 1) {
      const length = deep.length < 128 ? [deep.length] : [0x82, deep.length >> 8, deep.length & 0xff];
      if (deep.length > 0xfff0) break;
      deep = Buffer.concat([
        Buffer.of(0xa0, ...(deep.length >= 128 && deep.length < 256 ? [0x81, deep.length] : length)),
        deep,
      ]);
    }
    const nested = certificate({ cn: 'x', extensions: [sequence(oid('2.5.29.17'), octets(deep))] });
    assert.throws(() => namesOf(nested.der), /cannot be read/);
  });

  it('what is no certificate has no names', () => {
    for (const bytes of [
      Buffer.alloc(0),
      Buffer.from('hello'),
      Buffer.alloc(60_000, 0x30),
      Buffer.alloc(60_000, 0x80),
    ]) {
      assert.throws(() => namesOf(bytes), /cannot be read/);
    }
  });
});
