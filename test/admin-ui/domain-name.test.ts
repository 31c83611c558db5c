import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { withDomain, wrongDomain } from '../../admin-ui/src/domain-name.ts';
import { CommandError } from '../../server/commands/command-error.ts';
import { checkDomain } from '../../server/commands/names.ts';

/** What the server says to a name; undefined when it takes it. */
function saidByServer(name: string): string | undefined {
  try {
    checkDomain(name);
    return undefined;
  } catch (error) {
    assert.ok(error instanceof CommandError, String(error));
    assert.deepEqual([error.code, error.field], ['invalid', 'name']);
    return error.message;
  }
}

suite('names of domains', () => {
  test('a service is called by the name that it has in a domain', () => {
    assert.equal(
      withDomain('Rooms at conference.DOMAIN. Or not.', 'example.test'),
      'Rooms at conference.example.test. Or not.',
    );
    assert.equal(withDomain('Rooms at conference.DOMAIN.', ''), 'Rooms at conference.DOMAIN.');
  });

  for (const [what, name, words] of [
    ['nothing', '', /^Enter a domain/],
    ['spaces alone', '   ', /^Enter a domain/],
    ['an empty part', 'a..test', /before the first dot and between two dots/],
    ['a dot at the beginning', '.example.test', /before the first dot/],
    ['two dots at the end', 'example.test..', /between two dots/],
    ['a part of 64 characters', `${'a'.repeat(64)}.test`, /too long/],
    ['254 characters', `${'a.'.repeat(126)}ab`, /too long/],
    ['an IPv4 address', '192.0.2.7', /address of a machine/],
    ['a short IPv4 address', '127.1', /address of a machine/],
    ['an IPv4 address with a dot behind', '192.0.2.7.', /address of a machine/],
    ['a hexadecimal IPv4 address', '0x7f.0.0.1', /not a domain name/],
    ['an IPv6 address', '2001:db8::1', /address of a machine/],
    ['an IPv6 address in brackets', '[::1]', /address of a machine/],
    ['an A-label of nothing', 'xn--.test', /begins or ends with a hyphen/],
    ['an underscore', 'my_office.test', /no underscores/],
    ['a space within', 'my office.test', /no spaces/],
    ['a hyphen at the beginning of a part', '-office.test', /begins or ends with a hyphen/],
    ['a hyphen at the end of a part', 'office-.test', /begins or ends with a hyphen/],
    ['somebody’s address', 'juliet@example.test', /address of a person/],
    ['the address of a page', 'https://example.test/', /Only the name/],
    ['the address of a page with a port', 'https://example.test:5281', /Only the name/],
    ['a port', 'example.test:5222', /Only the name/],
    ['markup', '<b>.test', /not a domain name/],
  ] as const) {
    test(`${what} is refused by the server and, with the same words, before it is asked`, () => {
      assert.match(saidByServer(name) ?? '', words);
      assert.equal(wrongDomain(name), saidByServer(name));
    });
  }

  for (const name of ['xn--a.test', 'xn--zzzzzzzz999.test', 'a.xn--abc', 'xn--ls8h.test', '\u{1f4a9}.test']) {
    test(`“${name}”, which is none in any script, is refused by the server, if not by the browser before`, () => {
      const words = saidByServer(name);
      assert.match(words ?? '', /not a domain name/);
      assert.ok([undefined, words].includes(wrongDomain(name)));
    });
  }

  for (const [name, prepared] of [
    ['Example.TEST', 'example.test'],
    [' example.test. ', 'example.test'],
    ['bücher.test', 'bücher.test'],
    ['BÜCHER.test', 'bücher.test'],
    ['xn--bcher-kva.test', 'bücher.test'],
    ['пример.test', 'пример.test'],
    ['office', 'office'],
    ['9front.test', '9front.test'],
    [`${'a'.repeat(63)}.test`, `${'a'.repeat(63)}.test`],
  ] as const) {
    test(`“${name}” is taken on both sides, as ${prepared}`, () => {
      assert.equal(checkDomain(name), prepared);
      assert.equal(wrongDomain(name), undefined);
    });
  }
});
