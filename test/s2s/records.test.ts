import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { Attempt } from '../../server/s2s/attempt.ts';
import { KEPT_FOR, Records } from '../../server/s2s/records.ts';
import { openStores } from '../../server/storage/stores/index.ts';
import { opened } from '../storage/support.ts';

const HOUR = 3_600_000;

async function open(t: TestContext, now = () => 0) {
  const { federationAttempts: store } = openStores(await opened(t));
  const warnings: string[] = [];
  const records = new Records({ store, log: { warn: (_facts, text) => warnings.push(text) }, now });
  t.after(() => records.close());
  return { records, store, warnings };
}

function attempt(at: number, more: Partial<Attempt> = {}): Attempt {
  return {
    domain: 'a.test',
    local: 'example.test',
    direction: 'out',
    at,
    took: 5,
    outcome: 'failed',
    problem: { code: 'refused', facts: { host: 'chat.a.test', port: 5269 } },
    ...more,
  };
}

describe('the records of federation', () => {
  it('say what happened, with all that was known', async (t) => {
    const { records } = await open(t);
    records.add(attempt(1));
    const [found] = await records.of('a.test', 9);
    assert.deepEqual(found?.attempt, attempt(1));
    assert.deepEqual([found?.code, found?.outcome, found?.proven], ['refused', 'failed', true]);
  });

  it('are written by themselves, and nobody waits for it', async (t) => {
    const { records, store } = await open(t);
    assert.equal(records.add(attempt(1)), undefined);
    while ((await store.of('a.test', 9)).length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  });

  it('count the same failure within an hour, be it written already or not', async (t) => {
    const { records } = await open(t);
    records.add(attempt(0));
    records.add(attempt(1_000, { took: 9 }));
    await records.flush();
    for (let n = 2; n < 10; n++) records.add(attempt(n * 1_000));
    const [one, ...more] = await records.of('a.test', 9);
    assert.deepEqual([one?.times, one?.at, one?.lastAt, more.length], [10, 0, 9_000, 0]);
    assert.equal((await records.domain('a.test'))?.failed, 10);
    records.add(attempt(HOUR));
    assert.equal((await records.of('a.test', 9)).length, 2);
  });

  it('tell apart what is not the same: another reason, another domain of ours, another direction, success', async (t) => {
    const { records } = await open(t);
    records.add(attempt(1));
    records.add(attempt(2, { problem: { code: 'connect-timeout', facts: {} } }));
    records.add(attempt(3));
    records.add(attempt(4, { local: 'other.test' }));
    records.add(attempt(5, { direction: 'in' }));
    records.add(attempt(6, { outcome: 'connected', theirs: 'certificate' }));
    records.add(attempt(7, { outcome: 'connected', theirs: 'certificate' }));
    assert.deepEqual(
      (await records.of('a.test', 99)).map(({ at, times }) => [at, times]),
      [7, 6, 5, 4, 3, 2, 1].map((at) => [at, 1]),
    );
  });

  it('know a mere claim from who has shown who they are', async (t) => {
    const { records } = await open(t);
    records.add(attempt(1, { direction: 'in' }));
    records.add(attempt(2, { direction: 'in', theirs: 'dialback' }));
    assert.deepEqual(
      (await records.of('a.test', 9)).map(({ proven }) => proven),
      [true, false],
    );
  });

  it('of a flood of claims are some, and those of our own links are not lost in it', async (t) => {
    const { records } = await open(t);
    for (let n = 0; n < 5_000; n++) records.add(attempt(n, { direction: 'in', domain: `c${n}.test` }));
    records.add(attempt(9_999));
    assert.equal((await records.of('a.test', 9)).length, 1);
    assert.ok((await records.names(true)).length <= 201);
  });

  it('keep words of the other side short (SECURITY 63)', async (t) => {
    const { records } = await open(t);
    const long = 'x'.repeat(100_000);
    const names = Array.from({ length: 1_000 }, () => long);
    const certificate = { subject: long, issuer: long, serial: '1', dns: names, srv: names, xmpp: names } as const;
    const chain = Array.from({ length: 10 }, () => ({
      ...certificate,
      notBefore: 1,
      notAfter: 2,
      usage: [],
      key: '',
      fingerprint: '',
    }));
    records.add(attempt(1, { chain, problem: { code: 'stream-error', facts: { text: `\ud800${long}` } } }));
    const [found] = await records.of('a.test', 9);
    assert.ok(JSON.stringify(found?.attempt).length < 20_000);
    const { problem } = found!.attempt as Attempt;
    assert.ok(String(problem?.facts.text).isWellFormed());
  });

  it('are forgotten after a month, however many there are', async (t) => {
    let now = 0;
    const { records, store } = await open(t, () => now);
    for (let n = 0; n < 600; n++) records.add(attempt(n, { domain: `d${n}.test` }));
    records.add(attempt(KEPT_FOR));
    await records.flush();
    now = KEPT_FOR + 1_000;
    await records.expire();
    assert.deepEqual(await store.names(true), ['a.test']);
  });

  it('that cannot be written are told to the log, and the next ones are written', async (t) => {
    const { store } = await open(t);
    const warnings: string[] = [];
    let broken = true;
    const failing = {
      of: (domain: string, limit: number) => store.of(domain, limit),
      add: (rows: Parameters<typeof store.add>[0]) => (broken ? Promise.reject(new Error('full')) : store.add(rows)),
    };
    const records = new Records({
      store: failing as typeof store,
      log: { warn: (_facts, text) => warnings.push(text) },
    });
    records.add(attempt(1));
    await records.flush();
    broken = false;
    records.add(attempt(2, { outcome: 'connected' }));
    assert.equal((await records.of('a.test', 9)).length, 1);
    assert.equal(warnings.length, 1);
  });
});
