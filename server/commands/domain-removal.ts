import type { Stores } from '../storage/stores/index.ts';
import type { Settings } from '../storage/stores/settings.ts';
import { type Actor, record } from './actor.ts';
import type { CommandLog } from './audit-keeper.ts';
import type { House } from './house.ts';

/** Whoever keeps something about a domain, and must forget it when the domain is gone. */
export interface Keeper {
  forget(domain: string): Promise<void>;
}

/** Deletes a person at once, with all that is theirs. */
export type RemoveAccount = (by: Actor, domain: string, local: string) => Promise<void>;

export interface DomainRemovalNeeds {
  readonly stores: Pick<Stores, 'accounts' | 'audit' | 'domains' | 'settings'>;
  readonly house: Pick<House, 'remove'>;
  readonly keepers: readonly Keeper[];
  readonly removeAccount: RemoveAccount;
  readonly log: Pick<CommandLog, 'error'>;
}

/** Who asked for the removal, for the audit log of its end. */
type Note = Pick<Actor, 'name' | 'door'>;

const PREFIX = 'domain.leaving:';
const SLICE = 100;

/** Whether a domain is being removed: nobody comes to it any more. */
export async function isLeaving(settings: Settings, domain: string): Promise<boolean> {
  return (await settings.get(PREFIX + domain)) !== undefined;
}

/**
 * Takes domains away with all that is in them. With thousands of people that takes minutes: so it is written down before it
 * begins, and the next start goes on where a stop or a crash ended it.
 */
export class DomainRemoval {
  readonly #needs: DomainRemovalNeeds;
  readonly #running = new Map<string, Promise<void>>();
  #closed = false;

  constructor(needs: DomainRemovalNeeds) {
    this.#needs = needs;
  }

  /** Resolves when it is over; who asks while it is under way waits for the same end. */
  remove(by: Note, domain: string): Promise<void> {
    const under = this.#running.get(domain);
    if (under !== undefined) return under;
    const done = this.#remove(by, domain).finally(() => this.#running.delete(domain));
    this.#running.set(domain, done);
    done.catch((err: unknown) => {
      if (!this.#closed)
        this.#needs.log.error({ err, domain }, 'the removal of a domain broke off; the next start goes on');
    });
    return done;
  }

  /** Takes back what was stored for a domain that is not served after all. */
  async forget(domain: string): Promise<void> {
    await this.#needs.stores.domains.remove(domain);
    for (const keeper of this.#needs.keepers) await keeper.forget(domain);
  }

  /** Goes on with what was cut short. Resolves when all of it is over, or has failed once more. */
  async resume(): Promise<void> {
    const settings = await this.#needs.stores.settings.all();
    const cut = [...settings].filter(([key]) => key.startsWith(PREFIX));
    await Promise.allSettled(cut.map(([key, by]) => this.remove(by as unknown as Note, key.slice(PREFIX.length))));
  }

  /** Nobody else is deleted from now on; the next start goes on. */
  close(): void {
    this.#closed = true;
  }

  async #remove(by: Note, domain: string): Promise<void> {
    const { stores, house, keepers } = this.#needs;
    await stores.settings.set(PREFIX + domain, { name: by.name, door: by.door });
    const people = await this.#clear(by, domain);
    await stores.domains.remove(domain);
    await house.remove(domain);
    for (const keeper of keepers) await keeper.forget(domain);
    await record(stores.audit, by, 'domain.remove', domain, { ...(people > 0 && { people }) });
    await stores.settings.remove(PREFIX + domain);
  }

  /** Deletes everybody, one after the other, while their domain still answers: so their contacts and rooms are told. */
  async #clear(by: Note, domain: string): Promise<number> {
    const { stores, removeAccount } = this.#needs;
    for (let deleted = 0; ; ) {
      const { accounts } = await stores.accounts.page({ domain, limit: SLICE });
      if (accounts.length === 0) return deleted;
      for (const { local } of accounts) {
        if (this.#closed) throw new Error('the server stops');
        await removeAccount(by, domain, local);
        deleted += 1;
      }
    }
  }
}
