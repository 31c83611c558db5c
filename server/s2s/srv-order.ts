import { randomInt } from 'node:crypto';
import type { SrvRecord } from './names.ts';

/** A whole number from 0 up to and including `most`. */
export type Random = (most: number) => number;

const fair: Random = (most) => randomInt(most + 1);

/**
 * RFC 2782, "Usage rules": lower priorities first; within one, each place is drawn by lot, the weights being the chances.
 * Those of weight 0 come first in the line, so that they have a small chance beside others. Stops at `most`.
 */
export function inOrder<T extends SrvRecord>(records: readonly T[], most: number, random: Random = fair): T[] {
  const ordered: T[] = [];
  const left = records.toSorted((a, b) => a.priority - b.priority);
  while (left.length > 0 && ordered.length < most) {
    const next = left.findIndex(({ priority }) => priority !== left[0]!.priority);
    const group = left.splice(0, next < 0 ? left.length : next).sort((a, b) => sign(a.weight) - sign(b.weight));
    while (group.length > 0 && ordered.length < most) ordered.push(...group.splice(draw(group, random), 1));
  }
  return ordered;
}

const sign = (weight: number): number => (weight === 0 ? 0 : 1);

function draw(group: readonly SrvRecord[], random: Random): number {
  const sum = group.reduce((total, { weight }) => total + weight, 0);
  if (sum === 0) return random(group.length - 1);
  let left = random(sum);
  return group.findIndex(({ weight }) => {
    left -= weight;
    return left <= 0;
  });
}
