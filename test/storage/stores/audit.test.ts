import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { type Database, type Statement, sql } from '../../../server/storage/database.ts';
import { Audit, type AuditEntry, type Seal } from '../../../server/storage/stores/audit.ts';
import { BEGINNING, follow } from '../../../server/storage/stores/audit-chain.ts';
import { opened } from '../support.ts';

const DAY = 86_400_000;
const entry: AuditEntry = {
  time: 1,
  actor: 'ada',
  door: 'panel',
  action: 'account.create',
  subject: 'romeo@o.test',
  detail: { by: 'form' },
};

async function log(t: TestContext, rows = 0) {
  const db = await opened(t);
  const alarms: [Seal, Seal][] = [];
  const audit = new Audit(db, (was, is) => void alarms.push([was, is]));
  await Promise.all(Array.from({ length: rows }, (_, n) => audit.append({ ...entry, time: n })));
  return { db, audit, alarms };
}

/** What a server finds that starts now, and so remembers nothing. */
const afterRestart = (db: Database, noted?: Seal) => new Audit(db).verify(noted);

/** A row as somebody forges it who knows how the chain is made. */
function forged(db: Database, row: ReturnType<typeof follow>): Promise<number> {
  return db.run(sql`INSERT INTO audit (id, time, actor, door, action, subject, detail_json, previous, hash) VALUES (${row.id},
    ${row.time}, ${row.actor}, ${row.door}, ${row.action}, ${row.subject}, ${row.detail_json}, ${row.previous}, ${row.hash})`);
}

