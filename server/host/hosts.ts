import { Host } from './host.ts';
import type { House } from './house.ts';

const NOBODY: ReadonlySet<string> = new Set();

/** The served domains. */
export class Hosts {
  readonly #house: House;
  readonly #hosts = new Map<string, Host>();
  #begun = false;

  constructor(house: House) {
    this.#house = house;
    house.options.watch((option, domain) => {
      for (const host of domain === '' ? this.#hosts.values() : [this.#hosts.get(domain)]) {
        host?.events.emit('decided', { option });
      }
    });
  }

  get(domain: string): Host | undefined {
    return this.#hosts.get(domain);
  }

  domains(): string[] {
    return [...this.#hosts.keys()];
  }

  [Symbol.iterator](): IterableIterator<Host> {
    return this.#hosts.values();
  }

  /** Who was there before a restart is there again. */
  begin(): void {
    this.#begun = true;
    for (const host of this.#hosts.values()) tidy(host);
  }

  /** Whether something answers for a domain already: a host, or a service beside one. */
  taken(domain: string): boolean {
    return this.#house.router.has(domain);
  }

  /** A service that a domain would have beside it, and for which somebody else's program answers already. */
  clash(domain: string): string | undefined {
    const { router, components } = this.#house;
    const names = components.map(({ prefix }) => `${prefix}.${domain}`);
    return names.find((name) => router.has(name) && !this.#hosts.has(name));
  }

  /** Begins to serve a domain, with its services. Throws when it is taken or the modules do not fit together. */
  add(domain: string): Host {
    const { router, components, log } = this.#house;
    const host = new Host(domain, this.#house);
    router.add(domain, host);
    this.#hosts.set(domain, host);
    for (const component of components) {
      const name = `${component.prefix}.${domain}`;
      if (router.has(name)) {
        log.warn({ host: domain, service: name }, 'a served domain has the name of a service, which is left out');
        continue;
      }
      const running = component.start(host, name);
      router.add(name, running);
      host.components.set(name, running);
    }
    if (this.#begun) tidy(host);
    return host;
  }

  /** Stops serving a domain; its sessions end. */
  async remove(domain: string): Promise<void> {
    const host = this.#hosts.get(domain);
    if (host === undefined) return;
    this.#hosts.delete(domain);
    await this.#end(host, 'host-gone');
  }

  /** Sessions end, but for those whose full addresses are given: they go on after a restart. */
  async close(goingOn: ReadonlySet<string> = NOBODY): Promise<void> {
    for (const host of this.#hosts.values()) await this.#end(host, 'system-shutdown', goingOn);
    this.#hosts.clear();
  }

  async #end(host: Host, condition: 'system-shutdown' | 'host-gone', goingOn = NOBODY): Promise<void> {
    // First, while there is a way to those whom a service tells that it goes (XEP-0045 §15.6.2: 332).
    for (const component of host.components.values()) await component.stop?.(goingOn);
    this.#forget(host);
    await host.close(condition, goingOn);
  }

  #forget(host: Host): void {
    const { router } = this.#house;
    for (const domain of [host.domain, ...host.components.keys()]) router.remove(domain);
  }
}

function tidy({ components }: Host): void {
  for (const component of components.values()) component.tidy?.();
}
