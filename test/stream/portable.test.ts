import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LIMITS, PieReader } from '../../server/stream/portable.ts';
import type { Level, PieEvent } from '../../server/stream/portable-words.ts';
import { serialize } from '../../server/xmpp/element.ts';

/** Reads a file in pieces of so many bytes; each event as a line. */
function read(xml: string | Buffer, { size = 1_000_000, level = 'file' as Level, limits = LIMITS } = {}): string[] {
  const told: string[] = [];
  const say = (event: PieEvent): void => {
    if (event.kind === 'part')
      told.push([...event.within.map((one) => `${one.name}:`), serialize(event.element)].join(' '));
    else if (event.kind === 'host') told.push(`host ${event.jid}`);
    else if (event.kind === 'user') told.push(`user ${JSON.stringify(event.attrs)}`);
    else if (event.kind === 'include') told.push(`include ${event.attrs.href} in ${event.level}`);
    else if (event.kind === 'left') told.push(`left ${event.what}${event.inUser ? ' of the user' : ''}`);
    else told.push('end');
  };
  const reader = new PieReader(level, say, limits);
  const bytes = Buffer.from(xml);
  for (let at = 0; at < bytes.length; at += size) reader.write(bytes.subarray(at, at + size));
  reader.end();
  return told;
}

const PIE = "xmlns='urn:xmpp:pie:0'";
const around = (inside: string) =>
  `<server-data ${PIE}><host jid='example.test'><user name='anna'>${inside}</user></host></server-data>`;
const parts = (inside: string, options = {}) => read(around(inside), options).slice(2, -1);

describe('XEP-0227: files are read a part at a time', () => {
  test('what may be much is told piece by piece, with what stands around it', () => {
    const text = around(
      "<query xmlns='jabber:iq:roster'><item jid='ben@a.test'><group>Ü &amp; 名</group></item><item jid='b@a.test'/></query>" +
        "<vCard xmlns='vcard-temp'><FN>Anna</FN></vCard>" +
        "<p:pubsub xmlns:p='http://jabber.org/protocol/pubsub'><p:items node='n'><p:item id='1'><x xmlns='a'/></p:item></p:items></p:pubsub>" +
        "<offline-messages><message xmlns='jabber:client'><body/></message></offline-messages>",
    );
    const whole = read(text);
    assert.deepEqual(whole, [
      'host example.test',
      'user {"name":"anna"}',
      "query: <item xmlns='jabber:iq:roster' jid='ben@a.test'><group>Ü &amp; 名</group></item>",
      "query: <item xmlns='jabber:iq:roster' jid='b@a.test'/>",
      "<vCard xmlns='vcard-temp'><FN>Anna</FN></vCard>",
      "pubsub: items: <item xmlns='http://jabber.org/protocol/pubsub' id='1'><x xmlns='a'/></item>",
      "offline-messages: <message xmlns='jabber:client'><body/></message>",
      'end',
    ]);
    for (const size of [1, 2, 7, 64]) assert.deepEqual(read(`\ufeff<?xml version='1.0'?>\n${text}`, { size }), whole);
  });

  test('the namespace of before there was one of its own, and attributes of others', () => {
    const old = 'http://www.xmpp.org/extensions/xep-0227.html#ns';
    const text = `<d:server-data xmlns:d='${old}'><d:host jid='a.test'><d:user name='u' password='p' e:made='1' xmlns:e='urn:e'/></d:host></d:server-data>`;
    assert.deepEqual(read(text), [
      'host a.test',
      'user {"name":"u","password":"p","e:made":"1","xmlns:e":"urn:e"}',
      'end',
    ]);
  });

  test('§4: files are included where the file itself speaks, not in what people have written', () => {
    const include =
      "<xi:include xmlns:xi='http://www.w3.org/2001/XInclude' href='x.xml'><xi:fallback><user/></xi:fallback></xi:include>";
    assert.deepEqual(read(`<server-data ${PIE}>${include}<host jid='a.test'>${include}</host></server-data>`), [
      'include x.xml in server',
      'host a.test',
      'include x.xml in host',
    ]);
    assert.deepEqual(parts(include), ['include x.xml in user']);
    assert.equal(parts(`<vCard xmlns='vcard-temp'>${include}</vCard>`).length, 1);
    assert.match(parts(`<query xmlns='jabber:iq:private'>${include}</query>`)[0]!, /^query: <include/);
  });

  test('what is not known is named, at whatever level', () => {
    const text = `<server-data ${PIE}><more xmlns='urn:m'><host jid='no.test'/></more><host jid='a.test'><room/>words<user name='u'>words</user></host></server-data>`;
    const told = [
      'left <more xmlns="urn:m">',
      'host a.test',
      'left <room>',
      'left text',
      'user {"name":"u"}',
      'left text of the user',
      'end',
    ];
    assert.deepEqual(read(text), told);
  });

  test('a file that is included begins with what stands in its place', () => {
    assert.deepEqual(read(`<user ${PIE} name='u'/>`, { level: 'host' }), ['user {"name":"u"}', 'end']);
    assert.deepEqual(read("<query xmlns='jabber:iq:roster'><item jid='a@b'/></query>", { level: 'user' }), [
      "query: <item xmlns='jabber:iq:roster' jid='a@b'/>",
    ]);
    for (const [level, root] of [
      ['host', `<host ${PIE} jid='a'/>`],
      ['server', `<user ${PIE} name='u'/>`],
      ['file', `<user ${PIE} name='u'/>`],
      ['file', '<html><body/></html>'],
      ['file', `<stream:stream xmlns:stream='http://etherx.jabber.org/streams'/>`],
    ] as const) {
      assert.throws(() => read(root, { level }), /It is|begins with/, root);
    }
  });
});

