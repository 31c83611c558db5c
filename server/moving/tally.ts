/** What of a person can be counted. */
export const KINDS = ['contacts', 'requests', 'cards', 'messages', 'waiting', 'items', 'notes', 'blocked'] as const;
export type Kind = (typeof KINDS)[number];

/** What was taken, and what was not, with how often. */
export interface Report {
  readonly taken: Readonly<Record<Kind, number>>;
  readonly left: { readonly what: string; readonly count: number }[];
}

/** Different things that are told of one person, or of a whole import; the rest is counted together. */
const MOST_LEFT = 50;
const MORE = 'other things';

/** Counts. */
export class Tally {
  readonly #taken = new Map<Kind, number>();
  readonly #left = new Map<string, number>();

  take(kind: Kind, count = 1): void {
    this.#taken.set(kind, (this.#taken.get(kind) ?? 0) + count);
  }

  leave(what: string, count = 1): void {
    const name = this.#left.has(what) || this.#left.size < MOST_LEFT ? what : MORE;
    this.#left.set(name, (this.#left.get(name) ?? 0) + count);
  }

  add({ taken, left }: Report): void {
    for (const kind of KINDS) this.take(kind, taken[kind]);
    for (const { what, count } of left) this.leave(what, count);
  }

  get report(): Report {
    const taken = Object.fromEntries(KINDS.map((kind) => [kind, this.#taken.get(kind) ?? 0])) as Record<Kind, number>;
    const left = [...this.#left].map(([what, count]) => ({ what, count }));
    return { taken, left: left.sort((one, other) => other.count - one.count) };
  }
}
