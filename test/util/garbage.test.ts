import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { bytesMoved } from '../../server/util/garbage.ts';

const PIECE = 64 * 1024;

/** Makes that many bytes in pieces, as a socket does, forgets each at once, and gives how many lay about at most. */
async function pieces(bytes: number, made: (bytes: number) => void): Promise<number> {
  let most = 0;
  const before = process.memoryUsage().arrayBuffers;
  for (let at = 0; at < bytes; at += PIECE) {
    Buffer.allocUnsafeSlow(PIECE).fill(1);
    made(PIECE);
    if (at % (PIECE * 32) === 0) {
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
      await sleep(5);
    }
  }
  return most;
}

test('what a large file leaves behind is collected while it moves', async () => {
  const most = await pieces(100 * 1024 * 1024, bytesMoved);
  assert.ok(most < 16 * 1024 * 1024, `${most} bytes lay about`);
});
