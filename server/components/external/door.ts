import { createServer, type Server, type Socket } from 'node:net';
import type { Logger } from 'pino';
import type { House } from '../../host/house.ts';
import type { ComponentRow } from '../../storage/stores/components.ts';
import { StreamError } from '../../xmpp/stream-error.ts';
import { ComponentConnection, type ConnectionOptions } from './connection.ts';
import { ExternalComponent } from './external-component.ts';

/** Connections at once, those that have not shown who they are counted. */
const CONNECTIONS = 200;

export interface ComponentDoorOptions {
  readonly house: House;
  readonly log: Logger;
  readonly limits: ConnectionOptions['limits'];
  /** How long a component that went is waited for, in ms; default: half a minute. */
  readonly grace?: number;
}

/** Jabber component protocol (XEP-0114 1.6): the external components of the house, and where they come in. */
export class ComponentDoor {
  readonly #options: ComponentDoorOptions;
  readonly #components = new Map<string, ExternalComponent>();
  readonly #connections = new Set<ComponentConnection>();
  readonly #servers: Server[] = [];

  constructor(options: ComponentDoorOptions) {
    this.#options = options;
  }

  /** Takes over those that were stored. One whose domain is taken by now is left out, and logged. */
  load(rows: readonly ComponentRow[]): void {
    for (const { domain, secret } of rows) {
      if (this.#options.house.router.has(domain)) {
        this.#options.log.warn({ domain }, 'a component is not served: its domain is taken');
      } else this.add(domain, secret, true);
    }
  }

  /** From now on there is such a component. Throws when its domain is taken. */
  add(domain: string, secret: string, expected = false): void {
    const { house, grace } = this.#options;
    const component = new ExternalComponent(house, domain, secret, expected, grace);
    house.router.add(domain, component);
    this.#components.set(domain, component);
  }

  /** From now on there is no such component; its connection ends. */
  remove(domain: string): void {
    const component = this.#components.get(domain);
    if (component === undefined) return;
    this.#components.delete(domain);
    this.#options.house.router.remove(domain);
    component.close('host-gone');
  }

  /** Where a component is connected from, and since when (ms since 1970); undefined while it is not. */
  connection(domain: string): { readonly address: string; readonly since: number } | undefined {
    return this.#components.get(domain)?.link;
  }

  /** Listens. Gives the port in use; throws the system's error when it cannot. */
  async listen(address: { host: string; port: number }): Promise<number> {
    const server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 }, (socket) =>
      this.take(socket),
    );
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: address.host, port: address.port }, () => {
        server.off('error', reject);
        resolve();
      });
    });
    server.on('error', (error) => this.#options.log.error({ err: error }, 'the listener for components failed'));
    this.#servers.push(server);
    return (server.address() as { port: number }).port;
  }

  /** A connection came in. */
  take(socket: Socket): void {
    socket.on('error', () => socket.destroy());
    if (this.#connections.size >= CONNECTIONS) {
      socket.destroy();
      return;
    }
    const { house, log, limits } = this.#options;
    const find = (domain: string) => this.#components.get(domain);
    const connection = new ComponentConnection(socket, { house, log, limits, find });
    this.#connections.add(connection);
    void connection.run().finally(() => this.#connections.delete(connection));
  }

  /** Stops listening and ends what is connected. */
  async close(): Promise<void> {
    const closed = this.#servers.map((server) => new Promise((resolve) => server.close(resolve)));
    for (const component of this.#components.values()) component.close('system-shutdown');
    for (const { stream } of this.#connections) {
      stream.close(new StreamError('system-shutdown', 'The server goes down.'));
    }
    const timer = setTimeout(() => {
      for (const { stream } of this.#connections) stream.destroy();
    }, 1_000);
    await Promise.all(closed);
    clearTimeout(timer);
    for (const domain of this.#components.keys()) this.#options.house.router.remove(domain);
  }
}
