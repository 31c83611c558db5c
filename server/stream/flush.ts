/** Something that collects what it has to send. */
export interface Flushable {
  /** Sends what was collected. Never throws. */
  flush(): void;
}

/** ms of one turn of the event loop for writing: a thousand sockets at once must not keep everybody else from being read. */
const BUDGET = 6;
/** Streams written between two looks at the clock. */
const BETWEEN = 16;

let dirty: Flushable[] = [];

function flushAll(): void {
  const streams = dirty;
  dirty = [];
  const end = performance.now() + BUDGET;
  let n = 0;
  while (n < streams.length) {
    streams[n++]!.flush();
    if (n % BETWEEN === 0 && performance.now() > end) break;
  }
  if (n === streams.length) return;
  dirty = streams.slice(n).concat(dirty);
  setImmediate(flushAll);
}

/**
 * Flushes it, together with all others, once the events at hand have been handled; of very many, some a turn later. To be
 * called once for each collection.
 */
export function flushSoon(stream: Flushable): void {
  if (dirty.length === 0) setImmediate(flushAll);
  dirty.push(stream);
}
