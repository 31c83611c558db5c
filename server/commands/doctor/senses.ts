import { randomBytes } from 'node:crypto';
import { access, open, readFile, rm, statfs } from 'node:fs/promises';
import { freemem, totalmem } from 'node:os';
import { join } from 'node:path';

/** What the doctor perceives of the machine; tests perceive what they like. */
export interface Senses {
  /** ms since 1970, by the clock on the wall. */
  now(): number;
  /** ms since some moment, by the clock that nobody sets. */
  monotonic(): number;
  /** Whether a time server sets the clock; undefined when that cannot be told. */
  synchronised(): Promise<boolean | undefined>;
  /** Bytes of the disk of the data folder. */
  disk(): Promise<{ readonly free: number; readonly total: number }>;
  /** ms until a few bytes are on the disk: the middle of some tries. */
  flush(): Promise<number>;
  /** Bytes that programs may still have, and all there are. */
  memory(): Promise<{ readonly free: number; readonly total: number }>;
  /** The release that was installed and then gone back from; '' when the one that runs is the one that is installed. */
  readonly wentBackFrom: string;
}

const TRIES = 5;
/** systemd-timesyncd makes it when it has set the clock (systemd-timesyncd.service(8)). */
const TIMESYNC = '/run/systemd/timesync/synchronized';
/** chrony and ntpd are seen by their files, not by what they do. */
const OTHERS = ['/run/chrony/chronyd.pid', '/var/run/chronyd.pid', '/run/ntpd.pid', '/run/openntpd.pid'];

const there = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** The senses of the machine we are on, as far as it is not said to us from which release was gone back. */
export function realSenses(data: string, wentBackFrom: string): Senses {
  return {
    wentBackFrom,
    now: () => Date.now(),
    monotonic: () => performance.now(),
    async synchronised() {
      if (await there(TIMESYNC)) return true;
      if ((await Promise.all(OTHERS.map(there))).includes(true)) return undefined; // it runs; whether it has succeeded is its secret
      return (await there('/run/systemd/timesync')) ? false : undefined;
    },
    async disk() {
      const { bavail, blocks, bsize } = await statfs(data);
      return { free: bavail * bsize, total: blocks * bsize };
    },
    flush: () => flushTime(data),
    async memory() {
      // What the system counts as free leaves out what it would give back at once.
      const available = await readFile('/proc/meminfo', 'latin1').then(
        (text) => /^MemAvailable:\s+(\d+) kB/m.exec(text)?.[1],
        () => undefined,
      );
      return { free: available === undefined ? freemem() : Number(available) * 1024, total: totalmem() };
    },
  };
}

async function flushTime(folder: string): Promise<number> {
  const file = join(folder, `doctor-${randomBytes(6).toString('hex')}`);
  const times: number[] = [];
  try {
    await using handle = await open(file, 'wx', 0o600);
    for (let n = 0; n < TRIES; n++) {
      const started = performance.now();
      await handle.write(randomBytes(4_096));
      await handle.datasync();
      times.push(performance.now() - started);
    }
  } finally {
    await rm(file, { force: true });
  }
  return times.sort((a, b) => a - b)[Math.floor(TRIES / 2)]!;
}
