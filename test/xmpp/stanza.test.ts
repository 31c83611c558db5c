import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { el, serialize } from '../../server/xmpp/element.ts';
import { parseJid } from '../../server/xmpp/jid.ts';
import { checkShape, errorFor, resultFor, Stanza } from '../../server/xmpp/stanza.ts';
import { StanzaError } from '../../server/xmpp/stanza-error.ts';
import { StreamError } from '../../server/xmpp/stream-error.ts';

const juliet = parseJid('juliet@example.test/balcony');
const romeo = parseJid('romeo@example.test/orchard');

const message = (attrs: Record<string, string>) =>
  new Stanza(el('message', attrs, el('body', {}, 'hi')), juliet, romeo);

test('RFC 6120 §8.1.2.1: what the sender says of itself is replaced by what is known', () => {
  const stanza = message({ from: 'nobody@nowhere', to: 'ROMEO@example.test/orchard', id: 'a', 'xml:lang': 'en' });
  assert.equal(
    stanza.text,
    "<message to='romeo@example.test/orchard' from='juliet@example.test/balcony' id='a' xml:lang='en'><body>hi</body></message>",
  );
});

test('one text is made for all recipients but for their address', () => {
  const stanza = new Stanza(el('presence', {}, el('status', {}, 'here')), juliet, undefined);
  assert.equal(stanza.text, "<presence from='juliet@example.test/balcony'><status>here</status></presence>");
  const copy = stanza.for(romeo);
  assert.ok(copy.text.startsWith("<presence to='romeo@example.test/orchard' from="));
  assert.equal(stanza.to, undefined);
});

test('an address with a quote in its resource stays in its attribute', () => {
  const stanza = new Stanza(el('iq', { id: `'"><x/>` }), parseJid(`a@b.test/'><message/>`), parseJid(`c@b.test/"`));
  assert.equal(
    stanza.text,
    "<iq to='c@b.test/&quot;' from='a@b.test/&apos;&gt;&lt;message/&gt;' id='&apos;&quot;&gt;&lt;x/&gt;'/>",
  );
});

describe('RFC 6121 §5.2.2: types', () => {
  test('a message of no or an unknown type is normal', () => {
    assert.equal(message({}).type, 'normal');
    assert.equal(message({ type: 'shout' }).type, 'normal');
    for (const type of ['chat', 'error', 'groupchat', 'headline', 'normal']) assert.equal(message({ type }).type, type);
  });
  test('results and errors are not answered (RFC 6120 §8.3.1)', () => {
    assert.equal(message({ type: 'error' }).mayBeAnswered, false);
    assert.equal(message({}).mayBeAnswered, true);
    assert.equal(new Stanza(el('iq', { type: 'result', id: '1' }), juliet, romeo).mayBeAnswered, false);
  });
});

describe('RFC 6120 §8.2.3, RFC 6121 §4.7.1: the shape of a stanza', () => {
  const cases: [string, ReturnType<typeof el>, boolean][] = [
    ['an iq with one payload', el('iq', { type: 'get', id: '1' }, el('query')), true],
    ['an iq without an id', el('iq', { type: 'get' }, el('query')), false],
    ['an iq with an empty id', el('iq', { type: 'get', id: '' }, el('query')), false],
    ['an iq without a type', el('iq', { id: '1' }, el('query')), false],
    ['an iq of an unknown type', el('iq', { type: 'put', id: '1' }, el('query')), false],
    ['a get without a payload', el('iq', { type: 'get', id: '1' }), false],
    ['a set with two payloads', el('iq', { type: 'set', id: '1' }, el('a'), el('b')), false],
    ['a result without a payload', el('iq', { type: 'result', id: '1' }), true],
    ['an error', el('iq', { type: 'error', id: '1' }, el('query'), el('error')), true],
    ['presence', el('presence'), true],
    ['presence of an unknown type', el('presence', { type: 'busy' }), false],
    ['presence of type available, which there is not', el('presence', { type: 'available' }), false],
    ['a message of an unknown type', el('message', { type: 'shout' }), true],
  ];
  for (const [name, element, fine] of cases) {
    test(`${name} is ${fine ? 'fine' : 'refused'}`, () => {
      const check = () => checkShape(new Stanza(element, juliet, romeo));
      if (fine) check();
      else assert.throws(check, (error) => error instanceof StanzaError && error.condition === 'bad-request');
    });
  }
});

test('RFC 6120 §8.2.3, §8.3: answers go back with the id they came with', () => {
  const request = new Stanza(el('iq', { type: 'get', id: 'q"1' }, el('query', { xmlns: 'u' })), juliet, romeo);
  assert.equal(
    resultFor(request, romeo, el('query', { xmlns: 'u' })).text,
    `<iq to='juliet@example.test/balcony' from='romeo@example.test/orchard' type='result' id='q&quot;1'><query xmlns='u'/></iq>`,
  );
  const refusal = errorFor(request, romeo, new StanzaError('forbidden', 'No & no.'));
  assert.equal(refusal.type, 'error');
  assert.equal(refusal.element.attrs.id, 'q"1');
  assert.equal(refusal.to, juliet);
  assert.equal(errorFor(message({}), romeo, new StanzaError('gone')).element.attrs.id, undefined);
});

test('RFC 6120 §8.3.2: an error has its type, its condition, a text and a detail', () => {
  const detail = el('blocked', { xmlns: 'urn:xmpp:blocking:errors' });
  const error = new StanzaError('not-acceptable', 'You have <blocked> them.', { type: 'cancel', detail });
  assert.equal(
    serialize(error.toElement()),
    "<error type='cancel'><not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>" +
      "<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en'>You have &lt;blocked&gt; them.</text>" +
      "<blocked xmlns='urn:xmpp:blocking:errors'/></error>",
  );
  assert.equal(new StanzaError('jid-malformed').type, 'modify');
  assert.equal(new StanzaError('recipient-unavailable').type, 'wait');
  assert.equal(
    serialize(new StanzaError('bad-request').toElement()),
    "<error type='modify'><bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>",
  );
});

test('RFC 6120 §4.9: a stream error', () => {
  assert.equal(
    new StreamError('conflict', 'a < b', "<x xmlns='urn:x'/>").toXml(),
    "<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>" +
      "<text xmlns='urn:ietf:params:xml:ns:xmpp-streams' xml:lang='en'>a &lt; b</text><x xmlns='urn:x'/></stream:error>",
  );
});
