import { StorageError } from '../storage/database.ts';
import type { Domain } from '../storage/stores/domains.ts';
import type { Stores } from '../storage/stores/index.ts';
import { type Actor, record } from './actor.ts';
import { CommandError } from './command-error.ts';
import { adviceFor, type DomainAdvice, refuseEnding, refuseLoopback } from './domain-advice.ts';
import { type DomainRemoval, isLeaving } from './domain-removal.ts';
import type { House } from './house.ts';
import type { Live } from './live.ts';
import { checkDomain } from './names.ts';

/** A served domain, as shown to administrators. */
export interface DomainView extends Domain {
  readonly people: number;
  readonly online: number;
  /** It is being removed, and its people with it. */
  readonly leaving: boolean;
  /** Where something should be known of its name. */
  readonly advice?: DomainAdvice;
}

/** Gets a certificate for a domain that is about to be served, and others where names have come along. */
export type Certify = (domain?: string) => Promise<void>;

/** What goes with a domain. */
export interface DomainLosses {
  readonly people: number;
  readonly online: number;
  readonly rooms: number;
  /** Those that can still be used. */
  readonly invitations: number;
}

/** So long whoever removes a domain waits for the end of it; with thousands of people it goes on by itself. */
const PATIENCE_MS = 15_000;

/** What administrators do with the domains of the house. */
export class DomainCommands {
  readonly #stores: Stores;
  readonly #house: House;
  readonly #live: Live;
  readonly #certify: Certify;
  readonly #removal: DomainRemoval;
  readonly #patience: number;

  constructor(
    stores: Stores,
    house: House,
    live: Live,
    certify: Certify,
    removal: DomainRemoval,
    patience = PATIENCE_MS,
  ) {
    this.#live = live;
    this.#stores = stores;
    this.#house = house;
    this.#certify = certify;
    this.#removal = removal;
    this.#patience = patience;
  }

  async list(): Promise<DomainView[]> {
    const found = await this.#stores.domains.list();
    return Promise.all(found.map((domain) => this.#view(domain)));
  }

  /** The first domain served, or undefined. */
  async first(): Promise<string | undefined> {
    return (await this.#stores.domains.list())[0]?.name;
  }

  /** A domain that may be served, prepared; one that is served already stays so, whatever it is called. Throws CommandError. */
  checkNew(input: string, field = 'name'): string {
    const name = checkDomain(input, field);
    if (this.#house.get(name) === undefined) {
      refuseLoopback(name, field);
      refuseEnding(name, field);
    }
    return name;
  }

  /** Serves one more domain, from now on. Throws CommandError. */
  async add(by: Actor, input: string): Promise<DomainView> {
    const name = this.checkNew(input);
    const taken = new CommandError('domain-exists', `The domain ${name} is served already.`, 'name');
    if (await isLeaving(this.#stores.settings, name)) {
      throw new CommandError('domain-exists', `${name} is still being removed. Try again when that is over.`, 'name');
    }
    if (this.#house.get(name) !== undefined) throw taken;
    this.#mustBeFree(name);
    await this.#certify(name);
    const createdAt = Date.now();
    try {
      await this.#stores.domains.add(name, createdAt);
    } catch (error) {
      if (error instanceof StorageError && error.code === 'constraint') throw taken;
      throw error;
    }
    try {
      this.#mustBeFree(name);
    } catch (error) {
      // A component came in this very moment.
      await this.#removal.forget(name);
      throw error;
    }
    this.#live.watch(this.#house.add(name));
    await record(this.#stores.audit, by, 'domain.add', name);
    return this.#view({ name, createdAt });
  }

  /** Neither it nor a service that it will have is somebody else's. Throws CommandError. */
  #mustBeFree(name: string): void {
    if (this.#house.taken(name)) {
      throw new CommandError('domain-exists', `${name} is the address of a service already.`, 'name');
    }
    const clash = this.#house.clash(name);
    if (clash !== undefined) {
      throw new CommandError(
        'domain-exists',
        `There is a component ${clash}, which would be a service of ${name} itself. Remove the component first.`,
        'name',
      );
    }
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
   * must be one that nobody has an address in. True when it is over; false when it is not yet, and goes on by itself: whoever asks
   * once more waits on. Throws CommandError.
   */
  async remove(by: Actor, input: string, confirm?: string): Promise<boolean> {
    const domains = await this.list();
    const found = domains.find((one) => one.name === input.toLowerCase());
    if (found === undefined) throw new CommandError('domain-not-found', `The domain ${input} is not served here.`);
    const { name, people } = found;
    if (!domains.some((one) => one !== found && !one.leaving))
      throw new CommandError('last-domain', 'The only domain cannot be removed; add another one first.');
    if (confirm !== undefined && confirm.trim().toLowerCase() !== name) {
      throw new CommandError('not-confirmed', `To remove this domain, type its name, ${name}.`, 'confirm');
    }
    if (people > 0 && confirm === undefined) {
      const who = people === 1 ? 'One person has an address' : `${people} people have addresses`;
      throw new CommandError('domain-in-use', `${who} in ${name}: to delete them with it, give its name once more.`);
    }
    const over = this.#removal.remove(by, name).then(() => true);
    let timer: NodeJS.Timeout | undefined;
    const tired = new Promise<boolean>((resolve) => {
      timer = setTimeout(resolve, this.#patience, false);
    });
    return Promise.race([over, tired]).finally(() => clearTimeout(timer));
  }

  async #view(domain: Domain): Promise<DomainView> {
    const people = await this.#stores.accounts.count(domain.name);
    const advice = adviceFor(domain.name);
    return {
      name: domain.name,
      createdAt: domain.createdAt,
      people,
      online: this.#house.get(domain.name)?.sessions.accounts ?? 0,
      leaving: await isLeaving(this.#stores.settings, domain.name),
      ...(advice && { advice }),
    };
  }
}
