import { setTimeout as pause } from 'node:timers/promises';
import type { Stores } from '../storage/stores/index.ts';
import { goesBefore, personRule, type Rules, roomRule } from './policy.ts';

const EVERY_MS = 60 * 60 * 1_000;
/** Messages in one go; each is some milliseconds of the store, which does other work in between. */
const SLICE = 250;
const BREATH_MS = 5;
/** What is left in the index of what was removed goes once in so long, as that writes all of it anew; and when somebody decides. */
const TIDY_MS = 24 * 60 * 60 * 1_000;
/** Messages that are counted in one question. */
const COUNTED = 20_000;

export interface KeeperOptions {
  readonly stores: Pick<Stores, 'archives' | 'archiveOwners' | 'archiveRules' | 'departments'>;
  readonly domains: () => readonly string[];
  readonly failed: (error: unknown) => void;
  readonly now?: () => number;
}

/** Whether an archive is meant. */
type Only = (owner: { readonly id: number; readonly local: string; readonly room: boolean }) => boolean;

/** One archive that loses something, and what has a smaller id there goes. */
interface Losing {
  readonly owner: number;
  readonly before: number;
}

/** Takes messages away whose time is over: every hour, and when somebody has decided something else; a slice at a time. */
export class ArchiveKeeper {
  readonly #options: KeeperOptions;
  readonly #timer: NodeJS.Timeout;
  #round: Promise<void> | undefined;
  #again = false;
  #closed = false;
  #decided = false;
  #untidy = false;
  #tidied = 0;

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.round(), EVERY_MS);
    this.#timer.unref();
  }

  /**
   * Looks at everything; resolves when nothing more is to be done. Never rejects. Of two at once the later looks again. `decided`:
   * somebody wants to have it gone.
   */
  round(decided = false): Promise<void> {
    this.#again = this.#round !== undefined;
    this.#decided ||= decided;
    this.#round ??= this.#all()
      .catch((error: unknown) => {
        if (!this.#closed) this.#options.failed(error);
      })
      .finally(() => {
        this.#round = undefined;
        return this.#again && !this.#closed ? this.round() : undefined;
      });
    return this.#round;
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
  }

  /**
   * How many messages of a domain would go if these rules held now, and of how many archives; `only` leaves out archives. Counts to
   * about `most`.
   */
  async count(
    domain: string,
    rules: Rules,
    now: number,
    most: number,
    only: Only = () => true,
  ): Promise<{ messages: number; archives: number; more: boolean }> {
    const { archives } = this.#options.stores;
    archives.settle();
    let [messages, losing] = [0, 0];
    for await (const { owner, before } of this.#losing(domain, rules, now, only)) {
      const found = await archives.countBefore(owner, before, Math.min(COUNTED, most - messages + 1));
      if (found > 0) losing++;
      messages += found;
      if (messages > most || found === COUNTED)
        return { messages: Math.min(messages, most), archives: losing, more: true };
    }
    return { messages, archives: losing, more: false };
  }

  async #all(): Promise<void> {
    do {
      this.#again = false;
      await this.#expire();
      await this.#tidy();
    } while (this.#again && !this.#closed);
  }

  async #expire(): Promise<void> {
    const { domains, stores, now = Date.now } = this.#options;
    for (const domain of domains()) {
      if (!stores.archiveRules.has(domain)) continue;
      stores.archives.settle();
      for await (const { owner, before } of this.#losing(domain, stores.archiveRules, now(), () => true)) {
        for (let gone = SLICE; gone === SLICE; ) {
          if (this.#closed) return;
          gone = await stores.archives.expire(owner, before, SLICE);
          this.#untidy ||= gone > 0;
          if (gone === SLICE) await pause(BREATH_MS);
        }
      }
    }
  }

  async #tidy(): Promise<void> {
    const { stores, now = Date.now } = this.#options;
    const due = this.#decided || now() >= this.#tidied + TIDY_MS;
    this.#decided = false;
    if (!this.#untidy || !due || this.#closed) return;
    this.#untidy = false;
    this.#tidied = now();
    await stores.archives.tidy();
  }

  async *#losing(domain: string, rules: Rules, now: number, only: Only): AsyncGenerator<Losing> {
    const { stores } = this.#options;
    for await (const one of stores.archiveOwners.all(domain, `conference.${domain}`)) {
      if (!only(one)) continue;
      const rule = one.room
        ? roomRule(rules, domain, one.id)
        : personRule(rules, stores.departments, { ...one, domain });
      const before = goesBefore(rule, now);
      if (before > 0) yield { owner: one.id, before };
    }
  }
}
