import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { CommandError } from '../../server/commands/command-error.ts';
import { DomainRemoval, type DomainRemovalNeeds } from '../../server/commands/domain-removal.ts';
import { DomainCommands } from '../../server/commands/domains.ts';
import { openHouse, type TestHouse } from '../http/support.ts';

const DOMAIN = 'example.test';
const PASSWORD = 'a long enough passphrase';
const by = { name: 'olga', door: 'cli' } as const;
const refused = (code: string, field?: string) => (error: unknown) =>
  error instanceof CommandError && error.code === code && error.field === field;

let house: TestHouse;
beforeEach(async () => {
  house = await openHouse();
  await house.commands.domains.add(by, 'second.test');
  for (const local of ['juliet', 'romeo', 'nurse']) {
    await house.commands.accounts.create(by, 'second.test', { local, password: PASSWORD });
  }
});
afterEach(() => house.close());

/** What takes domains away, with something else than usual in it. */
function removal(other: Partial<DomainRemovalNeeds> = {}): DomainRemoval {
  const { accounts, contacts } = house.commands;
  return new DomainRemoval({
    stores: house.stores,
    house: house.house,
    keepers: [contacts],
    removeAccount: (who, domain, local) => accounts.remove(who, domain, local, `${local}@${domain}`),
    log: house.log,
    ...other,
  });
}

async function audited(action: string): Promise<string[]> {
  const rows = await house.stores.audit.page({ limit: 100 });
  return rows
    .filter((row) => row.action === action)
    .map(({ actor, subject, detail }) => `${actor} ${subject} ${JSON.stringify(detail)}`);
}

describe('the name of a domain', () => {
  const DOTLESS = /^A name without a dot works in your own network at best/;
  for (const [name, warns, words] of [
    ['office', true, DOTLESS],
    ['office.local', true, /ends in \.local works in your own network at best/],
    ['office.example', true, /kept for examples/],
    ['office.lan', false, /known in your own network only/],
    ['office.internal', false, /known in your own network only/],
    ['bücher', true, DOTLESS],
    ['example.org', undefined, undefined],
  ] as const) {
    test(`${name}: is served, and what should be known of it is told where it is shown`, async () => {
      const { domains } = house.commands;
      const { advice } = await domains.add(by, name);
      assert.equal(advice?.warns, warns);
      if (words !== undefined) assert.match(advice?.text ?? '', words);
      assert.deepEqual((await domains.list()).find((one) => one.name === name)?.advice, advice);
    });
  }

  test('is not localhost, which every machine takes for itself, and a slip does not use the claim code up', async () => {
    const { domains, claim } = house.commands;
    for (const name of ['localhost', 'Office.localhost', 'localhost.'])
      await assert.rejects(domains.add(by, name), refused('invalid', 'name'), name);
    const { code } = await claim.freshCode(by);
    const wish = { code, name: 'olga', password: PASSWORD };
    await assert.rejects(claim.claim({ ...wish, domain: 'localhost' }), refused('invalid', 'domain'));
    await claim.claim({ ...wish, domain: 'office' });
    assert.match((await domains.list()).find(({ name }) => name === 'office')?.advice?.text ?? '', DOTLESS);
    // One that the boot file serves stays.
    await house.stores.domains.add('localhost');
    house.house.add('localhost');
    assert.equal(domains.checkNew('localhost'), 'localhost');
  });
});

test('a domain is not the ending of other people’s names, below which all would count as ours; what is served stays', async () => {
  const { domains, claim } = house.commands;
  const others = ['com', 'NET', 'de', 'io', 'cloud', 'co.uk', 'com.au', 'org.br', 'com.'];
  for (const name of others) await assert.rejects(domains.add(by, name), refused('invalid', 'name'), name);
  const { code } = await claim.freshCode(by);
  const wish = { code, name: 'olga', password: PASSWORD };
  await assert.rejects(claim.claim({ ...wish, domain: 'co.uk' }), refused('invalid', 'domain'));
  for (const name of ['office', 'hq', 'co.example', 'com.example.org', 'coop.uk'])
    assert.equal(domains.checkNew(name), name);
  house.house.add('co.uk');
  assert.equal(domains.checkNew('co.uk'), 'co.uk');
});

