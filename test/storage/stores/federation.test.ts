import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { Database, Statement } from '../../../server/storage/database.ts';
import { type AttemptRow, FederationAttempts } from '../../../server/storage/stores/federation-attempts.ts';
import {
  FederationHeld,
  HELD_LIMITS,
  leaveFederation,
  type NewHeld,
} from '../../../server/storage/stores/federation-held.ts';
import { FederationQueue, type QueuedStanza } from '../../../server/storage/stores/federation-queue.ts';
import { openStores } from '../../../server/storage/stores/index.ts';
import { opened } from '../support.ts';

const DAY = 86_400_000;

function attempt(domain: string, at: number, more: Partial<AttemptRow> = {}): AttemptRow {
  const row = { domain, local: 'example.test', direction: 'out', proven: true, at, lastAt: at, times: 1 } as const;
  return { ...row, outcome: 'failed', code: 'refused', attempt: { at }, ...more };
}

const claim = (domain: string, at: number) => attempt(domain, at, { direction: 'in', proven: false });

function held(domain: string, more: Partial<NewHeld> = {}): NewHeld {
  return {
    domain,
    direction: 'in',
    sender: `nurse@${domain}/tv`,
    recipient: 'juliet@example.test',
    ours: 'juliet@example.test',
    kind: 'message',
    xml: '<message/>',
    at: 1,
    ...more,
  };
}

function queued(id: number, more: Partial<QueuedStanza> = {}): QueuedStanza {
  const row = { id, local: 'example.test', remote: 'capulet.test', sender: 'juliet@example.test' } as const;
  return { ...row, kind: 'message', xml: '<message/>', at: id, ...more };
}

/** Two million rows would take too long: one statement makes many. */
async function many(db: Database, from: number, to: number, row: Statement): Promise<void> {
  await db.run({
    text: `WITH RECURSIVE n(i) AS (SELECT ${from} UNION ALL SELECT i + 1 FROM n WHERE i < ${to}) ${row.text}`,
    values: row.values,
  });
}

describe('attempts to have a link', () => {
  it('are kept with all that is known of them, the newest first', async (t) => {
    const store = new FederationAttempts(await opened(t));
    await store.add([
      attempt('a.test', 1),
      attempt('b.test', 2),
      attempt('a.test', 3, { outcome: 'connected', code: '' }),
    ]);
    const found = await store.of('a.test', 10);
    assert.deepEqual(
      found.map(({ at, outcome, attempt: known }) => [at, outcome, known]),
      [
        [3, 'connected', { at: 3 }],
        [1, 'failed', { at: 1 }],
      ],
    );
    assert.equal((await store.of('a.test', 1)).length, 1);
  });

  it('are counted for each domain; of strangers who only claimed to be one it is known apart', async (t) => {
    const store = new FederationAttempts(await opened(t));
    await store.add([
      attempt('a.test', 1),
      attempt('b.test', 2),
      attempt('a.test', 3, { outcome: 'connected', code: '' }),
      attempt('c.test', 3),
    ]);
    await store.add([claim('d.test', 4)]);
    assert.deepEqual(await store.names(false), ['a.test', 'b.test', 'c.test']);
    assert.deepEqual(await store.names(true), ['a.test', 'b.test', 'c.test', 'd.test']);
    const known = await store.known(['a.test', 'c.test', 'x.test']);
    assert.deepEqual(
      known
        .sort((one, other) => (one.domain > other.domain ? -1 : 1))
        .map(({ domain, connected, failed, last }) => [domain, connected, failed, last.at]),
      [
        ['c.test', 0, 1, 3],
        ['a.test', 1, 1, 3],
      ],
    );
    assert.equal((await store.domain('b.test'))?.last.code, 'refused');
    assert.equal(await store.domain('x.test'), undefined);
    assert.deepEqual(await store.known([]), []);
  });

  it('that fail alike are counted and not added', async (t) => {
    const store = new FederationAttempts(await opened(t));
    await store.add([attempt('a.test', 1), claim('a.test', 2)]);
    await store.repeat({ ...attempt('a.test', 1), lastAt: 9, times: 3, attempt: { at: 9 } });
    const [first, second] = await store.of('a.test', 9);
    assert.deepEqual([first?.at, first?.lastAt, first?.times, first?.attempt], [1, 9, 4, { at: 9 }]);
    assert.equal(second?.times, 1);
    assert.deepEqual([(await store.domain('a.test'))?.failed, (await store.domain('a.test'))?.lastAt], [5, 9]);
  });

  it('of one domain are 100 in each direction at most, and claims push out claims only', async (t) => {
    const store = new FederationAttempts(await opened(t));
    await store.add([attempt('a.test', 0, { direction: 'in', outcome: 'connected', code: '' })]);
    await store.add(Array.from({ length: 150 }, (_, n) => attempt('a.test', n + 1)));
    await store.add(Array.from({ length: 150 }, (_, n) => claim('a.test', n + 1)));
    const all = await store.of('a.test', 1_000);
    const count = (direction: string, proven: boolean) =>
      all.filter((one) => one.direction === direction && one.proven === proven).length;
    assert.deepEqual([count('out', true), count('in', true), count('in', false)], [100, 1, 50]);
    assert.equal(Math.min(...all.filter(({ direction }) => direction === 'out').map(({ at }) => at)), 51);
    assert.deepEqual([(await store.domain('a.test'))?.connected, (await store.domain('a.test'))?.failed], [1, 150]);
  });

  it('a flood of claims to be somebody pushes nobody out of whom more is known', async (t) => {
    const db = await opened(t);
    const store = new FederationAttempts(db, 10);
    await store.add([
      attempt('worked.test', 1, { outcome: 'connected', code: '' }),
      attempt('tried.test', 2),
      claim('worked.test', 3),
    ]);
    for (let n = 0; n < 30; n++) await store.add([claim(`c${String(n).padStart(2, '0')}.test`, 10 + n)]);
    const names = await store.names(true);
    assert.equal(names.length, 10);
    assert.deepEqual([names[0], ...names.slice(-2)], ['c22.test', 'tried.test', 'worked.test']);
    assert.equal((await store.domain('worked.test'))?.last.outcome, 'connected', 'a claim hides what is known');
    // Nothing is left of those that went.
    assert.deepEqual(await store.of('c00.test', 9), []);
  });

  it('go after a month, some at a time, and the domain with the last of them', async (t) => {
    const store = new FederationAttempts(await opened(t));
    await store.add([attempt('a.test', 1), attempt('a.test', 2), attempt('b.test', 3), attempt('b.test', 40 * DAY)]);
    assert.equal(await store.expire(10 * DAY, 2), 2);
    assert.equal(await store.expire(10 * DAY, 2), 1);
    assert.equal(await store.expire(10 * DAY, 2), 0);
    assert.deepEqual(await store.names(true), ['b.test']);
    assert.equal((await store.domain('b.test'))?.failed, 1);
  });
});

