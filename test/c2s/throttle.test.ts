import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Throttle } from '../../server/c2s/throttle.ts';

const JULIET = 'juliet@example.test';
const THERE = '192.0.2.1';
const ELSEWHERE = '198.51.100.1';

/** A throttle that notes how long it would wait, and does not. */
function open(): { throttle: Throttle; delay(bare: string, address: string): Promise<number>; waited: () => number } {
  let waited = 0;
  const throttle = new Throttle(async (ms) => {
    waited += ms;
  });
  return {
    throttle,
    waited: () => waited,
    async delay(bare, address) {
      const before = waited;
      await throttle.turn(bare, address, () => true);
      return waited - before;
    },
  };
}

describe('SECURITY 23: guessing passwords', () => {
  test('is slowed down after some failures, more and more, up to a bound', async () => {
    const { throttle, delay } = open();
    const delays: number[] = [];
    for (let i = 0; i < 12; i++) {
      delays.push(await delay(JULIET, THERE));
      throttle.failed(JULIET, THERE);
    }
    assert.deepEqual(delays.slice(0, 3), [0, 0, 0], 'people mistype');
    assert.ok(delays[3]! >= 500);
    assert.deepEqual(
      delays,
      delays.toSorted((a, b) => a - b),
    );
    assert.equal(delays.at(-1), 15_000);
  });

  test('does not slow down the victim, who comes from elsewhere', async () => {
    const { throttle, delay } = open();
    for (let i = 0; i < 100; i++) throttle.failed(JULIET, THERE);
    assert.equal(await delay(JULIET, ELSEWHERE), 0);
    assert.equal(await delay(JULIET, THERE), 15_000);
  });

  test('at many accounts from one address is slowed down, too', async () => {
    const { throttle, delay } = open();
    for (let i = 0; i < 100; i++) throttle.failed(`user${i}@example.test`, THERE);
    assert.ok((await delay('another@example.test', THERE)) > 0);
    assert.equal(await delay('another@example.test', ELSEWHERE), 0);
  });

  test('from many addresses of one IPv6 network counts as one', async () => {
    const { throttle, delay } = open();
    for (let i = 0; i < 10; i++) throttle.failed(JULIET, `2001:db8:1:2::${i}`);
    assert.ok((await delay(JULIET, '2001:db8:1:2:ffff::1')) > 0);
    assert.equal(await delay(JULIET, '2001:db8:1:3::1'), 0);
  });

  test('ends with the right password', async () => {
    const { throttle, delay } = open();
    for (let i = 0; i < 6; i++) throttle.failed(JULIET, THERE);
    throttle.succeeded(JULIET, THERE);
    assert.equal(await delay(JULIET, THERE), 0);
  });

  test('by many connections at once is no faster, and the line is short', async () => {
    const { throttle, waited } = open();
    const guess = (account: string) =>
      throttle.turn(account, THERE, async () => {
        await new Promise((resolve) => setImmediate(resolve)); // as keys are computed elsewhere
        throttle.failed(account, THERE);
        return 'checked';
      });
    const outcomes = await Promise.all(Array.from({ length: 200 }, () => guess(JULIET)));
    assert.equal(outcomes.filter((one) => one === 'checked').length, 10);
    assert.ok(waited() >= 500 + 1_000 + 2_000 + 4_000 + 8_000 + 15_000, `${waited()} ms in all`);
    assert.equal(await guess(JULIET), 'checked', 'the line is empty again');
    assert.equal(await throttle.turn(JULIET, ELSEWHERE, () => 'at once'), 'at once');
  });

  test('a check that fails hands the turn on', async () => {
    const { throttle } = open();
    await assert.rejects(
      throttle.turn(JULIET, THERE, () => Promise.reject(new Error('no'))),
      /no/,
    );
    assert.equal(await throttle.turn(JULIET, THERE, () => 'yes'), 'yes');
  });
});
