import { addressGroup } from '../../util/address-group.ts';

export interface DownloadLimits {
  readonly most: number;
  readonly perAddress: number;
}

/** Each holds an open file and a quarter of a megabyte for as long as its reader likes. */
const LIMITS: DownloadLimits = { most: 1_000, perAddress: 250 };

/** How many files are being downloaded, and from where. */
export class Downloads {
  readonly #limits: DownloadLimits;
  readonly #perGroup = new Map<string, number>();
  #all = 0;

  constructor(limits: DownloadLimits = LIMITS) {
    this.#limits = limits;
  }

  /** Gives what is to be called when it is over; undefined when there are too many, in all or from this address (an IPv6 /64). */
  enter(address: string): (() => void) | undefined {
    const group = addressGroup(address);
    const own = this.#perGroup.get(group) ?? 0;
    if (this.#all >= this.#limits.most || own >= this.#limits.perAddress) return undefined;
    this.#all++;
    this.#perGroup.set(group, own + 1);
    return () => {
      this.#all--;
      const left = this.#perGroup.get(group)! - 1;
      if (left === 0) this.#perGroup.delete(group);
      else this.#perGroup.set(group, left);
    };
  }
}
