import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { CommandError } from '../../server/commands/command-error.ts';
import { ContactCommands } from '../../server/commands/contacts.ts';
import { DomainRemoval } from '../../server/commands/domain-removal.ts';
import { DomainCommands } from '../../server/commands/domains.ts';
import type { House } from '../../server/commands/house.ts';
import { checkAdminName, checkDisplayName, checkDomain, checkLocal } from '../../server/commands/names.ts';
import { Overview } from '../../server/commands/overview.ts';
import {
  adminPasswordFits,
  checkAdminPassword,
  checkPassword,
  hashAdminPassword,
} from '../../server/commands/passwords.ts';
import type { Hosts } from '../../server/host/hosts.ts';
import { openHouse, type TestHouse } from '../http/support.ts';

/** The real domains can stand where the tests put theirs: this must compile. */
export type HostsAreAHouse = Hosts extends House ? true : never;
export const hostsAreAHouse: HostsAreAHouse = true;

const by = { name: 'olga', door: 'panel' } as const;
const DOMAIN = 'example.test';

let house: TestHouse;
beforeEach(async () => {
  house = await openHouse();
});
afterEach(() => house.close());

function refused(code: string, field?: string): (error: CommandError) => boolean {
  return (error) => {
    assert.equal(error.code, code, error.message);
    assert.equal(error.field, field);
    return true;
  };
}

async function audited(): Promise<string[]> {
  const { rows } = await house.commands.audit.page(undefined, 100);
  return rows.map((row) => `${row.actor} ${row.action} ${row.subject}`).reverse();
}

