import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Challenges } from '../../server/commands/challenges.ts';
import { siteOf } from '../../server/commands/passkeys.ts';
import { Seal } from '../../server/commands/seal.ts';
import { base32, codeAt, stepAt, stepOf, totpUri } from '../../server/commands/totp.ts';

const SECRET = Buffer.from('12345678901234567890');

test('codes are those of RFC 6238 Appendix B, of which six digits are shown', () => {
  const vectors: [number, string][] = [
    [59, '287082'],
    [1_111_111_109, '081804'],
    [1_111_111_111, '050471'],
    [1_234_567_890, '005924'],
    [2_000_000_000, '279037'],
    [20_000_000_000, '353130'],
  ];
  for (const [seconds, code] of vectors) {
    assert.equal(codeAt(SECRET, stepAt(seconds * 1_000)), code);
    assert.equal(stepOf(SECRET, code, seconds * 1_000), Math.floor(seconds / 30));
    for (const other of [code.slice(1), `${code}0`, '', 'abcdef', `${code.slice(0, 5)}é`]) {
      assert.equal(stepOf(SECRET, other, seconds * 1_000), undefined, other);
    }
  }
});

test('the secret is written as apps take it (RFC 4648 §10)', () => {
  assert.equal(base32(Buffer.from('foobar')), 'MZXW6YTBOI');
  assert.equal(base32(Buffer.from('fooba')), 'MZXW6YTB');
  const uri = new URL(totpUri(SECRET, 'chat.example.test', 'olga & co'));
  assert.equal(decodeURIComponent(uri.pathname), '/Hallway chat.example.test:olga & co');
  assert.equal(uri.searchParams.get('secret'), base32(SECRET));
});

test('what is sealed is read with the same key for the same person only', () => {
  const seal = new Seal(Buffer.alloc(32, 1), 'test');
  const sealed = seal.close(SECRET, 'admin 1');
  assert.deepEqual(Buffer.from(seal.open(sealed, 'admin 1')!), SECRET);
  assert.notEqual(seal.close(SECRET, 'admin 1'), sealed);
  assert.equal(seal.open(sealed, 'admin 2'), undefined);
  assert.equal(seal.open(`${sealed.slice(0, -4)}AAAA`, 'admin 1'), undefined);
  assert.equal(seal.open('', 'admin 1'), undefined);
  assert.equal(new Seal(Buffer.alloc(32, 2), 'test').open(sealed, 'admin 1'), undefined);
  assert.equal(new Seal(Buffer.alloc(32, 1), 'other').open(sealed, 'admin 1'), undefined);
});

test('a challenge holds for its purpose, five minutes and one use, and whoever asks for many pushes none out', () => {
  let time = 1_000_000;
  const challenges = new Challenges(() => time);
  const one = challenges.make('a');
  for (let asked = 0; asked < 20_000; asked++) challenges.make('a');
  assert.equal(challenges.holds(one, 'a'), true);
  assert.equal(challenges.holds(one, 'b'), false);
  assert.equal(challenges.holds(`${one}=`, 'a'), false, 'written otherwise');
  assert.equal(new Challenges(() => time).holds(one, 'a'), false, 'of another server');
  time += 5 * 60_000 - 1;
  assert.equal(challenges.holds(one, 'a'), true);
  assert.deepEqual([challenges.spend(one), challenges.spend(one), challenges.holds(one, 'a')], [true, false, false]);
  const other = challenges.make('a');
  time += 5 * 60_000;
  assert.equal(challenges.holds(other, 'a'), false);
});

test('passkeys are for names, not for addresses', () => {
  assert.deepEqual(siteOf('Chat.example.test:5281'), {
    host: 'chat.example.test',
    origin: 'https://chat.example.test:5281',
  });
  assert.deepEqual(siteOf('localhost:443'), { host: 'localhost', origin: 'https://localhost' });
  for (const header of [
    '192.0.2.1',
    '192.0.2.1:5281',
    '[::1]:5281',
    '[::1]',
    '1',
    'a.7',
    'a/b',
    'x@y',
    'a..b',
    '',
    undefined,
  ]) {
    assert.equal(siteOf(header), undefined, String(header));
  }
});
