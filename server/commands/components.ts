import { randomBytes } from 'node:crypto';
import { StorageError } from '../storage/database.ts';
import type { Stores } from '../storage/stores/index.ts';
import { type Actor, record } from './actor.ts';
import { CommandError } from './command-error.ts';
import type { House } from './house.ts';
import { checkDomain } from './names.ts';
import type { ListenerView } from './overview.ts';

/** What commands need of the running components; `components/external/door.ts` has it. */
export interface RunningComponents {
  add(domain: string, secret: string): void;
  remove(domain: string): void;
  connection(domain: string): { readonly address: string; readonly since: number } | undefined;
}

/** An external component, as shown to administrators. */
export interface ComponentView {
  readonly name: string;
  readonly createdAt: number;
  /** Where it is connected from, and since when; null while it is not. */
  readonly connected: { readonly address: string; readonly since: number } | null;
}

export interface ComponentCommandOptions {
  readonly stores: Stores;
  readonly house: House;
  readonly running: RunningComponents;
  readonly listeners: () => readonly ListenerView[];
  /** Sees to it that certificates name what they must. */
  readonly certify: () => Promise<void>;
}

const MOST = 100;

/** Programs of somebody else's that answer for a domain (XEP-0114). */
export class ComponentCommands {
  readonly #options: ComponentCommandOptions;

  constructor(options: ComponentCommandOptions) {
    this.#options = options;
  }

  async list(): Promise<ComponentView[]> {
    const rows = await this.#options.stores.components.list();
    return rows.map(({ domain, createdAt }) => this.#view(domain, createdAt));
  }

  /** Where they connect, as `127.0.0.1:5347`; none while no listener is open. */
  get addresses(): string[] {
    return this.#options.listeners().flatMap(({ name, address }) => (name === 'component' ? [address] : []));
  }

  /** Has there be one more. The secret is made here and can be read here only, this once. Throws CommandError. */
  async add(by: Actor, input: string): Promise<{ component: ComponentView; secret: string }> {
    const { stores, running, house } = this.#options;
    const domain = checkDomain(input);
    if (!domain.includes('.')) {
      throw new CommandError('invalid', 'Give the whole name of the component, as “push.example.com”.', 'name');
    }
    const there = new CommandError('component-exists', `There is a component ${domain} already.`, 'name');
    if (await stores.components.has(domain)) throw there;
    const used = new CommandError('domain-exists', `${domain} is a domain of this server itself.`, 'name');
    if (house.taken(domain)) throw used;
    if ((await stores.components.list()).length >= MOST) {
      throw new CommandError('invalid', `There are ${MOST} components already.`, 'name');
    }
    const secret = randomBytes(24).toString('base64url');
    const createdAt = Date.now();
    try {
      await stores.components.add({ domain, secret, createdAt });
    } catch (error) {
      if (error instanceof StorageError && error.code === 'constraint') throw there;
      throw error;
    }
    if (house.taken(domain)) {
      // Somebody began to serve it in this very moment.
      await stores.components.remove(domain);
      throw used;
    }
    running.add(domain, secret);
    // Should it fail, the daily check tries again, and says so: the secret is to be told in any case.
    await this.#options.certify().catch(() => undefined);
    await record(stores.audit, by, 'component.add', domain);
    return { component: this.#view(domain, createdAt), secret };
  }

  /** Has there not be one any more; its connection ends. Throws CommandError. */
  async remove(by: Actor, input: string): Promise<void> {
    const { stores, running } = this.#options;
    const domain = checkDomain(input);
    if (!(await stores.components.remove(domain))) {
      throw new CommandError('component-not-found', `There is no component ${domain}.`);
    }
    running.remove(domain);
    await record(stores.audit, by, 'component.remove', domain);
  }

  #view(name: string, createdAt: number): ComponentView {
    const link = this.#options.running.connection(name);
    return { name, createdAt, connected: link === undefined ? null : { address: link.address, since: link.since } };
  }
}
