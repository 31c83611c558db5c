import type { OptionValues } from '../host/option-values.ts';
import type { Stores } from '../storage/stores/index.ts';
import type { AccountCommands } from './accounts.ts';
import type { Actor } from './actor.ts';
import { CommandError } from './command-error.ts';
import { graceDays } from './onboarding-options.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;
const HOUSE: Actor = { name: 'hallway', door: 'house' };
/** Accounts that are looked for at once; one after the other is deleted. */
const SLICE = 100;

/** Deleting people with a while in which they can be brought back. */
export class LeavingCommands {
  readonly #stores: Stores;
  readonly #accounts: AccountCommands;
  readonly #options: OptionValues;
  readonly #now: () => number;
  #sweeping: Promise<void> | undefined;

  constructor(stores: Stores, accounts: AccountCommands, options: OptionValues, now: () => number = Date.now) {
    this.#stores = stores;
    this.#accounts = accounts;
    this.#options = options;
    this.#now = now;
  }

  /**
   * Deletes a person: closes the account, and takes all away when the time of grace is over. At once where there is none, or with
   * `atOnce`. Gives when all is taken away (ms since 1970), null when it is already. Throws CommandError.
   */
  async remove(by: Actor, domain: string, local: string, confirm: string, atOnce = false): Promise<number | null> {
    const days = this.#options.get(graceDays);
    if (atOnce || days === 0) {
      await this.#accounts.remove(by, domain, local, confirm);
      return null;
    }
    await this.#accounts.close(by, domain, local, confirm, this.#now() + days * DAY_MS);
    const { account } = await this.#accounts.get(domain, local);
    return account.removeAt;
  }

  /** Deletes those whose time is over. To be called now and then; a second call waits for the first one. */
  async sweep(): Promise<void> {
    this.#sweeping ??= this.#sweep().finally(() => {
      this.#sweeping = undefined;
    });
    await this.#sweeping;
  }

  async #sweep(): Promise<void> {
    for (;;) {
      const due = await this.#stores.leaving.due(this.#now(), SLICE);
      let removed = 0;
      for (const { account: id } of due) {
        const account = await this.#stores.accounts.byId(id);
        if (account === undefined) continue;
        const { local, domain } = account;
        try {
          await this.#accounts.remove(HOUSE, domain, local, `${local}@${domain}`);
          removed += 1;
        } catch (error) {
          // A domain that is not served any more keeps its people until it is served again.
          if (!(error instanceof CommandError)) throw error;
        }
      }
      if (removed === 0) return;
    }
  }
}
