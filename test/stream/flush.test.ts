import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Flushable, flushSoon } from '../../server/stream/flush.ts';

/** Something that takes a ms to send, as a socket may. */
class Slow implements Flushable {
  readonly #sent: Slow[];

  constructor(sent: Slow[]) {
    this.#sent = sent;
  }

  flush(): void {
    const end = performance.now() + 1;
    while (performance.now() < end);
    this.#sent.push(this);
  }
}

test('very many that write at once let others have their turn, and each is written once, in order', async () => {
  const sent: Slow[] = [];
  const all = Array.from({ length: 100 }, () => new Slow(sent));
  for (const one of all) flushSoon(one);
  await nextTurn();
  const first = sent.length;
  assert.ok(first > 0 && first < 50, `${first} were written in the first turn`);
  const late = new Slow(sent);
  flushSoon(late);
  while (sent.length <= all.length) await nextTurn();
  await nextTurn();
  assert.deepEqual(sent, [...all, late]);
});