describe('XEP-0227: hostile files', () => {
  test('an entity bomb: there are no document types, no entities and no comments', () => {
    const bomb = `<!DOCTYPE s [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;'>]>${around('')}`;
    assert.throws(() => read(bomb), { condition: 'restricted-xml' });
    assert.throws(() => read(around('&b;')), { condition: 'restricted-xml' });
    assert.throws(() => read(around('<!-- -->')), { condition: 'restricted-xml' });
    assert.throws(() => read(around('<?php ?>')), { condition: 'restricted-xml' });
  });

  test('a part that is too large is passed over and named, and what follows is read', () => {
    const limits = { ...LIMITS, part: 1_000, elements: 50 };
    const next = "<vCard xmlns='vcard-temp'><FN>Anna</FN></vCard>";
    for (const large of [
      `<vCard xmlns='vcard-temp'><FN>${'x'.repeat(2_000)}</FN><N/></vCard>`,
      `<vCard xmlns='vcard-temp'><FN a='${'x'.repeat(2_000)}'><N/></FN></vCard>`,
      `<vCard xmlns='vcard-temp'>${'<N/>'.repeat(60)}</vCard>`,
      `<vCard xmlns='vcard-temp'>${'<N>x</N>'.repeat(60)}<N><O/></N></vCard>`,
    ]) {
      assert.deepEqual(
        parts(large + next, { limits }),
        ['left <vCard xmlns="vcard-temp">, too large of the user', next],
        large.slice(0, 60),
      );
    }
  });

  test('elements without end in each other, also where they are passed over', () => {
    const deep = '<a>'.repeat(5_000);
    assert.throws(() => read(`<server-data ${PIE}>${deep}`), /too deep/);
    assert.throws(
      () => read(`<server-data ${PIE}><host jid='a'><user name='u'><vCard xmlns='vcard-temp'>${deep}`),
      /too deep/,
    );
  });

  test('a tag or a text without end is not collected', () => {
    const limits = { ...LIMITS, token: 10_000 };
    for (const start of ['<a b="', '<vCard xmlns="vcard-temp"><FN>', '<![CDATA[', '']) {
      const reader = new PieReader('file', () => undefined, limits);
      reader.write(Buffer.from(around('').replace('</user></host></server-data>', start)));
      const more = Buffer.alloc(1_000, 'x');
      assert.throws(
        () => {
          for (let i = 0; i < 50; i++) reader.write(more);
        },
        /too long/,
        start,
      );
    }
  });

  test('what is no XML, no UTF-8, or not whole', () => {
    for (const [text, why] of [
      [around('').slice(0, -3), /not whole/],
      ['', /not whole/],
      [`${around('')}<more/>`, /behind its end/],
      [around('</host>'), /not open/],
      [around("<a b='1' b='2'/>"), /twice|Twice|malformed|well-formed|attribute/i],
      [around("<vCard xmlns='vcard-temp' __proto__='1'/>"), /cannot have/],
      [around('<x:a/>'), /prefix/],
      [around('<a>\u0001</a>'), /character/],
      [`<?xml version='1.0' encoding='ISO-8859-1'?>${around('')}`, /ISO-8859-1/],
      ['PK\u0003\u0004 a zip', /XML|whole/],
    ] as const) {
      assert.throws(() => read(text), why, text.slice(-60));
    }
    assert.throws(() => read(Buffer.from([0x3c, 0x61, 0x3e, 0xff, 0xfe, 0x3c])), { condition: 'not-well-formed' });
  });
});
