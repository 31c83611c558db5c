import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deriveKeys, keysOf, PasswordError, passwordFits, preparePassword } from '../../server/xmpp/scram-keys.ts';

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');

test('RFC 5802 §5: the keys of “pencil” give the signatures of the example', async () => {
  const salt = Buffer.from('QSXCR+Q6sek8bf92', 'base64');
  const keys = await keysOf('SCRAM-SHA-1', 'pencil', salt, 4_096);
  assert.equal(base64(keys.storedKey), '6dlGYMOdZcOPutkcNY8U2g7vK9Y=');
  assert.equal(base64(keys.serverKey), 'D+CSWLOshSulAsxiupA+qs2/fTE=');
});

test('RFC 7677 §3: the same for SCRAM-SHA-256', async () => {
  const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64');
  const keys = await keysOf('SCRAM-SHA-256', 'pencil', salt, 4_096);
  assert.equal(base64(keys.storedKey), 'WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=');
  assert.equal(base64(keys.serverKey), 'wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=');
});

test('three mechanisms, each with its own salt, and never the same keys twice', async () => {
  const [one, two] = await Promise.all([deriveKeys('secret', 4_096), deriveKeys('secret', 4_096)]);
  assert.deepEqual(
    one.map((keys) => [keys.mechanism, keys.storedKey.length, keys.salt.length]),
    [
      ['SCRAM-SHA-1', 20, 16],
      ['SCRAM-SHA-256', 32, 16],
      ['SCRAM-SHA-512', 64, 16],
    ],
  );
  assert.equal(new Set([...one, ...two].map((keys) => base64(keys.salt))).size, 6);
});

test('RFC 8265 §4.2: spaces are one space, letters are composed, case counts', () => {
  assert.equal(preparePassword('a\u00a0b\u3000c'), 'a b c');
  assert.equal(preparePassword('cafe\u0301'), 'caf\u00e9');
  assert.equal(preparePassword('Ünïcode ☃'), 'Ünïcode ☃');
  for (const bad of ['', 'a\u0007b', 'a\nb', 'x'.repeat(1_024)])
    assert.throws(() => preparePassword(bad), PasswordError);
});

test('a password in clear fits its keys, however it was typed, and no other does', async () => {
  for (const keys of await deriveKeys('cafe\u0301 noir', 4_096)) {
    assert.equal(await passwordFits('caf\u00e9\u00a0noir', keys), true);
    assert.equal(await passwordFits('Caf\u00e9 noir', keys), false);
    assert.equal(await passwordFits('', keys), false);
  }
});
