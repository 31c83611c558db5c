import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { CommandError } from '../../server/commands/command-error.ts';
import { csvOf, harmless } from '../../server/commands/csv.ts';
import { openHouse, type TestHouse } from '../http/support.ts';

const by = { name: 'olga', door: 'panel' } as const;
const DOMAIN = 'example.test';
const DAY = 24 * 60 * 60_000;

let house: TestHouse;
beforeEach(async () => {
  house = await openHouse();
});
afterEach(() => house.close());

const make = (local: string, name = '') =>
  house.commands.accounts.create(by, DOMAIN, { local, name, password: 'a secret' });
const idOf = async (local: string): Promise<number> => (await house.stores.accounts.find(DOMAIN, local))!.id;
const refused = (code: string) => (error: CommandError) => error.code === code;

describe('deleting with a while in which it can be taken back', () => {
  test('the account is closed at once, the name stays taken, and all comes back', async () => {
    const { accounts, leaving, chatAdmins } = house.commands;
    await make('anna', 'Anna');
    await accounts.setChatAdmin(by, DOMAIN, 'anna', true);
    const session = house.house.connect('anna@example.test/desk');
    const removeAt = await leaving.remove(by, DOMAIN, 'anna', 'anna@example.test');
    assert.ok(removeAt !== null && removeAt > Date.now() + 6 * DAY);
    assert.equal(session.ended?.text, 'Your account was deleted.');
    assert.equal((await house.stores.accounts.find(DOMAIN, 'anna'))?.status, 'disabled');
    assert.equal(await chatAdmins.has('anna@example.test'), false, 'nor does she administer meanwhile');
    await assert.rejects(make('anna'), refused('account-exists'));
    await assert.rejects(accounts.enable(by, DOMAIN, 'anna'), refused('account-leaving'));
    await assert.rejects(accounts.disable(by, DOMAIN, 'anna'), refused('account-leaving'));
    const { account } = await accounts.restore(by, DOMAIN, 'anna');
    assert.deepEqual([account.status, account.removeAt, account.chatAdmin], ['active', null, true]);
    await assert.rejects(accounts.restore(by, DOMAIN, 'anna'), refused('invalid'));
  });

  test('who was disabled is so again when they are brought back, with the reason', async () => {
    const { accounts, leaving } = house.commands;
    await make('anna');
    await accounts.disable(by, DOMAIN, 'anna', 'on leave');
    await leaving.remove(by, DOMAIN, 'anna', 'anna@example.test');
    const first = (await accounts.get(DOMAIN, 'anna')).account.removeAt;
    house.later(DAY);
    await leaving.remove(by, DOMAIN, 'anna', 'anna@example.test');
    assert.equal((await accounts.get(DOMAIN, 'anna')).account.removeAt, first, 'asking twice does not put it off');
    const { account } = await accounts.restore(by, DOMAIN, 'anna');
    assert.deepEqual([account.status, account.reason], ['disabled', 'on leave']);
  });

  test('when the time is over all goes, and who is made again inherits nothing (SECURITY 50)', async () => {
    const { accounts, leaving, quotas } = house.commands;
    await make('anna');
    await make('bert');
    const id = await idOf('anna');
    await quotas.setFiles(by, DOMAIN, 'anna', 5_000);
    house.stores.people.left(id, 1_700_000_000_000);
    await leaving.remove(by, DOMAIN, 'anna', 'anna@example.test');
    await leaving.sweep();
    assert.notEqual(await house.stores.accounts.find(DOMAIN, 'anna'), undefined, 'not yet');
    house.later(8 * DAY);
    await leaving.sweep();
    assert.equal(await house.stores.accounts.find(DOMAIN, 'anna'), undefined);
    assert.notEqual(await house.stores.accounts.find(DOMAIN, 'bert'), undefined);
    assert.deepEqual(house.house.get(DOMAIN)?.removed, ['anna']);
    const { rows } = await house.commands.audit.page(undefined, 1);
    assert.deepEqual([rows[0]?.door, rows[0]?.action], ['house', 'account.delete']);
    await make('anna');
    const fresh = await idOf('anna');
    assert.notEqual(fresh, id);
    assert.equal(await house.stores.quotas.files(fresh), undefined);
    assert.equal(await house.stores.people.seenAt(fresh), 0);
    assert.equal((await accounts.get(DOMAIN, 'anna')).account.removeAt, null);
    for (const table of ['account_leaving', 'account_quota']) {
      assert.deepEqual(await house.db.all({ text: `SELECT * FROM ${table}`, values: [] }), [], table);
    }
  });

  test('with no time of grace, and when it is wished, it is gone at once', async () => {
    const { leaving } = house.commands;
    await make('anna');
    assert.equal(await leaving.remove(by, DOMAIN, 'anna', 'anna@example.test', true), null);
    assert.equal(await house.stores.accounts.find(DOMAIN, 'anna'), undefined);
    await assert.rejects(leaving.remove(by, DOMAIN, 'anna', 'anna@example.test', true), refused('account-not-found'));
  });

  test('a reason is one line of plain text', async () => {
    await make('anna');
    for (const reason of ['two\nlines', 'x'.repeat(501), 'turned \u202e round']) {
      await assert.rejects(house.commands.accounts.disable(by, DOMAIN, 'anna', reason), refused('invalid'), reason);
    }
    assert.equal((await house.stores.accounts.find(DOMAIN, 'anna'))?.status, 'active');
  });
});

