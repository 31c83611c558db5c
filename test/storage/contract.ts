import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { among, compose, type Database, StorageError, sql } from '../../server/storage/database.ts';

/** A table of the schema with a key and nothing that leans on it. */
const insert = (name: string, time = 1) => sql`INSERT INTO domain (name, created_at) VALUES (${name}, ${time})`;
const names = sql`SELECT name FROM domain ORDER BY name`;

async function list(db: Database): Promise<string[]> {
  return (await db.all<{ name: string }>(names)).map((row) => row.name);
}

/** What every engine must do. `open` gives an empty store with the project's schema, closed when the test ends. */
export function databaseContract(name: string, open: (t: TestContext) => Promise<Database>): void {
  describe(`the contract of a database: ${name}`, () => {
    it('gives back what was written, of each kind', async (t) => {
      const db = await open(t);
      const big = 2 ** 53 - 1;
      const blob = Buffer.from('keys and salts').subarray(5, 8);
      await db.run(sql`INSERT INTO account (id, domain, local, name, status, reason, search, created_at)
        VALUES (${big}, 'a', ${'ö\u{1f600}\0z'}, '', 'active', '', '', ${1_700_000_000_123})`);
      await db.run(
        sql`INSERT INTO credential VALUES (${big}, 'SCRAM-SHA-1', ${blob}, 1, ${new Uint8Array(0)}, ${blob})`,
      );
      const row = await db.get<
        Record<string, unknown>
      >(sql`SELECT id, local, created_at, salt, stored_key, NULL AS missing
        FROM account JOIN credential ON account = id`);
      assert.deepEqual(
        { ...row, salt: Buffer.from(row?.salt as Uint8Array).toString() },
        {
          id: big,
          local: 'ö\u{1f600}\0z',
          created_at: 1_700_000_000_123,
          salt: 'and',
          stored_key: row?.stored_key,
          missing: null,
        },
      );
      assert.deepEqual(Buffer.from(row?.stored_key as Uint8Array), Buffer.alloc(0));
    });

    it('answers undefined and [] where nothing is', async (t) => {
      const db = await open(t);
      assert.equal(await db.get(names), undefined);
      assert.deepEqual(await db.all(names), []);
    });

    it('counts the rows that each write changed', async (t) => {
      const db = await open(t);
      assert.equal(await db.run(insert('a')), 1);
      assert.deepEqual(
        await db.batch([
          insert('b'),
          insert('c'),
          sql`UPDATE domain SET created_at = 2`,
          sql`DELETE FROM domain WHERE name = 'x'`,
        ]),
        [1, 1, 3, 0],
      );
      assert.deepEqual(await db.batch([]), []);
    });

    it('lets a read see every write asked for before it, also those nobody waits for', async (t) => {
      const db = await open(t);
      const seen: Promise<string[]>[] = [];
      for (const name of ['a', 'b', 'c']) {
        db.queue([insert(name)]);
        seen.push(list(db));
      }
      assert.deepEqual(await Promise.all(seen), [['a'], ['a', 'b'], ['a', 'b', 'c']]);
    });

    it('commits what is queued by itself', async (t) => {
      const db = await open(t);
      db.queue([insert('a')]);
      await db.durable(false);
      assert.deepEqual(await list(db), ['a']);
    });

    it('undoes a batch of which one statement fails, and nothing beside it', async (t) => {
      const db = await open(t);
      const failures: string[] = [];
      const note = (error: Error) => failures.push((error as StorageError).code);
      db.queue([insert('a')], note);
      const failing = db.batch([insert('b'), insert('a'), insert('c')]);
      db.queue([insert('d'), insert('d')], note);
      const single = db.run(insert('a'));
      const working = db.batch([insert('e'), insert('f')]);
      await assert.rejects(failing, { name: 'StorageError', code: 'constraint' });
      await assert.rejects(single, { code: 'constraint' });
      assert.deepEqual(await working, [1, 1]);
      assert.deepEqual(await list(db), ['a', 'e', 'f']);
      assert.deepEqual(failures, ['constraint']);
    });

    it('gives each its own answer when some of many fail', async (t) => {
      const db = await open(t);
      const outcomes = await Promise.allSettled([
        db.run(insert('a')),
        db.get(sql`SELECT name FROM nowhere`),
        db.run(insert('a')),
        db.get<{ n: number }>(sql`SELECT count(*) AS n FROM domain`),
        db.batch([insert('b'), insert('b')]),
        db.all<{ name: string }>(names),
      ]);
      assert.deepEqual(
        outcomes.map((one) => (one.status === 'fulfilled' ? one.value : (one.reason as StorageError).code)),
        [1, 'statement', 'constraint', { n: 1 }, 'constraint', [{ name: 'a' }]],
      );
    });

    it('fails a statement with a wrong number of values alone', async (t) => {
      const db = await open(t);
      const one = sql`SELECT ${1} AS n`;
      await db.get(one);
      const outcomes = await Promise.allSettled([
        db.get({ ...one, values: [1, 2, 3] }),
        db.get({ ...one, values: [7] }),
      ]);
      assert.deepEqual(
        outcomes.map((each) => each.status),
        ['rejected', 'fulfilled'],
      );
    });

    it('refuses a query that writes', async (t) => {
      const db = await open(t);
      await assert.rejects(db.all(sql`DELETE FROM domain RETURNING name`), { code: 'statement' });
    });

    it('tells of a failed queued write before durable() resolves', async (t) => {
      const db = await open(t);
      const order: string[] = [];
      await db.run(insert('a'));
      db.queue([insert('a')], () => order.push('failed'));
      await db.durable().then(() => order.push('durable'));
      assert.deepEqual(order, ['failed', 'durable']);
    });

    it('survives a handler of failures that throws', async (t) => {
      const db = await open(t);
      await db.run(insert('a'));
      db.queue([insert('a')], () => {
        throw new Error('a bug');
      });
      await db.durable();
      assert.equal(await db.run(insert('b')), 1);
    });

    it('has pressure while too much is queued, tells when it is gone, and loses nothing', async (t) => {
      const db = await open(t);
      assert.equal(db.pressure, false);
      await db.drained();
      for (let n = 0; n < 25_000; n++) db.queue([insert(`d${n}`)]);
      assert.equal(db.pressure, true);
      await db.drained();
      assert.equal(db.pressure, false);
      assert.deepEqual(await db.get(sql`SELECT count(*) AS n FROM domain`), { n: 25_000 });
    });

    it('refuses more than it can hold instead of growing', async (t) => {
      const db = await open(t);
      let refused = 0;
      for (let n = 0; n < 100_000; n++) db.queue([insert(`d${n}`)], () => refused++);
      await assert.rejects(db.run(insert('x')), { code: 'busy' });
      await db.drained();
      assert.equal(refused, 20_000);
      assert.equal(await db.run(insert('x')), 1);
    });

    it('knows more different texts than it keeps prepared', async (t) => {
      const db = await open(t);
      for (let n = 0; n < 1_200; n++) {
        assert.deepEqual(await db.get({ text: `SELECT ? + ${n} AS sum`, values: [1] }), { sum: n + 1 });
      }
    });

    it('takes lists of any length with few texts', async (t) => {
      const db = await open(t);
      await db.batch(['a', 'b', 'c', 'd'].map((name) => insert(name)));
      const found = await db.all(
        compose(sql`SELECT name FROM domain WHERE name IN`, among(['a', 'c', 'x']), sql`ORDER BY name`),
      );
      assert.deepEqual(found, [{ name: 'a' }, { name: 'c' }]);
      assert.equal(among(['a', 'b', 'c']).text, among(['a', 'b', 'c', 'd']).text);
    });

    it('never takes a value for SQL', async (t) => {
      const db = await open(t);
      const evil = "x'); DELETE FROM domain; --";
      await db.run(insert(evil));
      assert.deepEqual(await list(db), [evil]);
    });

    it('does not hold up the event loop while it works', async (t) => {
      const db = await open(t);
      let turns = 0;
      const ticking = setInterval(() => turns++, 1);
      await db.get(
        sql`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000000) SELECT max(i) FROM n`,
      );
      clearInterval(ticking);
      assert.ok(turns > 20, `the loop turned ${turns} times only`);
    });

    it('commits what is queued when it is closed, and fails what comes after', async (t) => {
      const db = await open(t);
      const failures: string[] = [];
      db.queue([insert('a')], (error) => failures.push(error.message));
      const last = list(db);
      const closing = db.close();
      assert.equal(db.close(), closing);
      assert.deepEqual(await last, ['a']);
      await closing;
      await assert.rejects(list(db), { code: 'closed' });
      await assert.rejects(db.run(insert('b')), StorageError);
      db.queue([insert('c')], (error) => failures.push((error as StorageError).code));
      await db.durable();
      await sleep(1);
      assert.deepEqual(failures, ['closed']);
    });
  });
}
