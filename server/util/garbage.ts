import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bytes of pieces that may lie about before they are collected. */
const STEP = 4 * 1024 * 1024;

type Collect = (how: { readonly type: 'minor'; readonly execution: 'sync' }) => void;

let collect: Collect | undefined;
let moved = 0;

/**
 * To be called with the size of each piece of a large file that is on its way. Each is memory of its own outside of the heap. The
 * engine sees little reason to collect what is young, so all those pieces pile up until it has to look through everything there
 * is, which stops everybody; collecting the young in time costs half a millisecond.
 */
export function bytesMoved(bytes: number): void {
  moved += bytes;
  if (moved < STEP) return;
  moved = 0;
  collect ??= collector();
  collect({ type: 'minor', execution: 'sync' });
}

/** What was found to matter, by `test/load/files.ts`: without the last two, long looks come ten times as often, of 20 ms each. */
function collector(): Collect {
  setFlagsFromString('--expose-gc');
  setFlagsFromString('--no-concurrent-array-buffer-sweeping'); // what is collected later still counts as there
  setFlagsFromString('--heap-growing-percent=60'); // a small heap is else looked through after every ten megabytes
  return runInNewContext('gc') as Collect;
}