describe('the list of all people', () => {
  beforeEach(async () => {
    await make('cyd', 'Ärzte, Cyd');
    await make('anna', 'Zoe');
    await make('bert', 'adam');
    await make('dora');
  });

  async function locals(wish: Parameters<typeof house.commands.people.list>[0]): Promise<string> {
    const { people } = await house.commands.people.list(wish);
    return people.map(({ local }) => local).join(' ');
  }

  test('by address, by name as people sort, by when they were made and last here', async () => {
    assert.equal(await locals({}), 'anna bert cyd dora');
    assert.equal(await locals({ order: 'down' }), 'dora cyd bert anna');
    assert.equal(await locals({ sort: 'name' }), 'bert cyd dora anna');
    house.stores.people.left(await idOf('bert'), 1_000);
    house.stores.people.left(await idOf('dora'), 2_000);
    house.stores.people.came(await idOf('cyd'));
    assert.equal(await locals({ sort: 'seen' }), 'cyd dora bert anna');
    assert.equal(await locals({ status: 'online' }), 'cyd');
    assert.equal(await locals({ status: 'never' }), 'anna');
    await house.stores.people.allLeft(DOMAIN, 3_000);
    assert.equal(await locals({ status: 'online' }), '');
  });

  test('page for page in every order, there and back', async () => {
    const { people } = house.commands;
    for (const sort of ['address', 'name', 'seen', 'created'] as const) {
      for (const order of ['up', 'down'] as const) {
        const all = await locals({ sort, order });
        const first = await people.list({ sort, order, limit: 3 });
        const second = await people.list({ sort, order, limit: 3, after: first.last });
        assert.equal([...first.people, ...second.people].map(({ local }) => local).join(' '), all, `${sort} ${order}`);
        assert.deepEqual(
          [first.hasBefore, first.hasAfter, second.hasBefore, second.hasAfter],
          [false, true, true, false],
        );
        const back = await people.list({ sort, order, limit: 3, before: second.first });
        assert.deepEqual([back.people, back.hasBefore], [first.people, false]);
        assert.deepEqual([first.total, second.total], [4, 4]);
      }
    }
  });

  test('what it is filtered by', async () => {
    const { accounts, leaving, quotas } = house.commands;
    await accounts.disable(by, DOMAIN, 'anna', 'gone');
    await leaving.remove(by, DOMAIN, 'bert', 'bert@example.test');
    await accounts.setChatAdmin(by, DOMAIN, 'cyd', true);
    assert.equal(await locals({ status: 'disabled' }), 'anna', 'who is to be deleted is in a list of their own');
    assert.equal(await locals({ status: 'leaving' }), 'bert');
    assert.match(await locals({ status: 'all' }), /bert/, 'and among all');
    assert.doesNotMatch(await locals({}), /bert/, 'but not where people are looked for');
    assert.equal(await locals({ status: 'active' }), 'cyd dora');
    assert.equal(await locals({ role: 'chat-admin' }), 'cyd');
    assert.equal(await locals({ search: 'ZOE' }), 'anna');
    assert.equal(await locals({ search: 'ADA', status: 'leaving' }), 'bert');
    assert.equal(await locals({ search: 'dora@exam' }), 'dora');
    assert.equal(await locals({ search: '%' }), '', 'nothing in it is a wildcard');
    const dora = await idOf('dora');
    const file = { name: 'a', type: '', purpose: 'message', createdAt: 1, expiresAt: undefined } as const;
    await house.stores.uploads.add('token', { ...file, file: 'f', account: dora, bytes: 950 });
    assert.equal(await locals({ status: 'full' }), '');
    await quotas.setFiles(by, DOMAIN, 'dora', 1_000);
    assert.equal(await locals({ status: 'full' }), 'dora');
    await quotas.setFiles(by, DOMAIN, 'dora', 0);
    assert.equal(await locals({ status: 'full' }), '', 'without a limit there is always space');
    await quotas.setFiles(by, DOMAIN, 'dora', null);
    assert.equal((await house.commands.people.fileLimit('dora@example.test')).own, false);
  });

  test('attack: places in the list that nobody was told are refused', async () => {
    const made = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    for (const after of ['x', made({}), made([1, 2]), made(['a']), made(['a', { toString: 1 }]), made(null)]) {
      await assert.rejects(house.commands.people.list({ after }), refused('invalid'), after);
    }
  });
});

