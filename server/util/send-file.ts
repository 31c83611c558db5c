import { once } from 'node:events';
import type { FileHandle } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { largeTurns } from './large-turns.ts';

const PIECE = 128 * 1024;
/** ms for a piece, a kilobyte a second: who reads more slowly is let go, for there are only so many places. */
const PATIENCE = 120_000;

/**
 * Sends bytes `start` to `end` of a file as the body of an answer whose head is written, and ends it; hangs up when the file cannot be
 * read. Two pieces of memory serve from the beginning to the end: new ones for every piece would be garbage by the gigabyte.
 * Never rejects.
 */
export async function sendFile(
  file: FileHandle,
  start: number,
  end: number,
  response: ServerResponse,
  patience = PATIENCE,
): Promise<void> {
  const memory = [Buffer.allocUnsafeSlow(PIECE), Buffer.allocUnsafeSlow(PIECE)];
  const gone = once(response, 'close').catch(() => undefined); // it broke: that is seen below, too
  let written: Promise<unknown> = Promise.resolve();
  const slow = setTimeout(() => response.destroy(), patience);
  try {
    for (let at = start, n = 0; at <= end; n++) {
      const piece = memory[n % 2]!; // what was in it before the last was written by now
      const { bytesRead } = await file.read(piece, 0, Math.min(PIECE, end - at + 1), at);
      if (bytesRead === 0) throw new Error('the file is shorter than it was');
      await new Promise<void>((go) => largeTurns.take(bytesRead, go));
      await Promise.race([written, gone]);
      if (response.destroyed) return;
      slow.refresh();
      written = new Promise((done) => response.write(piece.subarray(0, bytesRead), done));
      at += bytesRead;
    }
    await Promise.race([written, gone]);
    response.end();
  } catch {
    response.destroy(); // its length was said: whoever gets it sees that it is not whole
  } finally {
    clearTimeout(slow);
  }
}