describe('the chain of the audit log', () => {
  it('holds when many are written at once, in the order in which they were asked for', async (t) => {
    const { audit } = await log(t, 200);
    const rows = await audit.page({ limit: 300 });
    assert.deepEqual(
      rows.map((row) => row.time),
      Array.from({ length: 200 }, (_, n) => 199 - n),
    );
    const verdict = await audit.verify();
    assert.deepEqual([verdict.ok, verdict.rows, verdict.last, verdict.head], [true, 200, 200, rows[0]?.hash]);
    assert.deepEqual(await audit.seal(), { id: 200, hash: rows[0]?.hash });
  });

  it('are few commits: those who write at the same time do not wait for each other', async (t) => {
    const { db, audit } = await log(t, 1);
    let batches = 0;
    const { batch } = db;
    db.batch = (statements) => {
      batches++;
      return batch.call(db, statements);
    };
    const all = Array.from({ length: 50 }, () => audit.append(entry));
    assert.equal(batches, 50, 'all are on their way before the first is stored');
    await Promise.all(all);
  });

  it('goes on after rows that could not be stored, wherever they were in the queue', async (t) => {
    const { audit, alarms } = await log(t, 1);
    const bad = { ...entry, door: 'window' as 'panel' };
    const outcomes = await Promise.allSettled(
      [entry, bad, entry, entry, bad, bad, entry].map((one, n) => audit.append({ ...one, time: n })),
    );
    assert.deepEqual(
      outcomes.map(({ status }) => status === 'fulfilled'),
      [true, false, true, true, false, false, true],
    );
    assert.deepEqual(
      (await audit.page({ limit: 4 })).map(({ time }) => time),
      [6, 3, 2, 0],
    );
    const { ok, rows } = await audit.verify();
    assert.deepEqual([ok, rows, alarms], [true, 5, []]);
  });

  const changes: Record<string, Statement> = {
    time: sql`UPDATE audit SET time = 1000 WHERE id = 700`,
    actor: sql`UPDATE audit SET actor = 'eve' WHERE id = 700`,
    door: sql`UPDATE audit SET door = 'house' WHERE id = 700`,
    action: sql`UPDATE audit SET action = 'account.delete' WHERE id = 700`,
    subject: sql`UPDATE audit SET subject = 'juliet@o.test' WHERE id = 700`,
    detail: sql`UPDATE audit SET detail_json = '{}' WHERE id = 700`,
    'detail that is no JSON': sql`UPDATE audit SET detail_json = '{' WHERE id = 700`,
    previous: sql`UPDATE audit SET previous = hash WHERE id = 700`,
    hash: sql`UPDATE audit SET hash = previous WHERE id = 700`,
  };
  for (const [column, change] of Object.entries(changes)) {
    it(`ATTACK: somebody writes into the store: ${column} of one row`, async (t) => {
      const { db, audit } = await log(t, 1_100);
      await db.run(change);
      for (const verdict of [await audit.verify(), await afterRestart(db)]) {
        assert.deepEqual([verdict.ok, verdict.brokenAt, verdict.fault, verdict.rows], [false, 700, 'changed', 699]);
      }
      assert.equal((await audit.page({ limit: 500 })).length, 500, 'what can be read is still shown');
    });
  }

  it('ATTACK: a row is taken out, from the middle or from the beginning', async (t) => {
    const { db } = await log(t, 20);
    await db.run(sql`DELETE FROM audit WHERE id = 7`);
    assert.deepEqual((await afterRestart(db)).brokenAt, 8);
    await db.run(sql`UPDATE audit SET id = id - 1 WHERE id > 7`);
    assert.deepEqual((await afterRestart(db)).brokenAt, 7, 'numbered anew');
    await db.run(sql`DELETE FROM audit WHERE id < 7`);
    const { fault, brokenAt } = await afterRestart(db);
    assert.deepEqual([fault, brokenAt], ['start', 7]);
  });

  it('ATTACK: a row is put in, or two change places', async (t) => {
    const { db } = await log(t, 20);
    await db.run(sql`UPDATE audit SET id = -id WHERE id >= 7`);
    await db.run(sql`UPDATE audit SET id = 1 - id WHERE id < 0`);
    const [sixth] = await new Audit(db).page({ limit: 1, beforeId: 7 });
    await forged(db, follow({ id: 6, hash: sixth!.hash }, { ...entry, actor: 'eve' }));
    assert.deepEqual((await afterRestart(db)).brokenAt, 8, 'what follows does not follow it');
    await db.run(sql`DELETE FROM audit WHERE id = 7`);
    await db.run(sql`UPDATE audit SET id = id - 1 WHERE id > 7`);
    assert.equal((await afterRestart(db)).ok, true);
    await db.run(sql`UPDATE audit SET id = 99 WHERE id = 4`);
    await db.run(sql`UPDATE audit SET id = 4 WHERE id = 5`);
    await db.run(sql`UPDATE audit SET id = 5 WHERE id = 99`);
    assert.deepEqual((await afterRestart(db)).brokenAt, 4);
  });

  it('ATTACK: the end is cut off: the running server knows, later only a seal that was noted elsewhere does', async (t) => {
    const { db, audit, alarms } = await log(t, 20);
    const noted = await audit.seal();
    await db.run(sql`DELETE FROM audit WHERE id > 15`);
    const now = await audit.verify();
    assert.deepEqual([now.ok, now.fault, now.brokenAt], [false, 'cut', 16]);
    assert.equal((await afterRestart(db)).ok, true, 'nothing in the store shows it');
    const sealed = await afterRestart(db, noted);
    assert.deepEqual([sealed.ok, sealed.fault, sealed.brokenAt], [false, 'seal', 16]);
    assert.deepEqual(alarms, []);
    await Promise.all([audit.append({ ...entry, time: 50 }), audit.append({ ...entry, time: 51 })]);
    assert.equal(alarms.length, 1, 'whoever writes next finds out');
    const [second, first, broken] = await audit.page({ limit: 3 });
    assert.deepEqual(
      [broken?.action, first?.time, second?.time],
      ['audit.broken', 50, 51],
      'and says so in the log itself',
    );
    assert.deepEqual(JSON.stringify(broken?.detail).includes('"expected-id":20'), true);
  });

  it('ATTACK: who holds the store reckons the whole chain anew: only the seal shows it', async (t) => {
    const { db, audit } = await log(t, 20);
    const noted = await audit.seal();
    await db.run(sql`DELETE FROM audit`);
    let last = BEGINNING;
    for (let n = 0; n < 20; n++) {
      const row = follow(last, { ...entry, time: n, actor: n === 3 ? 'eve' : 'ada' });
      await forged(db, row);
      last = row;
    }
    assert.equal((await afterRestart(db)).ok, true);
    assert.deepEqual((await afterRestart(db, noted)).fault, 'seal');
    assert.deepEqual((await audit.verify()).fault, 'cut', 'the running server knows what it wrote');
  });

  it('begins, when the oldest are deleted by age, after a row that the chain itself tells of', async (t) => {
    const { db, audit } = await log(t);
    for (let day = 0; day < 10; day++) await audit.append({ ...entry, time: day * DAY });
    const noted = await audit.seal();
    assert.equal(await audit.expire(4 * DAY, 10 * DAY), 4);
    assert.equal(await audit.expire(4 * DAY, 10 * DAY), 0);
    for (const verdict of [await audit.verify(noted), await afterRestart(db, noted)]) {
      assert.deepEqual([verdict.ok, verdict.rows, verdict.deletedUpTo, verdict.last], [true, 7, 4, 11]);
    }
    assert.equal(await audit.expire(100 * DAY, 11 * DAY), 6, 'never the last');
    assert.deepEqual([(await audit.verify()).ok, (await audit.verify()).rows], [true, 2]);
    await audit.append({ ...entry, time: 12 * DAY });
    assert.equal((await afterRestart(db)).ok, true);
  });

  it('ATTACK: somebody deletes the oldest and moves the beginning', async (t) => {
    const { db, audit } = await log(t, 20);
    const [row] = await audit.page({ limit: 1, beforeId: 7 });
    await db.run(sql`INSERT INTO audit_start (name, id, hash) VALUES ('start', ${row!.id}, ${row!.hash})`);
    await db.run(sql`DELETE FROM audit WHERE id <= 6`);
    const { ok, fault } = await afterRestart(db);
    assert.deepEqual([ok, fault], [false, 'start']);
  });

  it('a clock that went backwards keeps what it said was later', async (t) => {
    const { audit } = await log(t);
    for (const time of [5 * DAY, DAY, 2 * DAY]) await audit.append({ ...entry, time });
    assert.equal(await audit.expire(3 * DAY, 6 * DAY), 0, 'only whole ends are cut off');
  });
});

