import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { movingBytes } from '../../server/util/garbage.ts';

const PIECE = 64 * 1024;

/** Makes that many bytes in pieces, as a socket does, forgets each at once, and gives how many lay about at most. */
async function pieces(bytes: number): Promise<number> {
  let most = 0;
  const before = process.memoryUsage().arrayBuffers;
  for (let made = 0; made < bytes; made += PIECE) {
    Buffer.allocUnsafeSlow(PIECE).fill(1);
    if (made % (PIECE * 32) === 0) {
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
      await sleep(5);
    }
  }
  return most;
}

test('what a large file leaves behind is collected while it moves, and only then', async () => {
  const moved = movingBytes();
  const moving = await pieces(300 * 1024 * 1024);
  moved();
  moved(); // twice by mistake is once
  assert.ok(moving < 48 * 1024 * 1024, `${moving} bytes lay about`);
  const still = await pieces(60 * 1024 * 1024);
  assert.ok(still > 48 * 1024 * 1024, `nobody asked, and only ${still} bytes lay about`);
});
