/** Chance that is the same in every run. */
export interface Dice {
  /** 0 to n - 1. */
  below(n: number): number;
  one<T>(of: readonly T[]): T;
}

/** A small generator (mulberry32), good enough to choose what people do. */
export function roll(seed: number): Dice {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (n: number): number => Math.floor(next() * n);
  return { below, one: (of) => of[below(of.length)]! };
}