describe('people', () => {
  const make = (local: string, name = '') =>
    house.commands.accounts.create(by, DOMAIN, { local, name, password: 'a secret' });

  test('of two who make the same address at once, one is told that it exists', async () => {
    const made = await Promise.allSettled([make('anna'), make('ANNA')]);
    const [lost] = made.filter((one) => one.status === 'rejected');
    assert.equal(made.filter((one) => one.status === 'fulfilled').length, 1);
    refused('account-exists', 'local')(lost?.reason);
  });

  test('a password that is the name or the address is refused, however it is written', async () => {
    const { accounts } = house.commands;
    for (const password of ['juliet', 'JULIET', `juliet@${DOMAIN}`, 'ｊｕｌｉｅｔ']) {
      const wish = { local: 'Juliet', name: '', password };
      await assert.rejects(accounts.create(by, DOMAIN, wish), refused('invalid', 'password'), password);
    }
    await accounts.create(by, DOMAIN, { local: 'juliet', name: '', password: 'juliet and the nurse' });
    await assert.rejects(
      accounts.setPassword(by, DOMAIN, 'juliet', { password: 'Juliet' }),
      refused('invalid', 'password'),
    );
  });

  test('attack: guessing what many people choose: 123456, password and the like are refused, however they are mended', async () => {
    const { accounts } = house.commands;
    const common = [
      '123456',
      'password',
      'Password1!',
      'QWERTZ',
      'iloveyou',
      'Sommer2026',
      '1q2w3e4r',
      '111111',
      'abababab',
    ];
    for (const password of common) {
      const wish = { local: 'juliet', name: '', password };
      await assert.rejects(accounts.create(by, DOMAIN, wish), refused('invalid', 'password'), password);
    }
    assert.throws(() => checkAdminPassword('Password2026', 'olga'), refused('invalid', 'password'));
    for (const password of ['passwordless moon', 'nightingale', 'summer by the sea']) {
      checkPassword(password, { domain: DOMAIN, local: 'juliet' });
    }
  });

  test('every change is audited, under the name of who did it', async () => {
    const { accounts } = house.commands;
    await make('anna', 'Anna');
    await accounts.setName(by, DOMAIN, 'anna', 'Anna B');
    await accounts.setPassword(by, DOMAIN, 'anna', { generate: true });
    await accounts.disable(by, DOMAIN, 'anna', 'left');
    await accounts.enable(by, DOMAIN, 'anna');
    await accounts.remove(by, DOMAIN, 'anna', 'Anna@Example.Test');
    const verbs = ['create', 'name', 'password', 'disable', 'enable', 'delete'];
    assert.deepEqual(
      await audited(),
      verbs.map((verb) => `olga account.${verb} anna@example.test`),
    );
    assert.deepEqual(await house.stores.audit.verify().then((verdict) => verdict.ok), true);
  });

  test('who may administer from chat: named once each, in whatever order of asking, and not any more once deleted', async () => {
    const { accounts, chatAdmins } = house.commands;
    const may = (local: string, admin: boolean) => accounts.setChatAdmin(by, DOMAIN, local, admin);
    for (const local of ['anna', 'bert', 'cyd']) assert.equal((await make(local)).account.chatAdmin, false);
    const granted = await Promise.all([may('anna', true), may('bert', true), may('anna', true), may('cyd', true)]);
    assert.ok(granted.every(({ account }) => account.chatAdmin));
    assert.deepEqual(await chatAdmins.list(), ['anna@example.test', 'bert@example.test', 'cyd@example.test']);
    await accounts.disable(by, DOMAIN, 'bert', '');
    assert.equal(await chatAdmins.has('bert@example.test'), false, 'the disabled may not');
    assert.equal((await accounts.get(DOMAIN, 'bert')).account.chatAdmin, true, 'but are shown as named');
    await accounts.remove(by, DOMAIN, 'cyd', 'cyd@example.test');
    await make('cyd');
    assert.equal(await chatAdmins.has('cyd@example.test'), false, 'the next of the same name is somebody else');
    await may('anna', false);
    assert.deepEqual(await chatAdmins.list(), ['bert@example.test']);
    assert.deepEqual(await house.stores.settings.get('chat-admins'), [2], 'nor do the deleted fill the list up');
    await assert.rejects(may('nobody', true), refused('account-not-found'));
    const deeds = (await audited()).filter((deed) => deed.includes('chat-admin'));
    assert.deepEqual(deeds.sort(), [
      'olga account.chat-admin anna@example.test',
      'olga account.chat-admin bert@example.test',
      'olga account.chat-admin cyd@example.test',
      'olga account.no-chat-admin anna@example.test',
    ]);
  });

  test('what is refused changes nothing and is not audited', async () => {
    const { accounts } = house.commands;
    await make('anna');
    await assert.rejects(accounts.remove(by, DOMAIN, 'anna', 'bert@example.test'), refused('not-confirmed', 'confirm'));
    await assert.rejects(accounts.setPassword(by, DOMAIN, 'anna', {}), refused('invalid', 'password'));
    await assert.rejects(
      accounts.setPassword(by, DOMAIN, 'anna', { password: 'x', generate: true }),
      refused('invalid', 'password'),
    );
    await assert.rejects(
      accounts.setPassword(by, DOMAIN, 'anna', { password: 'short' }),
      refused('invalid', 'password'),
    );
    await assert.rejects(
      accounts.setPassword(by, DOMAIN, 'anna', { password: 'with\u0007bell' }),
      refused('invalid', 'password'),
    );
    await assert.rejects(accounts.setName(by, DOMAIN, 'anna', 'two\nlines'), refused('invalid', 'name'));
    await assert.rejects(accounts.disable(by, DOMAIN, 'nobody'), refused('account-not-found'));
    await assert.rejects(accounts.enable(by, 'elsewhere.test', 'anna'), refused('domain-not-found'));
    assert.deepEqual(await audited(), ['olga account.create anna@example.test']);
  });

  test('deleting: out of the way first, then gone, with the host told', async () => {
    const { account } = await make('anna');
    const session = house.house.connect('anna@example.test/desk');
    let there: string | undefined;
    const status = house.stores.accounts.setStatus.bind(house.stores.accounts);
    house.stores.accounts.setStatus = async (...args) => {
      there = session.ended?.condition;
      await status(...args);
    };
    await house.commands.accounts.remove(by, DOMAIN, 'anna', account.jid);
    assert.equal(there, undefined, 'nobody is ended who could come straight back');
    assert.equal(session.ended?.condition, 'not-authorized');
    assert.deepEqual(house.house.get(DOMAIN)?.removed, ['anna']);
    assert.equal((await make('anna')).account.jid, 'anna@example.test', 'the name is free again');
  });

  test('pages of those online, both ways', async () => {
    for (const local of ['anna', 'bert', 'cyd', 'dan']) await make(local, `${local.toUpperCase()} Smith`);
    for (const full of ['anna@example.test/1', 'bert@example.test/1', 'bert@example.test/2', 'dan@example.test/1'])
      house.house.connect(full);
    const list = async (wish: object) => {
      const page = await house.commands.accounts.list(DOMAIN, { status: 'online', ...wish });
      return [
        page.accounts.map((one) => `${one.local}${one.sessions}`).join(' '),
        page.total,
        page.hasBefore,
        page.hasAfter,
      ];
    };
    assert.deepEqual(await list({}), ['anna1 bert2 dan1', 3, false, false]);
    assert.deepEqual(await list({ limit: 2 }), ['anna1 bert2', 3, false, true]);
    assert.deepEqual(await list({ limit: 2, after: 'bert' }), ['dan1', 3, true, false]);
    assert.deepEqual(await list({ limit: 1, before: 'dan' }), ['bert2', 3, true, true]);
    assert.deepEqual(await list({ search: 'DAN s' }), ['dan1', 1, false, false]);
  });
});

