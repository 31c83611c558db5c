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

/** Streams of other servers at the same time, and of one address those on which nobody has shown who they are. */
const MOST = 5_000;
const STRANGERS = 64;

/** Where other servers come in, by STARTTLS and by TLS from the first byte. */
export class ServerDoor {
  readonly #context: Context;
  readonly #reception: Reception;
  readonly #servers: Server[] = [];
  readonly #incoming = new Set<Incoming>();
  #closed = false;

  constructor(context: Context, about: Pick<Reception, 'pace' | 'answered' | 'joined'>) {
    this.#context = context;
    this.#reception = {
      ...about,
      context,
      inquiries: new Inquiries(),
      secure: (stream, domain) => stream.replaceDuplex((duplex) => this.#secure(duplex as Socket, domain)) as TLSSocket,
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
    if (this.#closed || address === '' || this.#incoming.size >= MOST || this.#isFull(address)) {
      socket.destroy();
      return;
    }
    const tls = transport === 'tls' ? this.#secure(socket, undefined) : undefined;
    const stream = new XmlStream(tls ?? socket, NS.server, this.#context.limits.beforeLogin);
    const incoming = new Incoming(this.#reception, stream, { transport, address, ...(tls !== undefined && { tls }) });
    this.#incoming.add(incoming);
    void incoming.run();
  }

  #isFull(address: string): boolean {
    const group = addressGroup(address);
    let strangers = 0;
    for (const incoming of this.#incoming) {
      if (incoming.link === undefined && addressGroup(incoming.address) === group) strangers++;
    }
    return strangers >= STRANGERS;
  }
}
