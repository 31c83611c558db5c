// Loaded into a server that is measured (`node --import`): tells its parent, when asked, what it has used since the last time.
import { isMainThread } from 'node:worker_threads';

export interface Reading {
  /** ms of all its threads */
  readonly cpu: number;
  /** Bytes, after a collection of garbage. */
  readonly heap: number;
  readonly rss: number;
  /** The longest time that the event loop did not turn, in ms, and how much of it the thread was really running. */
  readonly stall: number;
  readonly stallCpu: number;
}

const EVERY = 5;

if (isMainThread && process.send !== undefined) {
  const cpuOf = ({ user, system }: NodeJS.CpuUsage): number => (user + system) / 1_000;
  let longest = { stall: 0, stallCpu: 0 };
  let wall = performance.now();
  let thread = cpuOf(process.threadCpuUsage());
  setInterval(() => {
    const now = { wall: performance.now(), thread: cpuOf(process.threadCpuUsage()) };
    const stall = now.wall - wall - EVERY;
    const stallCpu = now.thread - thread;
    if (stall > longest.stall) longest = { ...longest, stall };
    if (stallCpu > longest.stallCpu) longest = { ...longest, stallCpu };
    wall = now.wall;
    thread = now.thread;
  }, EVERY).unref();
  let before = process.cpuUsage();
  process.on('message', () => {
    const cpu = cpuOf(process.cpuUsage(before));
    const told = longest;
    globalThis.gc?.();
    const { heapUsed, rss } = process.memoryUsage();
    process.send?.({ cpu, heap: heapUsed, rss, ...told } satisfies Reading);
    setImmediate(() => {
      longest = { stall: 0, stallCpu: 0 };
      wall = performance.now();
      thread = cpuOf(process.threadCpuUsage());
      before = process.cpuUsage();
    });
  });
  process.channel?.unref();
}
