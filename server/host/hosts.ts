import { Host } from './host.ts';
import type { House } from './house.ts';

/** The served domains. */
export class Hosts {
  readonly #house: House;
  readonly #hosts = new Map<string, Host>();

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

  /** Begins to serve a domain. Throws when it is served already or the modules do not fit together. */
  add(domain: string): Host {
    const host = new Host(domain, this.#house);
    this.#house.router.add(domain, host);
    this.#hosts.set(domain, host);
    return host;
  }

  /** Stops serving a domain; its sessions end. */
  async remove(domain: string): Promise<void> {
    const host = this.#hosts.get(domain);
    if (host === undefined) return;
    this.#hosts.delete(domain);
    this.#house.router.remove(domain);
    await host.close('host-gone');
  }

  async close(): Promise<void> {
    for (const host of this.#hosts.values()) {
      this.#house.router.remove(host.domain);
      await host.close('system-shutdown');
    }
    this.#hosts.clear();
  }
}
