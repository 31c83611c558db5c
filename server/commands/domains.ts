import { StorageError } from '../storage/database.ts';
import type { Domain } from '../storage/stores/domains.ts';
import type { Stores } from '../storage/stores/index.ts';
import { type Actor, record } from './actor.ts';
import { CommandError } from './command-error.ts';
import type { House } from './house.ts';
import type { Live } from './live.ts';
import { checkDomain } from './names.ts';

/** A served domain, as shown to administrators. */
export interface DomainView extends Domain {
  readonly people: number;
  readonly online: number;
}

/** Gets a certificate for a domain that is about to be served, and others where names have come along. */
export type Certify = (domain?: string) => Promise<void>;

/** Whoever keeps something about a domain, and must forget it when the domain is gone. */
export interface Keeper {
  forget(domain: string): Promise<void>;
}

/** Deletes a person at once, with all that is theirs. */
export type RemoveAccount = (by: Actor, domain: string, local: string) => Promise<void>;

/** What goes with a domain. */
export interface DomainLosses {
  readonly people: number;
  readonly online: number;
  readonly rooms: number;
  /** Those that can still be used. */
  readonly invitations: number;
}

const SLICE = 100;
/** Who makes an account while the others are deleted. */
const MOST_NEWCOMERS = 1_000;

/** What administrators do with the domains of the house. */
export class DomainCommands {
  readonly #stores: Stores;
  readonly #house: House;
  readonly #live: Live;
  readonly #certify: Certify;
  readonly #removeAccount: RemoveAccount;
  readonly #keepers: readonly Keeper[];

  constructor(
    stores: Stores,
    house: House,
    live: Live,
    keepers: readonly Keeper[],
    certify: Certify,
    removeAccount: RemoveAccount,
  ) {
    this.#live = live;
    this.#stores = stores;
    this.#house = house;
    this.#keepers = keepers;
    this.#certify = certify;
    this.#removeAccount = removeAccount;
  }

  async list(): Promise<DomainView[]> {
    const found = await this.#stores.domains.list();
    return Promise.all(found.map((domain) => this.#view(domain)));
  }

  /** The first domain served, or undefined. */
  async first(): Promise<string | undefined> {
    return (await this.#stores.domains.list())[0]?.name;
  }

  /** Serves one more domain, from now on. Throws CommandError. */
  async add(by: Actor, input: string): Promise<DomainView> {
    const name = checkDomain(input);
    const taken = new CommandError('domain-exists', `The domain ${name} is served already.`, 'name');
    if (this.#house.get(name) !== undefined) throw taken;
    if (this.#house.taken(name)) {
      throw new CommandError('domain-exists', `${name} is the address of a service already.`, 'name');
    }
    await this.#certify(name);
    const createdAt = Date.now();
    try {
      await this.#stores.domains.add(name, createdAt);
    } catch (error) {
      if (error instanceof StorageError && error.code === 'constraint') throw taken;
      throw error;
    }
    this.#live.watch(this.#house.add(name));
    await record(this.#stores.audit, by, 'domain.add', name);
    return this.#view({ name, createdAt });
  }

  /** What would be lost with a domain, in numbers. Throws CommandError. */
  async losses(input: string): Promise<DomainLosses> {
    const domain = this.#house.domains().find((one) => one === input.toLowerCase());
    if (domain === undefined) throw new CommandError('domain-not-found', `The domain ${input} is not served here.`);
    const [people, rooms, invitations] = await Promise.all([
      this.#stores.accounts.count(domain),
      this.#stores.rooms.count(`conference.${domain}`),
      this.#stores.invitations.open({ domain }),
    ]);
    return { people, online: this.#house.get(domain)?.sessions.accounts ?? 0, rooms, invitations };
  }

  /**
   * Stops serving a domain. Its people are deleted with it, with all that is theirs, when its name is given once more; without, it
   * must be one that nobody has an address in. Throws CommandError.
   */
  async remove(by: Actor, input: string, confirm?: string): Promise<void> {
    const domains = await this.#stores.domains.list();
    const name = domains.find((one) => one.name === input.toLowerCase())?.name;
    if (name === undefined) throw new CommandError('domain-not-found', `The domain ${input} is not served here.`);
    if (domains.length === 1)
      throw new CommandError('last-domain', 'The only domain cannot be removed; add another one first.');
    const people = await this.#stores.accounts.count(name);
    if (confirm !== undefined && confirm.trim().toLowerCase() !== name) {
      throw new CommandError('not-confirmed', `To remove this domain, type its name, ${name}.`, 'confirm');
    }
    if (people > 0 && confirm === undefined) {
      const who = people === 1 ? 'One person has an address' : `${people} people have addresses`;
      throw new CommandError('domain-in-use', `${who} in ${name}; delete them first.`);
    }
    const deleted = await this.#clear(by, name, people);
    await this.#stores.domains.remove(name);
    await this.#house.remove(name);
    for (const keeper of this.#keepers) await keeper.forget(name);
    await record(this.#stores.audit, by, 'domain.remove', name, { ...(deleted > 0 && { people: deleted }) });
  }

  /** Deletes everybody of a domain, one after the other; should it break off, to remove it again goes on. */
  async #clear(by: Actor, domain: string, expected: number): Promise<number> {
    let deleted = 0;
    while (deleted <= expected + MOST_NEWCOMERS) {
      const { accounts } = await this.#stores.accounts.page({ domain, limit: SLICE });
      if (accounts.length === 0) return deleted;
      for (const { local } of accounts) await this.#removeAccount(by, domain, local);
      deleted += accounts.length;
    }
    throw new CommandError('domain-in-use', `New people come to ${domain} all the time: close its registration first.`);
  }

  async #view(domain: Domain): Promise<DomainView> {
    const people = await this.#stores.accounts.count(domain.name);
    return {
      name: domain.name,
      createdAt: domain.createdAt,
      people,
      online: this.#house.get(domain.name)?.sessions.accounts ?? 0,
    };
  }
}
