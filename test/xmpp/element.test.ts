import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  child,
  clone,
  el,
  elements,
  escapeAttribute,
  escapeText,
  insertedIn,
  insertLast,
  removeChildren,
  serialize,
  serializeIn,
  textOf,
  withNamespace,
} from '../../server/xmpp/element.ts';

test('an element is built without what is undefined, false or empty', () => {
  const element = el('a', { x: 1, y: undefined }, undefined, false, '', 'text', el('b'));
  assert.equal(serialize(element), "<a x='1'>text<b/></a>");
  assert.equal(elements(element)[0]?.parent, element);
});

test('a child is found by name and namespace; without one, only in its parent’s', () => {
  const element = el('message', {}, el('body', { xmlns: 'urn:other' }, 'other'), el('body', {}, 'mine'));
  assert.equal(textOf(child(element, 'body')), 'mine');
  assert.equal(textOf(child(element, 'body', 'urn:other')), 'other');
  assert.equal(child(element, 'subject'), undefined);
  assert.equal(textOf(undefined), '');
});

test('text is what stands directly inside', () => {
  assert.equal(textOf(el('a', {}, 'one ', el('b', {}, 'hidden'), 'two')), 'one two');
});

test('removing children spares text and what is wanted', () => {
  const element = el('a', {}, 'x', el('b'), el('c'), el('b'), 'y');
  removeChildren(element, ({ name }) => name === 'b');
  assert.equal(serialize(element), '<a>x<c/>y</a>');
});

test('a copy shares nothing with its original', () => {
  const original = el('a', { x: '1' }, el('b', {}, 'text'));
  const copy = clone(original);
  assert.equal(serialize(copy), serialize(original));
  elements(copy)[0]!.attrs.y = '2';
  copy.attrs.x = '2';
  assert.equal(serialize(original), "<a x='1'><b>text</b></a>");
  assert.equal(elements(copy)[0]?.parent, copy);
});

test('XML §2.4, §2.11, §3.3.3: what would read as something else is escaped', () => {
  assert.equal(escapeText(`a<b>&"'\r\n\t]]>`), `a&lt;b&gt;&amp;"'&#13;\n\t]]&gt;`);
  assert.equal(escapeAttribute(`a<b>&"'\r\n\t`), 'a&lt;b&gt;&amp;&quot;&apos;&#13;&#10;&#9;');
});

test('a serialised stanza gets a namespace of its own when it is put into something else', () => {
  assert.equal(withNamespace("<message id='a/b'/>", 'jabber:client'), "<message xmlns='jabber:client' id='a/b'/>");
  assert.equal(withNamespace('<message/>', 'u'), "<message xmlns='u'/>");
  assert.equal(withNamespace('<message>x</message>', 'u'), "<message xmlns='u'>x</message>");
  assert.equal(serializeIn(el('x', { xmlns: 'v' }), 'u'), "<x xmlns='v'/>");
  assert.equal(serializeIn(el('x'), 'u'), "<x xmlns='u'/>");
});

test('what is inserted last is found again', () => {
  for (const base of ['<m><body>hi</body></m>', "<m id='x'>text</m>"]) {
    const text = insertLast(base, '<a/><b>c</b>');
    assert.ok(text.endsWith('<a/><b>c</b></m>'));
    assert.equal(insertedIn(base, text), '<a/><b>c</b>');
    assert.equal(insertedIn(base, base), '');
  }
  assert.equal(insertLast("<m id='x'/>", '<a/>'), "<m id='x'><a/></m>");
  assert.equal(insertLast('<m><m/></m>', '<a/>'), '<m><m/><a/></m>');
});
