import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** How often is looked while large files are on their way, in ms. */
const EVERY_MS = 20;
/** Bytes of pieces that may lie about before they are collected. */
const MOST = 16 * 1024 * 1024;
/** Bytes that are seen to move between two collections. */
const STEP = 4 * 1024 * 1024;

type Collect = (how: { readonly type: 'minor'; readonly execution: 'sync' }) => void;

let collect: Collect | undefined;
let under = 0;
let timer: NodeJS.Timeout | undefined;
let before = 0;
let moved = 0;

/**
 * To be called when a large file begins to move; gives what is to be called once when it has ended. Each piece of it is memory of
 * its own outside of the heap. The engine sees little reason to collect what is young, so all those pieces pile up until it has to
 * look through everything there is, which stops everybody; collecting the young in time costs a millisecond.
 */
export function movingBytes(): () => void {
  if (under++ === 0) {
    before = process.memoryUsage().arrayBuffers;
    timer = setInterval(look, EVERY_MS);
    timer.unref();
  }
  let ended = false;
  return () => {
    if (ended) return;
    ended = true;
    if (--under === 0) clearInterval(timer);
  };
}

/**
 * The same for who sees every piece: to be called with its size. Counting is exact where a timer is too slow: at hundreds of
 * megabytes a second the engine would have begun its long look before that came round.
 */
export function bytesMoved(bytes: number): void {
  moved += bytes;
  if (moved < STEP) return;
  moved = 0;
  collect ??= collector();
  collect({ type: 'minor', execution: 'sync' });
}

function look(): void {
  const { arrayBuffers } = process.memoryUsage();
  if (arrayBuffers - before > MOST) {
    collect ??= collector();
    collect({ type: 'minor', execution: 'sync' });
    before = process.memoryUsage().arrayBuffers;
  } else before = Math.min(before, arrayBuffers);
}

function collector(): Collect {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as Collect;
}
