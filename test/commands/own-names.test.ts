import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkOwnName, latin } from '../../server/commands/own-names.ts';
import { linkHash, makeLinkToken } from '../../server/util/link-token.ts';
import { xmppUri } from '../../server/xmpp/uri.ts';

const refused = { code: 'invalid', field: 'local' };

test('names that pass for the office are nobody’s own, however they are written', () => {
  for (const name of [
    'admin',
    'adm1n',
    'a.d.m.i.n',
    'ädmin',
    'r00t',
    'support',
    'supp0rt',
    'webrnaster',
    'help-desk',
  ]) {
    assert.throws(() => checkOwnName(name), refused, name);
  }
});

test('a name has letters of one alphabet, and what it looks like is told', () => {
  assert.throws(() => checkOwnName('rоmeo'), refused, 'a Cyrillic о');
  assert.throws(() => checkOwnName('-._'), refused);
  assert.throws(() => checkOwnName('x'.repeat(65)), refused);
  assert.equal(checkOwnName('сосо'), 'coco', 'all Cyrillic');
  assert.equal(checkOwnName('césar'), 'cesar');
  for (const name of ['juliet', 'anna.bell', 'björk2', 'анна', '山田', 'karl1', 'administratrix']) {
    const alike = checkOwnName(name);
    assert.ok(alike === undefined || alike === latin(name), name);
  }
  assert.equal(checkOwnName('juliet'), undefined);
  for (const name of ['ꮷuliet', 'ꭻuliet', 'jᴜliеt']) assert.throws(() => checkOwnName(name), refused, name);
  for (const name of ['kim金', 'さくらai']) assert.equal(checkOwnName(name), undefined, name);
  for (const name of ['juliet.', '_juliet', 'júliet--']) assert.equal(checkOwnName(name), 'juliet', name);
  assert.equal(checkOwnName('anna..bell'), 'anna.bell');
  assert.equal(checkOwnName('анна_'), 'анна');
});

test('tokens have 140 bits of letters and digits, and one hash a purpose (SECURITY 24)', () => {
  const tokens = new Set(Array.from({ length: 500 }, makeLinkToken));
  assert.equal(tokens.size, 500);
  for (const token of tokens) assert.match(token, /^[a-km-np-z2-9]{28}$/);
  assert.notEqual(linkHash('invitation', 'a'), linkHash('reset', 'a'));
});

test('RFC 5122 §2.2: what has a meaning of its own in a URI is escaped', () => {
  assert.equal(
    xmppUri('juliet', 'example.test', ['register', ['preauth', 'abc']]),
    'xmpp:juliet@example.test?register;preauth=abc',
  );
  assert.equal(
    xmppUri('a?b;c#d', 'example.test', ['roster', ['preauth', 'x'], ['name', 'R & J; ñ']]),
    'xmpp:a%3Fb%3Bc%23d@example.test?roster;preauth=x;name=R%20%26%20J%3B%20%C3%B1',
  );
});
