import assert from 'node:assert/strict';
import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { fakeKeys, SCRAM_HASHES, ScramError, type ScramName, ScramServer } from '../../server/xmpp/scram.ts';
import { keysOf } from '../../server/xmpp/scram-keys.ts';
import { ScramClient } from '../support/scram-client.ts';

const NAMES = Object.keys(SCRAM_HASHES) as ScramName[];
const SALT = randomBytes(16);
const BINDINGS = new Map([['tls-exporter', randomBytes(32)]]);

test('the client of these tests follows the examples of RFC 5802 §5 and RFC 7677 §3', () => {
  const one = new ScramClient('sha1', 'user', 'pencil', { nonce: 'fyko+d2lbbFgONRv9qkxdawL' });
  assert.equal(one.first(), 'n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL');
  assert.equal(
    one.final('r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096'),
    'c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=',
  );
  assert.ok(one.accepts('v=rmF9pqV8S7suAoZWja4dJRkFsKQ='));
  const two = new ScramClient('sha256', 'user', 'pencil', { nonce: 'rOprNGfwEbeRWgbNEkqO' });
  two.first();
  assert.equal(
    two.final('r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096'),
    'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
  );
  assert.ok(two.accepts('v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4='));
});

for (const name of NAMES) {
  describe(name, () => {
    const hash = SCRAM_HASHES[name];
    const keys = keysOf(name, 'pencil', SALT, 4_096);

    test('RFC 5802 §5: the right password, and the server proves itself', async () => {
      const client = new ScramClient(hash, 'user', 'pencil');
      const server = new ScramServer(name, false, new Map(), false);
      assert.deepEqual(server.first(client.first()), { username: 'user', authzid: '' });
      assert.ok(client.accepts(server.final(client.final(server.challenge(await keys)))));
    });

    test('RFC 5802 §6: bound to the connection', async () => {
      const client = new ScramClient(hash, 'user', 'pencil', {
        binding: ['tls-exporter', BINDINGS.get('tls-exporter')!],
      });
      const server = new ScramServer(name, true, BINDINGS, true);
      server.first(client.first());
      assert.ok(client.accepts(server.final(client.final(server.challenge(await keys)))));
    });

    test('a binding to another connection is refused', async () => {
      const client = new ScramClient(hash, 'user', 'pencil', { binding: ['tls-exporter', randomBytes(32)] });
      const server = new ScramServer(name, true, BINDINGS, true);
      server.first(client.first());
      const final = client.final(server.challenge(await keys));
      assert.throws(() => server.final(final), { condition: 'not-authorized' });
    });

    test('the wrong password', async () => {
      const client = new ScramClient(hash, 'user', 'pencils');
      const server = new ScramServer(name, false, new Map(), false);
      server.first(client.first());
      const final = client.final(server.challenge(await keys));
      assert.throws(() => server.final(final), { condition: 'not-authorized' });
    });
  });
}

describe('RFC 5802 §5.1, §7: messages that are malformed', () => {
  const start = (message: string, plus = false, offered = false) =>
    new ScramServer('SCRAM-SHA-1', plus, BINDINGS, offered).first(message);
  const cases: [string, string, boolean, string][] = [
    ['nothing', '', false, 'malformed-request'],
    ['no name', 'n,,r=abc', false, 'malformed-request'],
    ['an empty name', 'n,,n=,r=abc', false, 'malformed-request'],
    ['no nonce', 'n,,n=user', false, 'malformed-request'],
    ['an empty nonce', 'n,,n=user,r=', false, 'malformed-request'],
    ['a comma that is not escaped', 'n,,n=us,er,r=abc', false, 'malformed-request'],
    ['an equals sign that is not escaped', 'n,,n=us=er,r=abc', false, 'malformed-request'],
    ['a mandatory extension that we do not know', 'n,,m=x,n=user,r=abc', false, 'malformed-request'],
    ['an unknown flag', 'x,,n=user,r=abc', false, 'malformed-request'],
    ['a nonce with a line feed', 'n,,n=user,r=a\nc', false, 'malformed-request'],
    ['a nonce of a megabyte', `n,,n=user,r=${'a'.repeat(1e6)}`, false, 'malformed-request'],
    ['a binding without -PLUS', 'p=tls-exporter,,n=user,r=abc', false, 'malformed-request'],
    ['no binding with -PLUS', 'n,,n=user,r=abc', true, 'malformed-request'],
    ['a binding that is not there', 'p=tls-unique,,n=user,r=abc', true, 'malformed-request'],
  ];
  for (const [name, message, plus, condition] of cases) {
    test(name, () => assert.throws(() => start(message, plus), { condition }));
  }
  test('SECURITY 22: a client that could have bound but was told otherwise', () => {
    assert.throws(() => start('y,,n=user,r=abc', false, true), { condition: 'not-authorized' });
    assert.deepEqual(start('y,,n=user,r=abc', false, false), { username: 'user', authzid: '' });
  });
  test('escapes in names', () => {
    assert.deepEqual(start('n,a=b=2Cc,n=us=2Ce=3Dr,r=abc'), { username: 'us,e=r', authzid: 'b,c' });
  });
});