describe('what waits for other servers', () => {
  it('is written with a message, and read in the order in which it was said', async (t) => {
    const db = await opened(t);
    const queue = new FederationQueue(db);
    await db.batch([3, 1, 2].map((id) => queue.appendStatement(queued(id))));
    assert.deepEqual(
      (await queue.all()).map(({ id }) => id),
      [1, 2, 3],
    );
    assert.deepEqual((await queue.page(1, 1))[0], queued(2));
    assert.deepEqual([await queue.count(), await queue.largestId()], [3, 3]);
  });

  it('is read whole, though it is many pages', async (t) => {
    const db = await opened(t);
    await many(db, 1, 1_203, {
      text: `INSERT INTO federation_queue (id, local, remote, sender, kind, xml, at)
        SELECT i, 'l', 'r', 's', 'message', '', i FROM n`,
      values: [],
    });
    const all = await new FederationQueue(db).all();
    assert.deepEqual([all.length, all.at(-1)?.id], [1_203, 1_203]);
  });

  it('goes when it was sent: some, or all up to one, of that link only', async (t) => {
    const db = await opened(t);
    const queue = new FederationQueue(db);
    const others = [queued(4, { remote: 'b.test' }), queued(5, { local: 'other.test' })];
    await db.batch([queued(1), queued(2), queued(3), ...others, queued(6)].map((one) => queue.appendStatement(one)));
    await queue.removeUpTo('capulet.test', 'example.test', 5);
    assert.deepEqual(
      (await queue.all()).map(({ id }) => id),
      [4, 5, 6],
    );
    await queue.remove([4, 6, 99]);
    await queue.remove([]);
    assert.deepEqual(
      (await queue.all()).map(({ id }) => id),
      [5],
    );
  });
});

describe('what waits for a decision', () => {
  it('is kept in its order, and listed by domain', async (t) => {
    const store = new FederationHeld(await opened(t));
    await store.add(held('b.test', { at: 5 }));
    await store.add(held('a.test', { at: 6 }));
    await store.add(held('b.test', { at: 7, xml: '<message id="2"/>' }));
    assert.deepEqual(await store.domains(), [
      { domain: 'a.test', count: 1, since: 6, last: 6 },
      { domain: 'b.test', count: 2, since: 5, last: 7 },
    ]);
    const [first, second] = await store.of('b.test', 9);
    assert.deepEqual([first?.at, second?.xml], [5, '<message id="2"/>']);
    assert.deepEqual((await store.of('b.test', 9, first!.id)).length, 1);
    assert.deepEqual(
      [await store.remove(first!.id), await store.remove(first!.id), await store.count()],
      [true, false, 2],
    );
  });

  it('is 100 stanzas of one domain at most, and what comes from there leaves room for what our people say', async (t) => {
    const store = new FederationHeld(await opened(t));
    const add = async (direction: 'in' | 'out', times: number) => {
      let kept = 0;
      for (let n = 0; n < times; n++) kept += Number(await store.add(held('a.test', { direction })));
      return kept;
    };
    assert.equal(await add('in', 90), HELD_LIMITS.domain.in);
    assert.equal(await add('out', 30), HELD_LIMITS.domain.out - HELD_LIMITS.domain.in);
    assert.equal(await store.add(held('b.test')), true);
  });

  it('is 5,000 at most in all, of which outsiders fill 4,000 (SECURITY 36)', async (t) => {
    const db = await opened(t);
    const store = new FederationHeld(db);
    await many(db, 1, HELD_LIMITS.all.in, {
      text: `INSERT INTO federation_held (domain, direction, sender, recipient, ours, kind, at, xml)
        SELECT 'd' || i, 'in', 's', 'r', 'o', 'message', i, '' FROM n`,
      values: [],
    });
    assert.equal(await store.add(held('a.test')), false);
    assert.equal(await store.add(held('a.test', { direction: 'out' })), true);
    await many(db, 1, HELD_LIMITS.all.out - HELD_LIMITS.all.in - 1, {
      text: `INSERT INTO federation_held (domain, direction, sender, recipient, ours, kind, at, xml)
        SELECT 'e' || i, 'out', 's', 'r', 'o', 'message', i, '' FROM n`,
      values: [],
    });
    assert.equal(await store.add(held('a.test', { direction: 'out' })), false);
  });
});

