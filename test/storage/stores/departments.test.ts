import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { StorageError, sql } from '../../../server/storage/database.ts';
import { house } from './support.ts';

const names = (list: readonly { readonly name: string }[]): string[] => list.map(({ name }) => name);

describe('departments', () => {
  test('are kept with their people, rooms, order and who sees whom', async (t) => {
    const { departments, person, afresh } = await house(t);
    const romeo = await person('romeo');
    const juliet = await person('juliet');
    const sales = await departments.create('office.test', 'Sales', 'Sells');
    const stock = await departments.create('office.test', 'Stock', '');
    await departments.setFor(romeo, [sales.id, stock.id]);
    await departments.assign('office.test', [{ person: juliet, ids: [stock.id, 999] }]);
    await departments.setRooms(sales, ['sales', 'all', 'all']);
    await departments.setSights('office.test', [{ viewer: sales.id, seen: stock.id, sees: true }]);
    await departments.describe(stock, 'Store', 'Keeps');
    await departments.order('office.test', [stock.id]);
    const later = afresh().departments;
    await later.load();
    for (const store of [departments, later]) {
      assert.deepEqual(names(store.list('office.test')), ['Store', 'Sales']);
      assert.deepEqual(names(store.of(romeo)), ['Store', 'Sales']);
      assert.deepEqual(store.numbersOf('juliet@office.test'), [stock.id]);
      assert.deepEqual([...store.members('office.test', stock.id)].sort(), ['juliet', 'romeo']);
      assert.deepEqual(store.get(sales.id)?.rooms, ['all', 'sales']);
      assert.equal(store.sight('office.test', sales.id, stock.id), true);
      assert.equal(store.sight('office.test', stock.id, sales.id), undefined);
      assert.deepEqual(store.list('other.test'), []);
    }
  });

  test('a name is there once in a domain, and nothing changes when it is refused', async (t) => {
    const { departments } = await house(t);
    const sales = await departments.create('office.test', 'Sales', '');
    const stock = await departments.create('office.test', 'Stock', '');
    await departments.create('other.test', 'Sales', '');
    const taken = (error: unknown) => error instanceof StorageError && error.code === 'constraint';
    await assert.rejects(departments.create('office.test', 'Sales', ''), taken);
    await assert.rejects(departments.describe(stock, 'Sales', ''), taken);
    assert.deepEqual(names(departments.list('office.test')), ['Sales', 'Stock']);
    assert.equal(departments.get(sales.id)?.name, 'Sales');
  });

  test('what goes leaves nothing: a department, an account, a domain', async (t) => {
    const { departments, accounts, person, db } = await house(t);
    const romeo = await person('romeo');
    const juliet = await person('juliet');
    const [one, other] = [
      await departments.create('office.test', 'One', ''),
      await departments.create('office.test', 'Other', ''),
    ];
    await departments.setFor(romeo, [one.id, other.id]);
    await departments.setFor(juliet, [one.id]);
    await departments.setSights('office.test', [{ viewer: other.id, seen: one.id, sees: false }]);
    await departments.remove(one);
    assert.deepEqual([departments.numbersOf('juliet@office.test'), names(departments.of(romeo))], [[], ['Other']]);
    assert.deepEqual(await db.all(sql`SELECT * FROM department_sight`), []);
    assert.notEqual((await departments.create('office.test', 'One', '')).id, one.id);

    await accounts.remove(romeo);
    assert.deepEqual([...departments.members('office.test', other.id)], []);
    assert.deepEqual(departments.of(await person('romeo')), []);
    assert.deepEqual(await db.all(sql`SELECT * FROM department_member`), []);

    await departments.forget('office.test');
    assert.deepEqual(departments.list('office.test'), []);
    assert.deepEqual(await db.all(sql`SELECT * FROM department`), []);
  });

  test('who is gone meanwhile is put nowhere, and all the others stay where they are', async (t) => {
    const { departments, accounts, person } = await house(t);
    const romeo = await person('romeo');
    const juliet = await person('juliet');
    const sales = await departments.create('office.test', 'Sales', '');
    await accounts.remove(romeo);
    const changes = [juliet, romeo].map((who) => ({ person: who, ids: [sales.id] }));
    await assert.rejects(departments.assign('office.test', changes), StorageError);
    assert.deepEqual([...departments.members('office.test', sales.id)], []);
  });

  test('people are called what they are called now', async (t) => {
    const { departments, accounts, person } = await house(t);
    const romeo = await person('romeo');
    const sales = await departments.create('office.test', 'Sales', '');
    await departments.setFor(romeo, [sales.id]);
    const told: string[] = [];
    departments.watch((domain, { people }) => void told.push(`${domain} ${people.get('romeo')?.name}`));
    await accounts.setName(romeo, 'Romeo M.');
    assert.deepEqual(told, ['office.test Romeo M.']);
  });
});
