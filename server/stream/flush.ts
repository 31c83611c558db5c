/** Something that collects what it has to send. */
export interface Flushable {
  /** Sends what was collected. Never throws. */
  flush(): void;
}

let dirty: Flushable[] = [];

function flushAll(): void {
  const streams = dirty;
  dirty = [];
  for (const stream of streams) stream.flush();
}

/** Flushes it, together with all others, once the events at hand have been handled. To be called once for each collection. */
export function flushSoon(stream: Flushable): void {
  if (dirty.length === 0) setImmediate(flushAll);
  dirty.push(stream);
}
