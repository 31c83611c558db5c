import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { dataForm, readForm } from '../../server/xmpp/data-form.ts';
import { dateTime, delay, delayXml, parseDateTime } from '../../server/xmpp/delay.ts';
import { el, serialize } from '../../server/xmpp/element.ts';
import { pageAnswer, readPageRequest } from '../../server/xmpp/result-set.ts';
import { StanzaError } from '../../server/xmpp/stanza-error.ts';
import { stanza } from '../support/xml.ts';

test('XEP-0004 §3: a form as it is written', () => {
  const form = dataForm({
    type: 'form',
    formType: 'urn:x',
    title: 'A <form>',
    instructions: 'Fill it in.',
    fields: [
      { name: 'who', type: 'jid-single', label: 'Who', required: true },
      { name: 'what', type: 'list-single', values: ['b'], options: [{ value: 'a', label: 'A' }, { value: 'b' }] },
    ],
  });
  assert.equal(
    serialize(form),
    "<x xmlns='jabber:x:data' type='form'><title>A &lt;form&gt;</title><instructions>Fill it in.</instructions>" +
      "<field var='FORM_TYPE' type='hidden'><value>urn:x</value></field>" +
      "<field var='who' type='jid-single' label='Who'><required/></field>" +
      "<field var='what' type='list-single'><value>b</value><option label='A'><value>a</value></option>" +
      '<option><value>b</value></option></field></x>',
  );
});

test('XEP-0004: a submitted form is read', () => {
  const query = stanza(`<query xmlns='u'><x xmlns='jabber:x:data' type='submit'>
    <field var='FORM_TYPE'><value>urn:x</value></field>
    <field var='one'><value>1</value></field>
    <field var='many'><value>1</value><value/><value>3</value></field>
    <field var='none'/><other/></x></query>`);
  const form = readForm(query);
  assert.equal(form?.type, 'submit');
  assert.equal(form?.formType, 'urn:x');
  assert.deepEqual(Object.fromEntries(form!.values), {
    FORM_TYPE: ['urn:x'],
    one: ['1'],
    many: ['1', '', '3'],
    none: [],
  });
  assert.equal(readForm(el('query')), undefined);
});

describe('XEP-0059: pages', () => {
  const read = (inner: string) =>
    readPageRequest(stanza(`<query xmlns='u'><set xmlns='http://jabber.org/protocol/rsm'>${inner}</set></query>`));
  test('what is asked for', () => {
    assert.deepEqual(readPageRequest(el('query')), { max: undefined, after: undefined, before: undefined });
    assert.deepEqual(read('<max>10</max><after>x</after>'), { max: 10, after: 'x', before: undefined });
    assert.deepEqual(read('<max>0</max>'), { max: 0, after: undefined, before: undefined });
    assert.deepEqual(read('<before/>'), { max: undefined, after: undefined, before: '' });
  });
  const refused: [string, string][] = [
    ['<max>ten</max>', 'bad-request'],
    ['<max/>', 'bad-request'],
    ['<max>-1</max>', 'bad-request'],
    ['<max>1.5</max>', 'bad-request'],
    ['<max>99999999999999999999</max>', 'bad-request'],
    ['<index>3</index>', 'feature-not-implemented'],
  ];
  for (const [inner, condition] of refused) {
    test(`${inner} is refused`, () => {
      assert.throws(
        () => read(inner),
        (error) => error instanceof StanzaError && error.condition === condition,
      );
    });
  }
  test('what a page held', () => {
    const set = pageAnswer({ first: 'a', last: 'b', count: 12 });
    assert.equal(
      serialize(set),
      "<set xmlns='http://jabber.org/protocol/rsm'><first>a</first><last>b</last><count>12</count></set>",
    );
    assert.equal(
      serialize(pageAnswer({ count: 0 })),
      "<set xmlns='http://jabber.org/protocol/rsm'><count>0</count></set>",
    );
  });
});

describe('XEP-0082, XEP-0203: times', () => {
  test('are written in UTC', () => {
    assert.equal(dateTime(0), '1970-01-01T00:00:00.000Z');
    const text = "<delay xmlns='urn:xmpp:delay' from='example.test' stamp='2002-09-10T23:08:25.000Z'/>";
    const time = Date.UTC(2002, 8, 10, 23, 8, 25);
    assert.equal(delayXml('example.test', time), text);
    assert.equal(serialize(delay('example.test', time)), text);
  });
  test('are read with zones and fractions', () => {
    assert.equal(parseDateTime('1969-07-21T02:56:15Z'), Date.UTC(1969, 6, 21, 2, 56, 15));
    assert.equal(parseDateTime('1969-07-20T21:56:15-05:00'), Date.UTC(1969, 6, 21, 2, 56, 15));
    assert.equal(parseDateTime('2020-01-01T00:00:00.123456Z'), Date.UTC(2020, 0, 1, 0, 0, 0, 123));
  });
  for (const text of [
    '',
    'now',
    '2020-01-01',
    '20200101T00:00:00',
    '2020-13-01T00:00:00Z',
    '2020-01-01T00:00:00',
    `2020-01-01T00:00:00.${'1'.repeat(50)}Z`,
  ]) {
    test(`${JSON.stringify(text.slice(0, 30))} is none`, () => assert.equal(parseDateTime(text), undefined));
  }
});
