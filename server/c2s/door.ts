// XEP-0368 1.1.0
import { createServer, type Server, type Socket } from 'node:net';
import { type SecureContext, TLSSocket } from 'node:tls';
import type { Logger } from 'pino';
import type { Host } from '../host/host.ts';
import type { Hosts } from '../host/hosts.ts';
import type { Registrar } from '../host/registrar.ts';
import type { StanzaLimits } from '../stream/limits.ts';
import { addressGroup } from '../util/address-group.ts';
import { StreamError } from '../xmpp/stream-error.ts';
import { Connection } from './connection.ts';
import { type Peer, socketPeer } from './peer.ts';
import { Resumptions } from './resumptions.ts';
import { Throttle } from './throttle.ts';
import { Tokens } from './tokens.ts';

/** XEP-0368 §3, as it goes over the wire: its length and the name. */
const ALPN = Buffer.from('\x0bxmpp-client');
/** How long a client has to itself for its login, in ms; after it, when its address is full, it makes way for another. */
const UNDISTURBED = 3_000;
/** How long a client that is told that the server goes down is still listened to, in ms, until it closes its side. */
const LEAVING = 500;
/** How often silent connections are looked at, in ms. */
const SWEEP = 2_500;

export interface ClientLimits {
  readonly beforeLogin: StanzaLimits;
  readonly afterLogin: StanzaLimits;
  readonly loginSeconds: number;
  /** Seconds of silence after which a client is asked whether it lives, and seconds it then has. */
  readonly idleSeconds: number;
  readonly pingSeconds: number;
  readonly connectionsPerAddress: number;
}

export interface ClientDoorOptions {
  readonly hosts: Hosts;
  readonly limits: ClientLimits;
  readonly log: Logger;
  /** The certificate for a server name (SNI), or the best there is. */
  readonly secureContext: (servername: string | undefined) => SecureContext;
  /** Makes salts for names that do not exist; must stay the same over restarts. */
  readonly fakeSaltSecret: Uint8Array;
  readonly iterations: number;
  readonly registrar: Registrar;
  /** Makes the tokens of devices: 32 bytes that are kept outside of the store. */
  readonly tokenKey: Uint8Array;
}

/** Where clients come in, by STARTTLS and by TLS from the first byte (XEP-0368). */
export class ClientDoor {
  readonly hosts: Hosts;
  readonly limits: ClientLimits;
  readonly log: Logger;
  readonly fakeSaltSecret: Uint8Array;
  readonly iterations: number;
  readonly registrar: Registrar;
  readonly resumptions = new Resumptions();
  readonly throttle = new Throttle();
  readonly tokens: Tokens;
  readonly #secureContext: ClientDoorOptions['secureContext'];
  readonly #servers: Server[] = [];
  readonly #connections = new Set<Connection>();
  readonly #runs = new Set<Promise<void>>();
  readonly #perAddress = new Map<string, number>();
  readonly #sweep: NodeJS.Timeout;
  #closed = false;

  constructor(options: ClientDoorOptions) {
    this.hosts = options.hosts;
    this.limits = options.limits;
    this.log = options.log;
    this.fakeSaltSecret = options.fakeSaltSecret;
    this.iterations = options.iterations;
    this.registrar = options.registrar;
    this.tokens = new Tokens(options.tokenKey);
    this.#secureContext = options.secureContext;
    this.#sweep = setInterval(() => this.#lookAfter(Date.now()), SWEEP);
    this.#sweep.unref();
  }

  get firstHost(): Host | undefined {
    for (const host of this.hosts) return host;
    return undefined;
  }

  get connections(): number {
    return this.#connections.size;
  }

