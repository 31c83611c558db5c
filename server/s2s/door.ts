// XEP-0368 1.1.0
import { createServer, type Server, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { XmlStream } from '../stream/stream.ts';
import { addressGroup } from '../util/address-group.ts';
import { NS } from '../xmpp/ns.ts';
import { StreamError } from '../xmpp/stream-error.ts';
import type { Transport } from './attempt.ts';
import type { Context } from './context.ts';
import { Incoming, type Reception } from './incoming.ts';
import { Inquiries } from './verifying.ts';

/** Connections of other servers at the same time, and of one address those on which nobody has shown who they are. */
const MOST = 5_000;
const STRANGERS = 64;
/** Streams of one domain, and of all that come from one address, on which somebody has. */
const OF_DOMAIN = 50;
const OF_ADDRESS = 1_000;

/** Where other servers come in, by STARTTLS and by TLS from the first byte. */
export class ServerDoor {
  readonly #context: Context;
  readonly #reception: Reception;
  readonly #servers: Server[] = [];
  readonly #incoming = new Set<Incoming>();
  #connections = 0;
  /** By the address that they count for. */
  readonly #strangers = new Map<string, number>();
  #closed = false;

  constructor(context: Context, about: Pick<Reception, 'pace' | 'answered' | 'joined'>) {
    this.#context = context;
    this.#reception = {
      ...about,
      context,
      inquiries: new Inquiries(),
      secure: (stream, domain) => stream.replaceDuplex((duplex) => this.#secure(duplex as Socket, domain)) as TLSSocket,
      isCrowded: (domain, address) => this.#isCrowded(domain, address),
      ended: (incoming) => this.#incoming.delete(incoming),
    };
  }

  [Symbol.iterator](): IterableIterator<Incoming> {
    return this.#incoming.values();
  }

  /** Listens. Gives the port in use; throws the system's error when it cannot. */
  async listen(transport: Transport, address: { host: string; port: number }): Promise<number> {
    const server = createServer({ noDelay: true, keepAlive: true }, (socket) => this.#take(socket, transport));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: address.host, port: address.port }, () => {
        server.off('error', reject);
        resolve();
      });
    });
    server.on('error', (error) => this.#context.log.error({ err: error }, 'a listener for servers failed'));
    this.#servers.push(server);
    return (server.address() as { port: number }).port;
  }

  /** Stops listening and ends what is still connected. */
  async close(): Promise<void> {
    this.#closed = true;
    const closed = this.#servers.map((server) => new Promise((resolve) => server.close(resolve)));
    for (const incoming of this.#incoming)
      incoming.close(new StreamError('system-shutdown', 'The server is going down.'));
    const timer = setTimeout(() => {
      for (const incoming of this.#incoming) incoming.stream.destroy();
    }, 1_000);
    await Promise.all(closed);
    clearTimeout(timer);
  }

  /** `domain`: undefined where TLS comes before the stream. */
  #secure(socket: Socket, domain: string | undefined): TLSSocket {
    const tls = new TLSSocket(socket, this.#context.own.incoming(domain));
    tls.on('error', () => tls.destroy());
    return tls;
  }

  #take(socket: Socket, transport: Transport): void {
    socket.on('error', () => socket.destroy());
    const address = socket.remoteAddress ?? '';
    const group = addressGroup(address);
    const strangers = this.#strangers.get(group) ?? 0;
    if (this.#closed || address === '' || this.#connections >= MOST || strangers >= STRANGERS) {
      socket.destroy();
      return;
    }
    // Until it is closed: a stream that has ended may still wait for the other side to hang up.
    this.#connections++;
    this.#strangers.set(group, strangers + 1);
    let strange = true;
    const known = (): void => {
      if (strange) this.#forget(group);
      strange = false;
    };
    socket.once('close', () => {
      this.#connections--;
      known();
    });
    const tls = transport === 'tls' ? this.#secure(socket, undefined) : undefined;
    const stream = new XmlStream(tls ?? socket, NS.server, this.#context.limits.beforeLogin);
    const about = { transport, address, known, ...(tls !== undefined && { tls }) };
    const incoming = new Incoming(this.#reception, stream, about);
    this.#incoming.add(incoming);
    void incoming.run();
  }

  #forget(group: string): void {
    const left = (this.#strangers.get(group) ?? 1) - 1;
    if (left === 0) this.#strangers.delete(group);
    else this.#strangers.set(group, left);
  }

  #isCrowded(domain: string, address: string): boolean {
    let ofDomain = 0;
    let ofAddress = 0;
    for (const incoming of this.#incoming) {
      if (incoming.link === undefined) continue;
      if (incoming.domain === domain) ofDomain++;
      if (incoming.address === address) ofAddress++;
    }
    return ofDomain >= OF_DOMAIN || ofAddress >= OF_ADDRESS;
  }
}
