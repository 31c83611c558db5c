import { setImmediate as turn } from 'node:timers/promises';
import type { Occupant } from './occupant.ts';
import type { Room } from './room.ts';

/** Milliseconds that what everybody in a room is told of many people may take before others have their turn. */
const SLICE_MS = 10;

/**
 * Does something for each of them; others have their turn in between, so whether it is still to be done is for `task` to see.
 * What follows for everybody in a large room from one wish of its owner would stop the whole house else.
 */
export async function inSlices<T>(all: Iterable<T>, task: (one: T) => void): Promise<void> {
  let since = performance.now();
  for (const one of [...all]) {
    task(one);
    if (performance.now() - since < SLICE_MS) continue;
    await turn();
    since = performance.now();
  }
}

/** The same for everybody who is in a room now and is still in when it is their turn. */
export function forOccupants({ occupants }: Room, task: (occupant: Occupant) => void): Promise<void> {
  return inSlices(occupants.values(), (occupant) => {
    if (occupants.get(occupant.nick) === occupant) task(occupant);
  });
}
