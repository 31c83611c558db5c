import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { CommandError } from '../../server/commands/command-error.ts';
import { openHouse, type TestHouse } from '../http/support.ts';

const DOMAIN = 'example.test';
const by = { name: 'olga', door: 'cli' } as const;
const refused = (code: string, field?: string) => (error: unknown) =>
  error instanceof CommandError && error.code === code && error.field === field;

describe('domains', () => {
  let house: TestHouse;
  before(async () => {
    house = await openHouse();
  });
  after(() => house.close());

  test('are removed with their people only by their name, typed once more, after it was said what would be lost', async () => {
    const { domains, accounts } = house.commands;
    await domains.add(by, 'second.test');
    for (const local of ['juliet', 'romeo'])
      await accounts.create(by, 'second.test', { local, password: 'a long enough passphrase' });
    assert.deepEqual(await domains.losses('second.test'), { people: 2, online: 0, rooms: 0, invitations: 0 });
    await assert.rejects(domains.remove(by, 'second.test'), refused('domain-in-use'));
    await assert.rejects(domains.remove(by, 'second.test', DOMAIN), refused('not-confirmed', 'confirm'));
    assert.equal((await domains.losses('second.test')).people, 2);
    await domains.remove(by, 'second.test', ' Second.test');
    assert.deepEqual(house.house.domains(), [DOMAIN]);
    await domains.add(by, 'second.test');
    assert.equal((await domains.losses('second.test')).people, 0);
    await domains.remove(by, 'second.test');
  });
});
