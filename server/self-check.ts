import { networkInterfaces } from 'node:os';
import { answers, type Listening } from './listening.ts';

export interface SelfCheckOptions {
  /** Asks the store something: the answer comes after all that it was given before. */
  readonly store: () => Promise<unknown>;
  readonly listening: () => readonly Listening[];
  /** Whether a listener takes a connection; default: one is made. */
  readonly answers?: (address: string) => Promise<boolean>;
  /** ms that the store has; 15,000. */
  readonly patienceMs?: number;
}

const EVERYWHERE: readonly string[] = ['0.0.0.0', '::', '127.0.0.1', '::1'];

/**
 * Whether the house works, for whoever would start it anew if not: so what a new start does not mend does not count, such as a full
 * disk, a listener that a firewall has kept this machine itself from all the time, or an address that was taken from the machine.
 */
export class SelfCheck {
  readonly #options: SelfCheckOptions;
  /** Listeners that took a connection before. */
  readonly #answered = new Set<string>();

  constructor(options: SelfCheckOptions) {
    this.#options = options;
  }

  /** What is wrong, in a sentence; undefined when nothing is. Never rejects. */
  async look(): Promise<string | undefined> {
    const [store, door] = await Promise.all([this.#store(), this.#doors()]);
    return store ?? door;
  }

  async #store(): Promise<string | undefined> {
    const { promise: late, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => resolve(false), this.#options.patienceMs ?? 15_000);
    const asked = this.#options.store().then(
      () => true,
      () => false,
    );
    const well = await Promise.race([asked, late]);
    clearTimeout(timer);
    return well ? undefined : 'The store does not answer';
  }

  async #doors(): Promise<string | undefined> {
    const all = await Promise.all(this.#options.listening().map((one) => this.#door(one)));
    return all.find((wrong) => wrong !== undefined);
  }

  async #door({ name, address }: Listening): Promise<string | undefined> {
    if (await (this.#options.answers ?? answers)(address)) {
      this.#answered.add(address);
      return undefined;
    }
    if (!this.#answered.has(address) || !isOurs(address)) return undefined;
    return `Nobody is let in at ${address} (${name}) any more`;
  }
}

/** Whether a listener is on an address that this machine has now. */
function isOurs(address: string): boolean {
  const host = address.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  const own = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  return EVERYWHERE.includes(host) || own.some((one) => one.address === host);
}
