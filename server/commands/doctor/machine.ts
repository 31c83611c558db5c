import { about, type Check } from './finding.ts';
import type { Senses } from './senses.ts';

const GB = 1e9;

function size(bytes: number): string {
  return bytes >= GB ? `${(bytes / GB).toFixed(1)} GB` : `${Math.round(bytes / 1e6)} MB`;
}

/** Room on the disk, and how fast it is. */
export function diskCheck(senses: Senses): Check {
  const space = about('disk-space', 'Room on the disk');
  const speed = about('disk-speed', 'Speed of the disk');
  const remedy = 'Remove old files (page Files) or old backups, or give the machine a larger disk.';
  return {
    code: 'disk',
    title: 'Disk',
    async run() {
      const [{ free, total }, ms] = await Promise.all([senses.disk(), senses.flush()]);
      const left = `${size(free)} of ${size(total)} are free.`;
      const part = free / Math.max(1, total);
      const waits = `What is written is safe on the disk after ${ms < 10 ? ms.toFixed(1) : Math.round(ms)} milliseconds.`;
      const slow =
        'Every message waits for the disk. A slow one is often a memory card, a full disk, or a virtual machine whose host is busy.';
      return [
        free < 0.5 * GB || part < 0.02
          ? space.bad([left, 'When the disk is full, no message is taken any more.'].join(' '), remedy, '/files')
          : free < 2 * GB || part < 0.1
            ? space.warn(left, remedy, '/files')
            : space.good(left),
        ms > 250 ? speed.bad(waits, slow) : ms > 50 ? speed.warn(waits, slow) : speed.good(waits),
      ];
    },
  };
}

/** Memory, and whether the server keeps up: `late` is by how much it was not there in the last ten seconds, 99 of 100 times (ms). */
export function loadCheck(senses: Senses, late: () => number): Check {
  const memory = about('memory', 'Memory');
  const loop = about('event-loop', 'How quickly the server answers');
  return {
    code: 'load',
    title: 'Memory and load',
    async run() {
      const { free, total } = await senses.memory();
      const by = late();
      const left = `${size(free)} of ${size(total)} can still be had.`;
      const part = free / Math.max(1, total);
      const more = 'Close other programs on this machine, or give it more memory.';
      const waits = `In the last ten seconds it was late by ${Math.round(by)} milliseconds or less, 99 of 100 times.`;
      const busy =
        'The machine is too slow for what it does now. See which program is busy; give a virtual machine more processors.';
      return [
        part < 0.03 ? memory.bad(left, more) : part < 0.1 ? memory.warn(left, more) : memory.good(left),
        by > 500 ? loop.bad(waits, busy) : by > 100 ? loop.warn(waits, busy) : loop.good(waits),
      ];
    },
  };
}

/** A clock that was set by more than this while we watched, or is behind what was written down, is wrong (ms). */
const JUMP_MS = 5_000;
const BEHIND_MS = 60_000;

/**
 * Whether the clock is right. Without the internet nobody here knows what time it is; but a clock that jumps, that is behind what was
 * written down already, or that no time server sets, is known.
 */
export function clockCheck(senses: Senses, newest: () => Promise<number>): Check {
  const clock = about('clock', 'Clock');
  const remedy =
    'Let a time server set the clock: timedatectl set-ntp true. Codes, certificates and the order of messages depend on it.';
  let offset = senses.now() - senses.monotonic();
  return {
    code: 'clock',
    title: 'Clock',
    async run() {
      const [synchronised, last] = await Promise.all([senses.synchronised(), newest()]);
      const moved = senses.now() - senses.monotonic() - offset;
      offset += moved;
      if (last > senses.now() + BEHIND_MS) {
        const minutes = Math.round((last - senses.now()) / 60_000);
        return [clock.bad(`It is behind: what was done last was done ${minutes} minutes from now.`, remedy)];
      }
      if (Math.abs(moved) > JUMP_MS) {
        const seconds = Math.round(Math.abs(moved) / 1_000);
        const forward = `It was set forward by ${seconds} seconds since the doctor was here last.`;
        const back = `It was set back by ${seconds} seconds since the doctor was here last.`;
        return [clock.warn(moved > 0 ? forward : back, remedy)];
      }
      if (synchronised === false) return [clock.warn('No time server sets it, so it drifts.', remedy)];
      const set = synchronised ? 'A time server sets it.' : 'Whether a time server sets it cannot be told from here.';
      return [clock.good(`It runs evenly. ${set}`)];
    },
  };
}