describe('several people at once', () => {
  test('each is done or refused by itself, and is told so', async () => {
    const { bulk } = house.commands;
    await make('anna');
    await make('bert');
    const people = ['anna@example.test', 'nobody@example.test', 'bert@elsewhere.test', 'anna@example.test', ' '];
    const results = await bulk.disable(by, people, 'the office is closed');
    assert.deepEqual(
      results.map(({ jid, done }) => `${jid} ${done}`),
      ['anna@example.test true', 'nobody@example.test false', 'bert@elsewhere.test false', '  false'],
    );
    assert.ok(results.every(({ done, message }) => done === (message === '')));
    assert.equal((await house.stores.accounts.find(DOMAIN, 'anna'))?.reason, 'the office is closed');
    const [link] = await bulk.resetLinks(by, ['bert@example.test']);
    assert.match(link?.url ?? '', /\/reset\//);
    await bulk.remove(by, ['anna@example.test']);
    assert.equal((await bulk.enable(by, ['anna@example.test']))[0]?.done, false);
    assert.equal((await bulk.restore(by, ['anna@example.test']))[0]?.done, true);
  });
});

test('attack: names that a spreadsheet would take for formulas are text in what is exported (SECURITY 76)', () => {
  const evil = ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', ' =1', '＝1', '=HYPERLINK("http://x")', 'a;b', 'a"b', 'O’Neil'];
  for (const one of ['\u200b=1', '\u2060\u00ad =1', '%1', '|x']) assert.equal(harmless(one), `'${one}`, one);
  const panel = readFileSync(new URL('../../admin-ui/src/csv.ts', import.meta.url), 'utf8');
  const server = readFileSync(new URL('../../server/commands/csv.ts', import.meta.url), 'utf8');
  const guard = (text: string) => /const formula = (.*);/i.exec(text)?.[1];
  assert.equal(guard(panel), guard(server), 'the panel is guarded in the same way');
  const lines = csvOf([evil]).replace(/^\ufeff/, '');
  assert.equal(
    lines,
    `"'=1+1","'+1","'-1","'@SUM(A1)","'\t=1","' =1","'＝1","'=HYPERLINK(""http://x"")","a;b","a""b",O’Neil\r\n`,
  );
});