describe('an account that is removed (SECURITY 50)', () => {
  it('leaves nothing that waits for other servers or for a decision', async (t) => {
    const db = await opened(t);
    const stores = openStores(db);
    const juliet = await stores.accounts.create({ domain: 'example.test', local: 'juliet', credentials: [] });
    await db.batch(
      [queued(1), queued(2, { sender: 'romeo@example.test' })].map((one) =>
        stores.federationQueue.appendStatement(one),
      ),
    );
    await stores.federationHeld.add(held('a.test'));
    await stores.federationHeld.add(held('a.test', { ours: 'romeo@example.test' }));
    await stores.accounts.remove(juliet);
    assert.deepEqual(
      (await stores.federationQueue.all()).map(({ id }) => id),
      [2],
    );
    assert.deepEqual(
      (await stores.federationHeld.of('a.test', 9)).map(({ ours }) => ours),
      ['romeo@example.test'],
    );
  });
});

describe('queries of federation', () => {
  it('all go by an index', async (t: TestContext) => {
    const db = await opened(t);
    const asked: Statement[] = [];
    const note = <T>(statement: Statement, answer: T): Promise<T> => {
      asked.push(statement);
      return Promise.resolve(answer);
    };
    const watched = {
      all: (statement: Statement) => note(statement, []),
      get: (statement: Statement) => note(statement, undefined),
      run: (statement: Statement) => note(statement, 1),
      batch: (statements: readonly Statement[]) => Promise.all(statements.map((one) => note(one, 1))),
    } as unknown as Database;
    const attempts = new FederationAttempts(watched);
    await attempts.add([attempt('a.test', 1)]);
    await attempts.repeat(attempt('a.test', 1));
    await attempts.of('a.test', 9);
    await attempts.names(true);
    await attempts.names(false);
    await attempts.known(['a.test', 'b.test']);
    await attempts.domain('a.test');
    await attempts.expire(1);
    const queue = new FederationQueue(watched);
    await queue.page(5, 1);
    await queue.largestId();
    await queue.removeUpTo('a', 'b', 1);
    await queue.remove([1]);
    const store = new FederationHeld(watched);
    await store.add(held('a.test'));
    await store.add(held('a.test', { direction: 'out' }));
    await store.of('a.test', 1);
    await store.domains();
    await store.remove(1);
    asked.push(...leaveFederation('juliet@example.test'));
    assert.ok(asked.length >= 18);
    for (const statement of asked) {
      // The engine explains what reads; what is changed is found in the same way.
      const text = statement.text
        .replace(/^DELETE FROM/, 'SELECT 1 FROM')
        .replace(/^UPDATE (\w+) SET .*? WHERE id/, 'SELECT 1 FROM $1 WHERE id')
        .replace(/^INSERT INTO \w+ \([^)]*\)\s+SELECT/, 'SELECT');
      if (!text.startsWith('SELECT')) continue;
      const values = statement.values.slice(statement.values.length - (text.match(/\?/g)?.length ?? 0));
      const plan = await db.all<{ detail: string }>({ text: `EXPLAIN QUERY PLAN ${text}`, values });
      const steps = plan.map(({ detail }) => detail).join('\n');
      // Pages are read in the order of an index.
      const walks = steps
        .replace(/SCAN federation_\w+ USING (?:COVERING )?INDEX \w+/g, '')
        .replace(/SCAN CONSTANT ROW/g, '');
      if (/^SELECT domain FROM federation_domain/.test(text)) continue; // all of them, in the order of the table
      const ordered = /ORDER BY id DESC LIMIT/.test(statement.text)
        ? walks.replace('SCAN federation_queue', '')
        : walks;
      assert.doesNotMatch(ordered, /SCAN|TEMP B-TREE/, `${text}\n${steps}`);
    }
  });
});
