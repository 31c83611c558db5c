import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sql } from '../../../server/storage/database.ts';
import { Rosters } from '../../../server/storage/stores/rosters.ts';
import { contact, house } from './support.ts';

describe('rosters', () => {
  it('keep all of an item', async (t) => {
    const { rosters, person, afresh } = await house(t);
    const { id } = await person('romeo');
    const item = contact('juliet@office.test', {
      name: 'Juliet',
      groups: ['Friends', 'Verona & more'],
      subscription: 'to',
      ask: true,
      approved: true,
      pendingIn: "<presence type='subscribe'/>",
    });
    assert.equal(await rosters.put(id, item), 1);
    assert.deepEqual(await afresh().rosters.get(id, item.jid), { ...item, version: 1 });
    assert.deepEqual(rosters.get(id, item.jid), { ...item, version: 1 });
    const plain = contact(item.jid, { listed: false });
    assert.equal(await rosters.put(id, plain), 2);
    assert.deepEqual(await afresh().rosters.get(id, item.jid), { ...plain, version: 2 });
  });

  it('give each write its own version, however many are on their way', async (t) => {
    const { rosters, person, afresh } = await house(t);
    const { id } = await person('romeo');
    const versions = await Promise.all([
      ...Array.from({ length: 20 }, (_, n) => rosters.put(id, contact(`c${n}@office.test`))),
      rosters.remove(id, 'c3@office.test'),
      rosters.remove(id, 'nobody@office.test'),
    ]);
    assert.deepEqual(versions, [...Array.from({ length: 21 }, (_, n) => n + 1), 21]);
    const stored = await afresh().rosters.all(id);
    assert.equal(stored.version, 21);
    assert.equal(stored.items.size, 19);
    assert.deepEqual(stored, await rosters.all(id));
  });

  it('do not share anything between accounts', async (t) => {
    const { rosters, person } = await house(t);
    const [romeo, juliet] = [await person('romeo'), await person('juliet')];
    await rosters.put(romeo.id, contact('x@office.test'));
    assert.equal((await rosters.all(juliet.id)).items.size, 0);
    assert.equal(await rosters.version(juliet.id), 0);
    assert.equal(await rosters.version(romeo.id), 1);
  });

  it('tell what changed since a version (RFC 6121 §2.6)', async (t) => {
    const { rosters, person } = await house(t);
    const { id } = await person('romeo');
    await rosters.put(id, contact('a@office.test')); // 1
    await rosters.put(id, contact('b@office.test')); // 2
    await rosters.remove(id, 'a@office.test'); // 3
    await rosters.put(id, contact('b@office.test', { name: 'B' })); // 4
    const since = async (version: number) => {
      const changes = await rosters.changes(id, version);
      if (changes === 'full') return changes;
      return [changes.version, changes.items.map((item) => item.jid).join(), changes.removed.join()];
    };
    assert.deepEqual(await since(4), [4, '', '']);
    assert.deepEqual(await since(3), [4, 'b@office.test', '']);
    assert.deepEqual(await since(2), [4, 'b@office.test', 'a@office.test']);
    assert.deepEqual(await since(0), [4, 'b@office.test', 'a@office.test']);
    assert.equal(await since(5), 'full');
    assert.equal(await since(-1), 'full');
    assert.equal(await since(Number.NaN), 'full');
    await rosters.put(id, contact('a@office.test')); // 5: there again
    assert.deepEqual(await since(2), [5, 'b@office.test,a@office.test', '']);
  });

  it('call an item removed that is not shown any more, and say nothing of one that never was', async (t) => {
    const { rosters, person } = await house(t);
    const { id } = await person('romeo');
    await rosters.put(id, contact('a@office.test'));
    await rosters.put(id, contact('a@office.test', { listed: false, pendingIn: '<presence/>' }));
    await rosters.put(id, contact('b@office.test', { listed: false, pendingIn: '<presence/>' }));
    await rosters.remove(id, 'b@office.test');
    assert.deepEqual(await rosters.changes(id, 0), { version: 4, items: [], removed: ['a@office.test'] });
  });

  it('remember a bounded number of removals', async (t) => {
    const { rosters, person, db } = await house(t);
    const { id } = await person('romeo');
    for (let n = 0; n < 600; n++) {
      await Promise.all([rosters.put(id, contact(`c${n}@office.test`)), rosters.remove(id, `c${n}@office.test`)]);
    }
    const row = await db.get<{ n: number }>(sql`SELECT count(*) AS n FROM roster_removed`);
    assert.ok(row !== undefined && row.n <= 500, 'removals older than a thousand versions are gone');
    assert.equal(await rosters.changes(id, 199), 'full');
    const changes = await rosters.changes(id, 200);
    assert.equal(changes !== 'full' && changes.removed.length, 500);
  });

  it('show what is stored again after a write that failed', async (t) => {
    const { rosters } = await house(t);
    await assert.rejects(rosters.put(999, contact('a@office.test')), { code: 'constraint' });
    assert.equal((await rosters.all(999)).items.size, 0);
    assert.equal(await rosters.version(999), 0);
  });

  it('work when a roster is larger than the memory for them', async (t) => {
    const { db, person } = await house(t);
    const { id } = await person('romeo');
    const rosters = new Rosters(db, 3);
    for (let n = 1; n <= 10; n++) assert.equal(await rosters.put(id, contact(`c${n}@office.test`)), n);
    assert.equal((await rosters.all(id)).items.size, 10);
  });
});