test('RFC 5802 §5: a final message of another exchange, cut, or with more in it', async () => {
  const keys = await keysOf('SCRAM-SHA-1', 'pencil', SALT, 4_096);
  const spoil: Record<string, (final: string) => string> = {
    'another nonce': (final) => final.replace(/r=[^,]+/, 'r=other'),
    'no proof': (final) => final.replace(/,p=.*/, ''),
    'a short proof': (final) => final.replace(/,p=.*/, ',p=AAAA'),
    'another flag': (final) => final.replace('c=biws', `c=${Buffer.from('y,,').toString('base64')}`),
    'no binding': (final) => final.replace('c=biws,', ''),
    'something after the proof': (final) => `${final},x=y`,
    'an extension that was not signed': (final) => final.replace(',p=', ',x=y,p='),
    nothing: () => '',
  };
  for (const [name, change] of Object.entries(spoil)) {
    const client = new ScramClient('sha1', 'user', 'pencil');
    const server = new ScramServer('SCRAM-SHA-1', false, new Map(), false);
    server.first(client.first());
    const final = change(client.final(server.challenge(keys)));
    assert.throws(() => server.final(final), ScramError, name);
  }
  assert.throws(() => new ScramServer('SCRAM-SHA-1', false, new Map(), false).final('c=biws,r=x,p=AAAA'), ScramError);
});

test('the server’s part of the nonce is never the same twice', () => {
  const challenge = () => {
    const server = new ScramServer('SCRAM-SHA-1', false, new Map(), false);
    server.first('n,,n=user,r=abc');
    return server.challenge(fakeKeys(SALT, 'SCRAM-SHA-1', 'user', 4_096));
  };
  assert.notEqual(challenge(), challenge());
  assert.match(challenge(), /^r=abc[\w+/=]{24},s=[\w+/=]+,i=4096$/);
});

test('SECURITY 21: made-up keys are stable, of the right sizes, and differ by name and secret', async () => {
  const secret = randomBytes(32);
  for (const name of NAMES) {
    const real = await keysOf(name, 'pencil', SALT, 4_096);
    const fake = fakeKeys(secret, name, 'nobody@example.test', 4_096);
    assert.deepEqual(fakeKeys(secret, name, 'nobody@example.test', 4_096), fake);
    for (const part of ['salt', 'storedKey', 'serverKey'] as const) assert.equal(fake[part].length, real[part].length);
    assert.notDeepEqual(fakeKeys(secret, name, 'noone@example.test', 4_096).salt, fake.salt);
    assert.notDeepEqual(fakeKeys(randomBytes(32), name, 'nobody@example.test', 4_096).salt, fake.salt);
  }
});

test('what is stored is not what is sent: the stored key proves nothing', async () => {
  const { storedKey, serverKey } = await keysOf('SCRAM-SHA-256', 'pencil', SALT, 4_096);
  const salted = pbkdf2Sync('pencil', SALT, 4_096, 32, 'sha256');
  const clientKey = createHmac('sha256', salted).update('Client Key').digest();
  assert.deepEqual(Buffer.from(storedKey), createHash('sha256').update(clientKey).digest());
  assert.deepEqual(Buffer.from(serverKey), createHmac('sha256', salted).update('Server Key').digest());
});

test('XEP-0474 §5.3: what was offered is hashed into the challenge, as in the example', () => {
  const server = new ScramServer('SCRAM-SHA-1', false, new Map(), false);
  server.first('n,,n=user,r=abc');
  const offered = 'SCRAM-SHA-1\x1eSCRAM-SHA-1-PLUS\x1ftls-exporter\x1etls-server-end-point';
  const challenge = server.challenge(fakeKeys(SALT, 'SCRAM-SHA-1', 'user', 4_096), offered);
  assert.match(challenge, /,i=4096,h=G6k\/rBLDqgOhRRaCuuatSDFkJ08=$/);
});
