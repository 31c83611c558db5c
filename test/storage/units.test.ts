import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ArchiveIds, firstIdAt, timeOf } from '../../server/storage/archive-id.ts';
import { Cached } from '../../server/storage/cached.ts';

describe('ids of archived messages', () => {
  it('tell their time', () => {
    const time = Date.UTC(2026, 5, 1, 12);
    const ids = new ArchiveIds(0, () => time);
    assert.equal(timeOf(ids.next()), time);
    assert.equal(timeOf(ids.next()), time);
    assert.equal(timeOf(firstIdAt(time)), time);
    assert.equal(timeOf(firstIdAt(time) - 1), time - 1);
    assert.ok(Number.isSafeInteger(firstIdAt(Date.UTC(2088, 0, 1))));
    assert.equal(firstIdAt(0), 0);
  });

  it('increase though the clock stands, steps back, or more come than a millisecond has', () => {
    let now = Date.UTC(2026, 0, 1);
    const ids = new ArchiveIds(0, () => now);
    let last = ids.next();
    for (let n = 0; n < 10_000; n++) {
      if (n === 5_000) now -= 3_600_000;
      const next = ids.next();
      assert.ok(next > last && Number.isSafeInteger(next));
      last = next;
    }
    now += 7_200_000;
    assert.equal(timeOf(ids.next()), now);
  });

  it('go on from the largest of the last run', () => {
    const ahead = firstIdAt(Date.now() + 3_600_000);
    assert.equal(new ArchiveIds(ahead).next(), ahead + 1);
  });
});

describe('the memory of a store', () => {
  /** A loader whose answers come when the test says so. */
  function slow(): { load: (key: string) => Promise<number>; answers: ((value: number) => void)[] } {
    const answers: ((value: number) => void)[] = [];
    return { answers, load: () => new Promise<number>((resolve) => answers.push(resolve)) };
  }

  it('asks once for all who wait, then answers without a promise', async () => {
    const { load, answers } = slow();
    const cached = new Cached(10, load);
    const waiting = [cached.get('a'), cached.get('a')];
    assert.equal(answers.length, 1);
    answers[0]!(1);
    assert.deepEqual(await Promise.all(waiting), [1, 1]);
    assert.equal(cached.get('a'), 1);
  });

  it('does not remember an answer from before a write', async () => {
    const { load, answers } = slow();
    const cached = new Cached(10, load);
    const old = cached.get('a');
    cached.forget('a');
    const fresh = cached.get('a');
    answers[1]!(2);
    assert.equal(await fresh, 2);
    answers[0]!(1);
    assert.equal(await old, 1);
    assert.equal(cached.get('a'), 2);
    cached.put('a', 3);
    assert.equal(cached.get('a'), 3);
  });

  it('remembers that there is nothing, but no failure', async () => {
    let failing = true;
    const cached = new Cached<string, undefined>(10, async () => {
      if (failing) throw new Error('no');
      return undefined;
    });
    await assert.rejects(async () => cached.get('a'), /no/);
    failing = false;
    assert.ok(cached.get('a') instanceof Promise);
    await cached.get('a');
    assert.equal(cached.get('a'), undefined);
  });

  it('is bounded by weight', async () => {
    const cached = new Cached<number, number>(
      10,
      async (key) => key,
      (value) => value,
    );
    for (const key of [4, 5, 6]) await cached.get(key);
    assert.equal(cached.peek(4), undefined);
    assert.equal(cached.peek(6), 6);
  });
});
