import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { CommandError } from '../../server/commands/command-error.ts';
import type { ImportSettings } from '../../server/commands/import/settings.ts';
import { openHouse, type TestHouse } from '../http/support.ts';
import { IMPORTER as by, importPeople, peopleOf } from '../support/importing.ts';

const DOMAIN = 'example.test';

let house: TestHouse;
beforeEach(async () => {
  house = await openHouse();
});
afterEach(async () => {
  await house.commands.peopleImports.settled();
  await house.close();
});

const imports = (text: string, more: Partial<ImportSettings> = {}): Promise<number> => importPeople(house, text, more);

const people = (): Promise<string[]> => peopleOf(house);

describe('undo takes back exactly what the import did', () => {
  async function undo(id: number) {
    await house.commands.peopleImports.undo(by, id);
    await house.commands.peopleImports.settled();
    return house.commands.peopleImports.get(id);
  }

  test('accounts that nobody has used go, those in use are kept and named', async () => {
    await house.commands.accounts.create(by, DOMAIN, { local: 'old', password: 'a secret' });
    const id = await imports('user\nanna\nbert\ncyd\n');
    house.house.connect('bert@example.test/phone');
    house.stores.people.left((await house.stores.accounts.find(DOMAIN, 'cyd'))!.id, 1_700_000_000_000);
    const { import: found, kept } = await undo(id);
    assert.deepEqual([found.state, found.undone, found.kept], ['undone', 1, 2]);
    assert.deepEqual(
      kept.map(({ jid }) => jid),
      ['bert@example.test', 'cyd@example.test'],
    );
    assert.deepEqual(await people(), ['bert:', 'cyd:', 'old:']);
    await assert.rejects(house.commands.peopleImports.undo(by, id), (error: CommandError) => error.code === 'invalid');
  });

  test('fields go back, but for what was changed again since', async () => {
    const { accounts } = house.commands;
    for (const local of ['anna', 'bert'])
      await accounts.create(by, DOMAIN, { local, name: `Old ${local}`, password: 'a secret' });
    const id = await imports('user,name\nanna,New\nbert,New\ncyd,New\n', { existing: 'update' });
    assert.deepEqual(await people(), ['anna:New', 'bert:New', 'cyd:New']);
    await accounts.setName(by, DOMAIN, 'bert', 'Newer');
    const { kept } = await undo(id);
    assert.deepEqual(await people(), ['anna:Old anna', 'bert:Newer']);
    assert.deepEqual(
      kept.map(({ jid }) => jid),
      ['bert@example.test'],
    );
  });

  test('what was changed by hand is not thrown away: a name, a department, a limit, a password; a link to choose one is no change', async () => {
    const { accounts, bulk, quotas } = house.commands;
    const garden = await house.stores.departments.create(DOMAIN, 'Garden', '');
    const id = await imports('user,name,department\nanna,A,Garden\nbert,B,\ncyd,C,\ndora,D,\neve,E,Garden\n');
    await accounts.setName(by, DOMAIN, 'anna', 'Anna');
    await bulk.department(by, ['bert@example.test'], garden.id, true);
    await quotas.setFiles(by, DOMAIN, 'cyd', 5_000);
    await accounts.setPassword(by, DOMAIN, 'dora', { generate: true });
    await bulk.resetLinks(by, ['eve@example.test']);
    const { import: found, kept } = await undo(id);
    assert.deepEqual([found.undone, found.kept], [1, 4]);
    assert.ok(kept.every(({ why }) => why === 'It was changed by hand since.'));
    assert.deepEqual(await people(), ['anna:Anna', 'bert:B', 'cyd:C', 'dora:D']);
  });

  test('nor what is changed in the very moment in which it is taken back', async (t) => {
    const { accounts } = house.stores;
    await house.commands.accounts.create(by, DOMAIN, { local: 'anna', name: 'Old', password: 'a secret' });
    const id = await imports('user,name\nanna,New\n', { existing: 'update' });
    const byId = accounts.byId.bind(accounts);
    t.mock.method(accounts, 'byId', async (number: number) => {
      const found = await byId(number);
      await house.commands.accounts.setName(by, DOMAIN, 'anna', 'Newer');
      return found;
    });
    const { kept } = await undo(id);
    assert.deepEqual(await people(), ['anna:Newer']);
    assert.deepEqual(
      kept.map(({ why }) => why),
      ['The name was changed again since.'],
    );
  });

  test('who signs in while their account is taken back is not let in, or keeps it', async (t) => {
    const id = await imports('user\nanna\n');
    const { accounts, people: seen } = house.stores;
    const seenAt = seen.seenAt.bind(seen);
    let came = false;
    t.mock.method(seen, 'seenAt', async (number: number) => {
      const at = await seenAt(number);
      // As a login that was under way: refused when the account is closed by now.
      if ((await accounts.find(DOMAIN, 'anna'))?.status === 'active') {
        came = true;
        house.house.connect('anna@example.test/phone');
      }
      return at;
    });
    await undo(id);
    assert.deepEqual(await people(), came ? ['anna:'] : []);
    assert.equal(came, false);
  });

  test('an invitation that is used in the moment in which it is taken back counts as used', async (t) => {
    const id = await imports('user\nanna\n', { way: 'invite' });
    const { invitations } = house.stores;
    const byId = invitations.byId.bind(invitations);
    t.mock.method(invitations, 'byId', async (number: number) => {
      const found = await byId(number);
      if (found !== undefined && found.left > 0) await invitations.use(number, 'anna@example.test', null);
      return found;
    });
    const { import: found } = await undo(id);
    assert.deepEqual([found.undone, found.kept], [0, 1]);
  });

  test('a department that was made for it and changed by hand since stays, as does another of that name', async () => {
    const { departments } = house.commands;
    const id = await imports('user,department\nanna,Sales|Garden|Kitchen\n', { makeDepartments: true });
    const [sales, garden] = [departments.named(DOMAIN, 'Sales'), departments.named(DOMAIN, 'Garden')];
    await departments.change(by, sales.id, { description: 'Who sells.' });
    await departments.remove(by, garden.id);
    await departments.create(by, DOMAIN, { name: 'Garden' });
    await undo(id);
    assert.deepEqual(
      departments.list(DOMAIN).departments.map(({ name }) => name),
      ['Sales', 'Garden'],
    );
  });

  test('somebody new who has the name of one that was imported is left alone (SECURITY 50)', async () => {
    const id = await imports('user\nanna\n');
    await house.commands.accounts.remove(by, DOMAIN, 'anna', 'anna@example.test');
    await house.commands.accounts.create(by, DOMAIN, { local: 'anna', name: 'Another', password: 'a secret' });
    await undo(id);
    assert.deepEqual(await people(), ['anna:Another']);
  });

  test('what a stop cut short is known as that, and can be taken back', async () => {
    const id = await imports('user\nanna\n');
    await house.stores.peopleImports.setState(id, 'running', null);
    await house.commands.peopleImports.open();
    assert.equal((await house.commands.peopleImports.get(id)).import.state, 'stopped');
    await undo(id);
    assert.deepEqual(await people(), []);
  });
});
