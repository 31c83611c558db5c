import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { CommandError } from '../../server/commands/command-error.ts';
import { readInvited } from '../../server/commands/invited.ts';
import { openHouse, type TestHouse } from '../http/support.ts';

const by = { name: 'olga', door: 'panel' } as const;
const DOMAIN = 'example.test';

let house: TestHouse;
beforeEach(async () => {
  house = await openHouse();
});
afterEach(() => house.close());

const many = (people: readonly string[], more = {}) =>
  house.commands.invitations.createMany(by, DOMAIN, { people, ...more });
const listed = async () => (await house.commands.invitations.list(DOMAIN)).invitations;
const refused =
  (code: string, message: RegExp, field: string | null = 'people') =>
  (error: CommandError) => {
    assert.deepEqual([error.code, error.field], [code, field ?? undefined]);
    assert.match(error.message, message);
    return true;
  };

test('a line is read as people write it', () => {
  for (const [line, local, name] of [
    ['Anna Berg', '', 'Anna Berg'],
    ['anna@example.test', 'anna', ''],
    ['Anna Berg <anna@example.test>', 'anna', 'Anna Berg'],
    ['"Berg, Anna" <anna@elsewhere.test>', 'anna', 'Berg, Anna'],
    ['anna@example.test; Anna Berg', 'anna', 'Anna Berg'],
    ['Anna Berg\tanna@example.test', 'anna', 'Anna Berg'],
    ['Anna Berg, mailto:anna@example.test', 'anna', 'Anna Berg'],
    ['xmpp:anna@example.test', 'anna', ''],
    ['Ännchen von Tharau', '', 'Ännchen von Tharau'],
    ['', '', ''],
    ['$& $1 a@b', 'a', '$& $1'],
  ] as const) {
    const { domain, ...read } = readInvited(line);
    assert.deepEqual(read, { local, name }, line);
    assert.equal(domain === '', local === '', line);
  }
});

describe('a link each for many', () => {
  test('in their order, each once and for its name, with the departments; each in the audit log', async () => {
    const garden = await house.stores.departments.create(DOMAIN, 'Garden', '');
    const { invitations } = await many(['Berg, Anna <anna@example.test>', 'Bert', ''], {
      departments: [garden.id],
      days: 3,
    });
    assert.deepEqual(
      invitations.map(({ invitation: { local, name, uses, state } }) => [local, name, uses, state]),
      [
        ['anna', 'Berg, Anna', 1, 'open'],
        ['', 'Bert', 1, 'open'],
        ['', '', 1, 'open'],
      ],
    );
    assert.equal(new Set(invitations.map(({ url }) => url)).size, 3);
    assert.ok(invitations.every(({ invitation }) => invitation.departments[0]?.name === 'Garden'));
    const { rows } = await house.commands.audit.page(undefined, 10);
    assert.deepEqual(rows.map(({ action, subject }) => `${action} ${subject}`).reverse(), [
      'invitation.create anna@example.test',
      'invitation.create example.test',
      'invitation.create example.test',
    ]);
    assert.ok(
      !JSON.stringify(rows).includes(new URL(invitations[0]!.url).pathname.split('/').at(-1)!),
      'no link is written down',
    );
    await assert.rejects(
      house.commands.accounts.create(by, DOMAIN, { local: 'anna', password: 'a secret' }),
      (error: CommandError) => error.code === 'account-exists',
      'the name is kept',
    );
  });

  test('a line that is wrong is named, and then nobody is invited', async () => {
    await house.commands.accounts.create(by, DOMAIN, { local: 'romeo', password: 'a secret' });
    await house.commands.invitations.create(by, DOMAIN, { local: 'kept' });
    for (const [line, code, message] of [
      [
        'Romeo <romeo@example.test>',
        'account-exists',
        /^“Romeo <romeo@example\.test>” cannot be invited\. There is already/,
      ],
      ['kept@example.test', 'account-exists', /invited as kept@example\.test already/],
      ["o'neil@example.test", 'invalid', /cannot contain any of/],
      ['ANNA@example.test', 'invalid', /address stands there twice/],
      ['eva@gmail.test', 'invalid', /^“eva@gmail\.test” cannot be invited\. This is no address of example\.test/],
      ['x'.repeat(201), 'invalid', /^“x{60}…” cannot be invited\. The full name is too long/],
      ['turned \u202e round', 'invalid', /one line of plain text/],
    ] as const) {
      await assert.rejects(many(['anna@example.test', line]), refused(code, message), line);
    }
    await assert.rejects(many(['Bert Berg', 'bert berg']), refused('invalid', /name stands there twice/));
    assert.deepEqual(
      (await listed()).map(({ local }) => local),
      ['kept'],
    );
  });

  test('200 at a time, and 1,000 of a domain that can still be used', async () => {
    for (const count of [0, 201])
      await assert.rejects(many(Array(count).fill('')), refused('invalid', /From 1 to 200/));
    for (let n = 0; n < 4; n++) await many(Array(200).fill(''));
    await many(Array(199).fill(''));
    await assert.rejects(many(['', '']), refused('too-many', /1000 invitations/, null));
    await many(['']);
    await assert.rejects(many(['']), refused('too-many', /1000 invitations/, null));
  });

  test('where nobody is invited, to what is not served, to departments and contacts that there are not: refused', async () => {
    const { invitations } = house.commands;
    await assert.rejects(many(['Anna'], { departments: [99] }), refused('department-not-found', /./, 'departments'));
    await assert.rejects(
      many(['Anna'], { contact: 'nobody@example.test' }),
      refused('account-not-found', /./, 'contact'),
    );
    await assert.rejects(many(['Anna'], { days: 91 }), refused('invalid', /1 to 90/, 'days'));
    await assert.rejects(
      invitations.createMany(by, 'elsewhere.test', { people: ['Anna'] }),
      refused('domain-not-found', /./, null),
    );
    assert.deepEqual(await listed(), []);
  });
});