describe('domains', () => {
  test('are certified before they are served, and not served when that fails', async () => {
    const { live } = house.commands;
    await house.commands.domains.add(by, 'Büro.test');
    assert.deepEqual(house.house.domains(), [DOMAIN, 'büro.test']);
    await assert.rejects(house.commands.domains.add(by, 'büro.test'), refused('domain-exists', 'name'));
    await house.commands.domains.remove(by, 'büro.test');
    const failing = () => Promise.reject(new Error('no key'));
    const removal = new DomainRemoval({
      stores: house.stores,
      house: house.house,
      keepers: [],
      removeAccount: async () => undefined,
      log: house.log,
    });
    const uncertified = new DomainCommands(house.stores, house.house, live, failing, removal);
    await assert.rejects(uncertified.add(by, 'new.test'), /no key/);
    assert.deepEqual(house.house.domains(), [DOMAIN]);
    await assert.rejects(house.commands.domains.remove(by, DOMAIN), refused('last-domain'));
    assert.deepEqual(await audited(), ['olga domain.add büro.test', 'olga domain.remove büro.test']);
  });
});

describe('contact addresses', () => {
  const NOBODY = {
    'abuse-addresses': [],
    'admin-addresses': [],
    'feedback-addresses': [],
    'sales-addresses': [],
    'security-addresses': [],
    'status-addresses': [],
    'support-addresses': [],
  };

  test('are set as a whole, in one way of writing, and audited by what changed', async () => {
    const { contacts } = house.commands;
    assert.deepEqual(contacts.get(DOMAIN), NOBODY);
    const wish = {
      'admin-addresses': [' mailto:olga@example.test ', 'MAILTO:olga@example.test', 'xmpp:olga@example.test'],
      'abuse-addresses': ['https://Example.test/abuse?from=chat', 'mailto:jürgen@example.test?subject=abuse'],
      'support-addresses': ['xmpp:help@conference.example.test?join', 'xmpp:example.test'],
    };
    const set = {
      ...NOBODY,
      'admin-addresses': ['mailto:olga@example.test', 'xmpp:olga@example.test'],
      'abuse-addresses': ['https://example.test/abuse?from=chat', 'mailto:j%C3%BCrgen@example.test?subject=abuse'],
      'support-addresses': ['xmpp:help@conference.example.test?join', 'xmpp:example.test'],
    };
    assert.deepEqual(await contacts.set(by, 'EXAMPLE.test', wish), set);
    assert.deepEqual(contacts.of(DOMAIN), set);
    await contacts.set(by, DOMAIN, wish);
    const { 'abuse-addresses': _, ...rest } = wish;
    await contacts.set(by, DOMAIN, rest);
    const { rows } = await house.commands.audit.page(undefined, 10);
    assert.deepEqual(
      rows.map(({ action, subject, detail }) => [action, subject, detail]),
      [
        ['domain.contacts', DOMAIN, { 'abuse-addresses': 'none' }],
        [
          'domain.contacts',
          DOMAIN,
          {
            'admin-addresses': set['admin-addresses'].join(' '),
            'abuse-addresses': set['abuse-addresses'].join(' '),
            'support-addresses': set['support-addresses'].join(' '),
          },
        ],
      ],
    );
    const later = new ContactCommands(house.stores.settings, house.stores.audit, house.house);
    await later.load();
    assert.deepEqual(later.of(DOMAIN), { ...set, 'abuse-addresses': [] }, 'as they are found at the next start');
  });

  test('refuse what is no address, and too many; then nothing changes', async () => {
    const { contacts } = house.commands;
    for (const wrong of [
      '',
      'olga@example.test',
      'mailto:',
      'mailto:olga',
      'mailto:olga@example.test,bert@example.test@x',
      'mailto:%zz@example.test',
      'mailto://olga@example.test',
      'xmpp:',
      'xmpp:a b@example.test',
      'xmpp://example.test/olga@example.test',
      'https:',
      'https://olga:secret@example.test/',
      'http://example.test/',
      'javascript:alert(1)',
      'JavaScript://example.test/%0aalert(1)',
      'data:text/html,x',
      'https://example.test/\n<script>',
      'https://example.test/"onload=',
      `https://example.test/${'a'.repeat(300)}`,
    ]) {
      await assert.rejects(
        contacts.set(by, DOMAIN, { 'support-addresses': ['xmpp:example.test', wrong] }),
        refused('invalid', 'support-addresses'),
        wrong,
      );
    }
    const many = Array.from({ length: 11 }, (_, n) => `mailto:a${n}@example.test`);
    await assert.rejects(contacts.set(by, DOMAIN, { 'sales-addresses': many }), refused('invalid', 'sales-addresses'));
    await assert.rejects(contacts.set(by, 'elsewhere.test', {}), refused('domain-not-found'));
    assert.throws(() => contacts.get('elsewhere.test'), refused('domain-not-found'));
    assert.deepEqual(contacts.get(DOMAIN), NOBODY);
    assert.deepEqual(await audited(), []);
  });

  test('go with their domain', async () => {
    const { contacts, domains } = house.commands;
    await domains.add(by, 'second.test');
    await contacts.set(by, 'second.test', { 'admin-addresses': ['mailto:olga@example.test'] });
    await domains.remove(by, 'second.test');
    await domains.add(by, 'second.test');
    assert.deepEqual(contacts.get('second.test'), NOBODY);
    assert.equal((await house.stores.settings.all()).size, 0);
  });
});