describe('reading the audit log', () => {
  it('finds by person, action, part of the subject and time, page by page', async (t) => {
    const { audit } = await log(t);
    const subjects = ['Romeo@o.test', 'juliet@o.test', '100%', 'a_b', 'canteen.seats o.test'];
    for (let n = 0; n < 30; n++) {
      const subject = subjects[n % 5]!;
      await audit.append({ ...entry, time: n, actor: n % 2 ? 'bob' : 'ada', action: `a.${n % 3}`, subject });
    }
    const times = async (query: Partial<Parameters<typeof audit.page>[0]>) =>
      (await audit.page({ limit: 99, ...query })).map(({ time }) => time);
    assert.deepEqual(await times({ actor: 'bob', action: 'a.1' }), [25, 19, 13, 7, 1]);
    assert.deepEqual(await times({ about: 'ROMEO' }), [25, 20, 15, 10, 5, 0]);
    assert.deepEqual(await times({ about: '%' }), [27, 22, 17, 12, 7, 2], 'signs of the search mean themselves');
    assert.deepEqual(await times({ about: '_' }), [28, 23, 18, 13, 8, 3]);
    assert.deepEqual(await times({ from: 10, until: 13 }), [12, 11, 10]);
    const seen: number[] = [];
    for (let next: number | undefined; ; ) {
      const page = await audit.find({ limit: 4, actor: 'ada', ...(next !== undefined && { beforeId: next }) });
      seen.push(...page.rows.map(({ time }) => time));
      next = page.next;
      if (next === undefined) break;
    }
    assert.deepEqual(seen, [28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0]);
    assert.deepEqual(await audit.names(), { actors: ['ada', 'bob'], actions: ['a.0', 'a.1', 'a.2'] });
  });

  it('looks beyond the first window for what no index finds', async (t) => {
    const { db, audit } = await log(t, 1);
    await db.run(sql`WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 25000)
      INSERT INTO audit (id, time, actor, door, action, subject, detail_json, previous, hash)
      SELECT i, i, 'many', 'house', 'x', 'y', '{}', '', CAST(i AS TEXT) FROM n`);
    const { rows, next } = await audit.find({ limit: 5, about: 'romeo' });
    assert.deepEqual([rows.map(({ id }) => id), next], [[1], undefined]);
  });

  it('uses an index for a person and for an action', async (t) => {
    const { db } = await log(t);
    for (const column of ['actor', 'action', 'subject']) {
      const text = `EXPLAIN QUERY PLAN SELECT * FROM audit WHERE id < 99 AND ${column} = 'x' ORDER BY id DESC LIMIT 9`;
      const plan = (await db.all<{ detail: string }>({ text, values: [] })).map(({ detail }) => detail).join('\n');
      assert.match(plan, new RegExp(`SEARCH audit USING INDEX audit_by_${column}`));
      assert.doesNotMatch(plan, /TEMP B-TREE/);
    }
  });
});
