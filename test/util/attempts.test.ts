import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressGroup } from '../../server/util/address-group.ts';
import { codeHash, makeCode, makePassword } from '../../server/util/one-time-code.ts';
import { TokenBuckets } from '../../server/util/token-bucket.ts';

test('a bucket gives what it holds, then what comes back', () => {
  let now = 1_000;
  const buckets = new TokenBuckets({ capacity: 2, perSecond: 0.5, keys: 10, now: () => now });
  assert.deepEqual([buckets.take('a'), buckets.take('a'), buckets.take('a')], [0, 0, 2_000]);
  assert.equal(buckets.take('b'), 0, 'another key has its own');
  now += 1_500;
  assert.equal(buckets.take('a'), 500);
  now += 500;
  assert.equal(buckets.take('a'), 0);
  now -= 60_000;
  assert.ok(buckets.take('a') <= 2_000, 'a clock set back costs nothing more');
  now += 3_600_000;
  assert.deepEqual(
    [buckets.take('a'), buckets.take('a'), buckets.take('a') > 0],
    [0, 0, true],
    'never more than it holds',
  );
});

test('a token given back can be taken again; keys are bounded', () => {
  const buckets = new TokenBuckets({ capacity: 1, perSecond: 0.001, keys: 2, now: () => 0 });
  assert.equal(buckets.take('a'), 0);
  buckets.give('a');
  buckets.give('a');
  assert.equal(buckets.take('a'), 0);
  assert.ok(buckets.take('a') > 0);
  buckets.take('b');
  buckets.take('c');
  assert.equal(buckets.take('a'), 0, 'forgotten, as the longest unused');
});

test('addresses: IPv4 by itself, IPv6 by its /64, IPv4 in IPv6 as IPv4', () => {
  assert.equal(addressGroup('192.0.2.1'), '192.0.2.1');
  assert.equal(addressGroup('::ffff:192.0.2.1'), '192.0.2.1');
  assert.equal(addressGroup('2001:db8::1'), addressGroup('2001:db8:0:0:ffff::2'));
  assert.notEqual(addressGroup('2001:db8::1'), addressGroup('2001:db8:0:1::1'));
  assert.equal(addressGroup('fe80::1%eth0'), addressGroup('fe80::2%eth0'));
});

test('codes: grouped, different, and the same however they are copied', () => {
  const codes = new Set(Array.from({ length: 200 }, makeCode));
  assert.equal(codes.size, 200);
  for (const code of codes) assert.match(code, /^(?:[0-9A-HJKMNP-TV-Z]{4}-){2}[0-9A-HJKMNP-TV-Z]{4}$/);
  assert.equal(codeHash('10AB-CDEF-GHJK'), codeHash(' ioab cdefghjk'));
  assert.notEqual(codeHash('10AB-CDEF-GHJK'), codeHash('10AB-CDEF-GHJM'));
  for (let n = 0; n < 50; n++) assert.match(makePassword(), /^(?:[a-hjkmnp-z2-9]{4}-){3}[a-hjkmnp-z2-9]{4}$/);
});
