import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { dialbackKey, dialbackSecret, sameKey } from '../../server/s2s/dialback-key.ts';
import { openDatabase } from '../../server/storage/sqlite.ts';
import { Settings } from '../../server/storage/stores/settings.ts';
import { createLog } from '../../server/util/log.ts';

const SECRET = Buffer.from('s3cr3tf0rd14lb4ck');
const KEY = '37c69b1cf07a3f67c04a5ef5902fa5114f2c76fe4a2686482ba5b89323075643';

test('a key is what the example of XEP-0185 §3 says', () => {
  assert.equal(dialbackKey(SECRET, 'xmpp.example.com', 'example.org', 'D60000229F'), KEY);
});

test('attack: a key for one pair of domains, one stream or one house is no key for another', () => {
  const others = [
    dialbackKey(SECRET, 'example.org', 'xmpp.example.com', 'D60000229F'),
    dialbackKey(SECRET, 'xmpp.example.com', 'example.org', 'D60000229E'),
    dialbackKey(SECRET, 'xmpp.example.co', 'mexample.org', 'D60000229F'),
    dialbackKey(SECRET, 'xmpp.example.com', 'example.or', 'gD60000229F'),
    dialbackKey(Buffer.from('another'), 'xmpp.example.com', 'example.org', 'D60000229F'),
  ];
  assert.equal(new Set([KEY, ...others]).size, 6);
});

test('attack: a domain with a space, so that its end is taken for the next one', () => {
  // `a b` to `c` would have the key of `a` to `b` with `c` before the stream id.
  assert.throws(() => dialbackKey(SECRET, 'a.test b.test', 'c.test', 'id'), /no space/);
  assert.throws(() => dialbackKey(SECRET, 'a.test', 'b.test\tc.test', 'id'), /no space/);
  assert.doesNotThrow(() => dialbackKey(SECRET, 'a.test', 'b.test', 'an id of somebody with spaces'));
});

test('keys are compared whole, be there white space around them; others never fit, whatever their length', () => {
  assert.equal(sameKey(KEY, KEY), true);
  assert.equal(sameKey(`\n    ${KEY}\n  `, KEY), true);
  for (const given of ['', KEY.slice(1), KEY.slice(0, -1), `${KEY}0`, KEY.toUpperCase(), 'é'.repeat(64)]) {
    assert.equal(sameKey(given, KEY), false, given);
  }
});

test('the secret is made once, hard to guess, and stays', async () => {
  const db = await openDatabase({ file: ':memory:', log: createLog({ level: 'silent' }) });
  after(() => db.close());
  const made = await dialbackSecret(new Settings(db));
  assert.equal(made.length, 32);
  assert.ok(new Set(made).size > 8);
  assert.deepEqual(await dialbackSecret(new Settings(db)), made);
});