describe('names', () => {
  test('are prepared, or refused with words that help', () => {
    assert.equal(checkLocal('Anna.B'), 'anna.b');
    assert.equal(checkDomain(' Example.TEST. '), 'example.test');
    assert.equal(checkDisplayName('  Anna B '), 'Anna B');
    for (const name of ['Juliet\u202e gpj.exe', '\u2067x', '\u200b', '\u3164 ']) {
      assert.throws(() => checkDisplayName(name), { code: 'invalid', field: 'name' }, JSON.stringify(name));
    }
    for (const name of ['👨\u200d👩\u200d👧', 'می\u200cخواهم']) assert.equal(checkDisplayName(name), name);
    assert.equal(checkAdminName(' Olga '), 'olga');
    for (const [input, words] of [
      ['', /is needed/],
      ['a b', /spaces/],
      ['a@b', /before the @/],
      ['a:b', /cannot contain any of/],
      ['a\u{1f600}', /cannot have/],
    ] as const) {
      assert.throws(() => checkLocal(input), words);
    }
    for (const input of ['', '.x', 'a b', 'x'.repeat(65), '<b>'])
      assert.throws(() => checkAdminName(input), /sign-in name/);
  });
});

describe('administrators’ passwords', () => {
  test('are stretched with a salt of their own, with the cost written beside', async () => {
    const [one, two] = await Promise.all([hashAdminPassword('pass phrase'), hashAdminPassword('pass phrase')]);
    assert.match(one, /^scrypt\$N=32768,r=8,p=3\$[\w-]{22}\$[\w-]{43}$/);
    assert.notEqual(one, two);
    assert.equal(await adminPasswordFits('pass phrase', one), true);
    assert.equal(await adminPasswordFits('Pass phrase', one), false);
    assert.equal(await adminPasswordFits('pass phrase', undefined), false);
    await assert.rejects(adminPasswordFits('x', 'plain'), /not in a form known/);
  });
});

describe('overview', () => {
  test('counts rates between samples', async () => {
    const { counters } = house.house;
    const overview = new Overview({
      accounts: house.stores.accounts,
      certificates: house.stores.certificates,
      house: house.house,
      counters,
      version: '1',
      hostname: 'chat.example.test',
      listeners: () => [],
      late: () => ({ median: 1, p99: 2, max: 3 }),
      everyMs: 200,
    });
    house.house.connect('anna@example.test/1');
    const seen: number[] = [];
    const stop = overview.onSample((figures) => {
      seen.push(figures.rates.messages);
      assert.deepEqual(figures.eventLoopDelay, { median: 1, p99: 2, max: 3 });
      assert.deepEqual([figures.people.online, figures.sessions], [1, 1]);
    });
    counters.messages += 100;
    await pause(500);
    stop();
    overview.close();
    assert.ok(seen[0]! > 150 && seen[0]! < 600, `${seen[0]} messages a second`);
    assert.equal(seen[1], 0);
  });

  test('knows how long the certificates of the served domains last, and tells nothing else of them', async () => {
    for (const [domain, source] of [
      ['gone.test', 'internal'],
      [DOMAIN, 'uploaded'],
    ] as const) {
      const secret = { chainPem: 'the chain', keyPem: 'the key' };
      await house.stores.certificates.set({ domain, source, notAfter: 1_800_000_000_000, createdAt: 1, ...secret });
    }
    const figures = await house.commands.overview.figures();
    assert.deepEqual(figures.certificates, [{ domain: DOMAIN, source: 'uploaded', notAfter: 1_800_000_000_000 }]);
    assert.equal(figures.hostname, 'chat.example.test');
  });
});
