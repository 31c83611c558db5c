import type { Accounts } from '../../storage/stores/accounts.ts';

/**
 * Addresses that somebody had before whoever has them now, so that the new one is another person to the rooms (SECURITY 50).
 * A few bytes for each account that was ever removed; read once.
 */
export class Former {
  readonly #accounts: Pick<Accounts, 'removedNames'>;
  readonly #domain: string;
  /** By localpart: the number of the account that was removed last. */
  readonly #last = new Map<string, number>();
  #reading: Promise<void> | undefined;

  constructor(accounts: Pick<Accounts, 'removedNames'>, domain: string) {
    this.#accounts = accounts;
    this.#domain = domain;
  }

  /** Resolves when all are known; to be waited for before there is any room. */
  known(): Promise<void> {
    this.#reading ??= this.#read().catch((error: unknown) => {
      this.#reading = undefined;
      throw error;
    });
    return this.#reading;
  }

  removed(local: string, account: number): void {
    this.#last.set(local, Math.max(account, this.#last.get(local) ?? 0));
  }

  /** Another one for each person who has or had an address. */
  whoIs(bare: string): string {
    const at = bare.length - this.#domain.length - 1;
    const last = bare[at] === '@' && bare.endsWith(this.#domain) ? this.#last.get(bare.slice(0, at)) : undefined;
    return last === undefined ? bare : `${bare}\n${last}`;
  }

  async #read(): Promise<void> {
    for (const { local, account } of await this.#accounts.removedNames(this.#domain)) this.removed(local, account);
  }
}
