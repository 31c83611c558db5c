import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { CommandError } from '../../server/commands/command-error.ts';
import { authorityFacts } from '../../server/commands/federation-authority.ts';
import { authority } from '../support/authority.ts';

describe('what an authority says, before a rule trusts it', () => {
  test('each certificate of a text, whatever stands around them', () => {
    const [one, other] = [authority('Verona'), authority('Mantua')];
    const facts = authorityFacts(`these are ours:\n${one.pem}\n-- \n${other.pem}bye`);
    assert.deepEqual(
      facts.map(({ subject, issuer }) => [subject, issuer]),
      [
        ['CN=Verona', 'CN=Verona'],
        ['CN=Mantua', 'CN=Mantua'],
      ],
    );
    assert.ok(
      facts.every(({ notAfter, fingerprint }) => notAfter > Date.now() && /^(?:[0-9A-F]{2}:){31}/.test(fingerprint)),
    );
  });

  for (const [what, pem] of [
    ['nothing', ''],
    ['no certificate', 'hello'],
    ['one that is damaged', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'],
    ['a private key beside it', `${authority('Verona').pem}\n-----BEGIN PRIVATE KEY-----`],
    ['eleven of them', Array.from({ length: 11 }, () => authority('Verona').pem).join('')],
  ] as const) {
    test(`${what} is refused at its field`, () => {
      assert.throws(
        () => authorityFacts(pem),
        ({ code, field }: CommandError) => code === 'invalid' && field === 'authority',
      );
    });
  }
});