describe('a domain with people', () => {
  test('is removed only by its name, typed once more, after it was said what would be lost', async () => {
    const { domains } = house.commands;
    assert.deepEqual(await domains.losses('second.test'), { people: 3, online: 0, rooms: 0, invitations: 0 });
    await assert.rejects(domains.remove(by, 'second.test'), refused('domain-in-use'));
    await assert.rejects(domains.remove(by, 'second.test', DOMAIN), refused('not-confirmed', 'confirm'));
    assert.equal((await domains.losses('second.test')).people, 3);
    assert.equal(await domains.remove(by, 'second.test', ' Second.test'), true);
    assert.deepEqual(house.house.domains(), [DOMAIN]);
    assert.deepEqual(await audited('domain.remove'), ['olga second.test {"people":3}']);
    await domains.add(by, 'second.test');
    assert.equal((await domains.losses('second.test')).people, 0);
    await domains.remove(by, 'second.test');
  });

  test('whose removal takes long: the answer comes, nobody new comes, and whoever asks again waits for the same end', async () => {
    let letGo = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const { accounts, live } = house.commands;
    const slow = removal({
      removeAccount: async (who, domain, local) => {
        await held;
        await accounts.remove(who, domain, local, `${local}@${domain}`);
      },
    });
    const domains = new DomainCommands(house.stores, house.house, live, async () => undefined, slow, 0);
    assert.equal(await domains.remove(by, 'second.test', 'second.test'), false);
    assert.deepEqual(
      (await domains.list()).map(({ name, people, leaving }) => [name, people, leaving]),
      [
        [DOMAIN, 0, false],
        ['second.test', 3, true],
      ],
    );
    await assert.rejects(
      accounts.create(by, 'second.test', { local: 'mercutio', password: PASSWORD }),
      refused('not-allowed'),
    );
    await assert.rejects(domains.add(by, 'second.test'), refused('domain-exists', 'name'));
    await assert.rejects(domains.remove(by, DOMAIN), refused('last-domain'));
    letGo();
    await slow.remove(by, 'second.test');
    assert.deepEqual(house.house.domains(), [DOMAIN]);
    assert.equal((await audited('domain.remove')).length, 1);
    await domains.add(by, 'second.test');
    await accounts.create(by, 'second.test', { local: 'mercutio', password: PASSWORD });
  });

  for (const [where, broken] of [
    [
      'among its people',
      (): Partial<DomainRemovalNeeds> => {
        let left = 2;
        const { accounts } = house.commands;
        return {
          removeAccount: async (who, domain, local) => {
            if (left-- === 0) throw new Error('the power is gone');
            await accounts.remove(who, domain, local, `${local}@${domain}`);
          },
        };
      },
    ],
    [
      'after its people',
      (): Partial<DomainRemovalNeeds> => ({
        keepers: [{ forget: () => Promise.reject(new Error('the power is gone')) }],
      }),
    ],
  ] as const) {
    test(`whose removal a crash cuts short ${where} is gone after the next start`, async () => {
      const { contacts } = house.commands;
      await contacts.set(by, 'second.test', { 'admin-addresses': ['mailto:olga@second.test'] });
      await assert.rejects(removal(broken()).remove(by, 'second.test'), /the power is gone/);
      await assert.rejects(house.commands.domains.add(by, 'second.test'), refused('domain-exists', 'name'));
      await removal().resume();
      assert.equal(await house.stores.accounts.count('second.test'), 0);
      assert.deepEqual(
        (await house.commands.domains.list()).map(({ name }) => name),
        [DOMAIN],
      );
      assert.deepEqual(house.house.domains(), [DOMAIN]);
      await house.commands.domains.add(by, 'second.test');
      assert.deepEqual(contacts.get('second.test')['admin-addresses'], []);
      assert.match((await audited('domain.remove')).join(), /^olga second\.test/);
    });
  }

  test('nobody more is deleted when the server stops, and nothing is said of it', async () => {
    const stopping = removal({
      removeAccount: async () => {
        stopping.close();
      },
    });
    await assert.rejects(stopping.remove(by, 'second.test'), /stops/);
    assert.equal(await house.stores.accounts.count('second.test'), 3);
    assert.doesNotMatch(house.logged.join(), /broke off/);
  });
});

describe('a name that cannot be a domain here', () => {
  test('is refused at its field, and nothing is changed', async () => {
    const { domains } = house.commands;
    house.house.taken = (name) => name === 'conference.example.test' || house.house.get(name) !== undefined;
    const before = await house.stores.certificates.all();
    for (const [name, code] of [
      ['no name', 'invalid'],
      ['Conference.Example.test', 'domain-exists'],
      ['SECOND.test.', 'domain-exists'],
    ] as const) {
      await assert.rejects(domains.add(by, name), refused(code, 'name'), name);
    }
    assert.deepEqual(house.house.domains(), [DOMAIN, 'second.test']);
    assert.equal((await house.stores.domains.list()).length, 2);
    assert.deepEqual(await house.stores.certificates.all(), before);
    assert.equal((await audited('domain.add')).length, 1);
  });
});

test('an authority counts as handed out from the moment somebody asks for it', async () => {
  const { commands, stores } = house;
  await stores.settings.set('authority.unseen', true);
  await commands.certificates.authority();
  assert.equal(await stores.settings.get('authority.unseen'), true, 'what a page says of it is no certificate');
  await commands.authority();
  assert.equal(await stores.settings.get('authority.unseen'), undefined);
});