  /** Listens. Gives the port in use; throws the system's error when it cannot. */
  async listen(transport: 'starttls' | 'tls', address: { host: string; port: number }): Promise<number> {
    const server = createServer({ noDelay: true }, (socket) => this.#take(socket, transport));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: address.host, port: address.port, backlog: 1_024 }, () => {
        server.off('error', reject);
        resolve();
      });
    });
    server.on('error', (error) => this.log.error({ err: error }, 'a client listener failed'));
    this.#servers.push(server);
    return (server.address() as { port: number }).port;
  }

  /** TLS on a connection, by the certificate of a domain or of the server name that the client asks for. */
  secure(socket: Socket, domain: string | undefined, alpn?: Buffer): TLSSocket {
    const tls = new TLSSocket(socket, {
      isServer: true,
      ...(alpn !== undefined && { ALPNProtocols: alpn }),
      secureContext: this.#secureContext(domain),
      SNICallback: (name, done) => done(null, this.#secureContext(name)),
    });
    tls.on('error', () => tls.destroy());
    return tls;
  }

  /**
   * Whether one more client may come from an address. Where it is full, whoever has taken longest and has not logged in makes
   * way: else those who only connect would keep out all others of an office, or of a proxy.
   */
  hasRoom(address: string): boolean {
    if (this.#closed || address === '') return false;
    const group = addressGroup(address);
    return (this.#perAddress.get(group) ?? 0) < this.limits.connectionsPerAddress || this.#makeRoom(group);
  }

  #makeRoom(group: string): boolean {
    const before = Date.now() - UNDISTURBED;
    for (const connection of this.#connections) {
      const { account, address, since, stream } = connection;
      if (since > before) return false; // they stand in the order in which they came
      if (account !== undefined || stream.ended || addressGroup(address) !== group) continue;
      connection.giveWay();
      return true;
    }
    return false;
  }

  /** Lets a client in that `hasRoom`, and stays with it until its stream is over. */
  take(peer: Peer): void {
    const group = addressGroup(peer.address);
    this.#perAddress.set(group, (this.#perAddress.get(group) ?? 0) + 1);
    const connection = new Connection(this, peer);
    this.#connections.add(connection);
    const run = connection.run();
    this.#runs.add(run);
    void run.then(() => this.#runs.delete(run));
  }

  closed(connection: Connection): void {
    this.#connections.delete(connection);
    const group = addressGroup(connection.address);
    const left = (this.#perAddress.get(group) ?? 1) - 1;
    if (left === 0) this.#perAddress.delete(group);
    else this.#perAddress.set(group, left);
  }

  /** Stops listening and ends what is still connected. */
  async close(): Promise<void> {
    clearInterval(this.#sweep);
    this.#closed = true;
    const closed = this.#servers.map((server) => new Promise((resolve) => server.close(resolve)));
    const each = (task: (connection: Connection) => void): void => [...this.#connections].forEach(task);
    each((connection) => connection.leave(new StreamError('system-shutdown', 'The server is going down.')));
    const timers = [
      setTimeout(() => each(({ stream }) => stream.close()), LEAVING),
      setTimeout(() => each(({ stream }) => stream.destroy()), LEAVING + 1_000),
    ];
    await Promise.all(closed);
    // What they are just handling is counted, or a client that comes back would send it again.
    await Promise.all(this.#runs);
    timers.forEach(clearTimeout);
  }

  #take(socket: Socket, transport: 'starttls' | 'tls'): void {
    socket.on('error', () => socket.destroy());
    if (!this.hasRoom(socket.remoteAddress ?? '')) {
      socket.destroy();
      return;
    }
    const duplex = transport === 'tls' ? this.secure(socket, undefined, ALPN) : socket;
    this.take(socketPeer(duplex, transport, this.limits.beforeLogin, (plain, domain) => this.secure(plain, domain)));
  }

  /** Asks silent clients whether they live, and lets go of those that do not answer (RFC 6120 §4.6). */
  #lookAfter(now: number): void {
    const idle = this.limits.idleSeconds * 1_000;
    const dead = this.limits.pingSeconds * 1_000;
    for (const { stream, outlet, host, session } of this.#connections) {
      if (outlet === undefined || session === undefined) continue;
      const silence = now - stream.lastRead;
      if (outlet.ask(now) > dead || silence > idle + dead) stream.destroy();
      else if (silence > idle && silence <= idle + SWEEP) {
        if (outlet.managed) outlet.probe(now);
        // XEP-0199 §4.1: the answer, a result or an error, shows that the client lives.
        else
          stream.send(
            `<iq type='get' id='ping-${now}' from='${host!.domain}' to='${session.jid.full}'><ping xmlns='urn:xmpp:ping'/></iq>`,
          );
      }
    }
  }
}
