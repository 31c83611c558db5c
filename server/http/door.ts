import { once } from 'node:events';
import { chmod, unlink } from 'node:fs/promises';
import {
  createServer as createHttp,
  type Server as HttpServer,
  type IncomingMessage,
  type RequestListener,
  type ServerOptions,
} from 'node:http';
import { createServer as createHttps, type Server as HttpsServer, type ServerOptions as TlsOptions } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import type { Duplex } from 'node:stream';
import type { FastifyBaseLogger, FastifyInstance, FastifyPluginAsync } from 'fastify';
import type { Commands } from '../commands/index.ts';
import { createApp } from './app.ts';
import { Connections } from './connections.ts';
import type { EventStreams } from './events.ts';
import { boundPipeline } from './pipeline.ts';
import { contractChecker } from './validate.ts';

export interface DoorOptions {
  readonly commands: Commands;
  readonly log: FastifyBaseLogger;
}

export interface PanelDoorOptions extends DoorOptions {
  /** Certificate, or SNICallback; TLS 1.2 at least is set here. */
  readonly tls: TlsOptions;
  /** The folder of the built panel. */
  readonly panel: string;
  readonly mounts?: readonly FastifyPluginAsync[];
  /** What takes a connection over for another protocol, by the path that is asked for. It must refuse or answer by itself. */
  readonly upgrades?: ReadonlyMap<string, Upgrade>;
  /** Connections that one address may have. */
  readonly connectionsPerAddress?: number;
  /** ms after which a connection is closed over which nothing goes */
  readonly idleMs?: number;
}

export { PlainDoor } from './plain-door.ts';
export { trustFacts, trustPages } from './trust.ts';
export { webChat } from './web-chat.ts';

export type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** Of every door. */
export const LIMITS: ServerOptions = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 15_000,
  requestTimeout: 0, // bodies have a time of their own (app.ts), as a large file takes longer
  keepAliveTimeout: 30_000,
  connectionsCheckingInterval: 5_000,
  insecureHTTPParser: false,
  requireHostHeader: true,
};
/** Nothing goes over a connection for so long: it is closed (event streams say something every two seconds). */
const IDLE_MS = 60_000;
const MOST_CONNECTIONS = 10_000;
const MOST_PER_ADDRESS = 1_000;
const MOST_REQUESTS = 1_000;
/** Linux keeps the path of a Unix socket in 108 bytes, the last of them 0. */
const LONGEST_SOCKET_PATH = 107;

type Create = (handler: RequestListener) => HttpServer | HttpsServer;

/** One application with the sockets it is reached by. */
export class Door {
  readonly #app: FastifyInstance;
  readonly #streams: EventStreams;
  readonly #create: Create;
  readonly #servers = new Set<HttpServer | HttpsServer>();
  readonly #connections: Connections;
  readonly #idleMs: number;

  constructor(
    app: FastifyInstance,
    streams: EventStreams,
    create: Create,
    perAddress = MOST_PER_ADDRESS,
    idleMs = IDLE_MS,
  ) {
    this.#idleMs = idleMs;
    this.#app = app;
    this.#streams = streams;
    this.#create = create;
    this.#connections = new Connections(perAddress);
  }

  /** Listens on one more TCP address; returns the server and what was bound. Rejects with the system's error (EADDRINUSE, …). */
  async listen(address: {
    readonly host: string;
    readonly port: number;
  }): Promise<AddressInfo & { server: HttpsServer }> {
    const server = await this.#open((one) => one.listen({ host: address.host, port: address.port }));
    return { ...(server.address() as AddressInfo), server: server as HttpsServer };
  }

  /** Listens on a Unix socket that only its owner may open. Rejects when another process answers there. */
  async listenLocal(path: string): Promise<void> {
    if (Buffer.byteLength(path) > LONGEST_SOCKET_PATH) {
      throw new Error(
        `${path} is too long a path for a Unix socket (${LONGEST_SOCKET_PATH} bytes): choose a shorter data folder`,
      );
    }
    await removeStale(path);
    await this.#open((one) => one.listen({ path }));
    // The data folder is closed to others, too, so nobody gets in before this.
    await chmod(path, 0o600);
  }

  /** The application, for tests that need no sockets. */
  get app(): FastifyInstance {
    return this.#app;
  }

  /** Loads what the first API request needs. Worth doing in a quiet moment after the start. */
  async warm(): Promise<void> {
    await contractChecker();
  }

  /** Lets requests under way finish for a moment, then hangs up. */
  async close(): Promise<void> {
    this.#streams.close();
    const closed = [...this.#servers].map((server) => {
      const done = once(server, 'close');
      server.close();
      server.closeIdleConnections();
      const late = setTimeout(() => this.#connections.destroy(), 2_000);
      return done.finally(() => clearTimeout(late));
    });
    this.#servers.clear();
    await Promise.all(closed);
    await this.#app.close();
  }

  async #open(listen: (server: HttpServer | HttpsServer) => unknown): Promise<HttpServer | HttpsServer> {
    const server = this.#create(boundPipeline(this.#app.routing));
    server.maxConnections = MOST_CONNECTIONS;
    server.maxRequestsPerSocket = MOST_REQUESTS;
    server.setTimeout(this.#idleMs);
    this.#connections.follow(server);
    const listening = once(server, 'listening');
    listen(server);
    await listening;
    this.#servers.add(server);
    return server;
  }
}

/** A socket that a killed process left behind goes; one that answers is somebody's. */
async function removeStale(path: string): Promise<void> {
  const alive = await new Promise<boolean>((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => resolve(true));
    probe.once('error', () => resolve(false));
    probe.once('close', () => probe.destroy());
    probe.once('connect', () => probe.destroy());
  });
  if (alive) throw new Error(`another server answers at ${path}: is Hallway running already?`);
  await unlink(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
}

/** The door for browsers: panel and API over TLS. */
export async function createPanelDoor(options: PanelDoorOptions): Promise<Door> {
  const { tls, upgrades = new Map<string, Upgrade>(), connectionsPerAddress, idleMs, ...rest } = options;
  const { app, streams } = await createApp({ ...rest, side: 'panel' });
  // HTTP/1.1 alone: the panel gains nothing from HTTP/2, and its floods (CVE-2023-44487) have no door here.
  const settings = { ...tls, ...LIMITS, minVersion: 'TLSv1.2', ALPNProtocols: ['http/1.1'] } as const;
  const upgradeOf = ({ url = '' }: IncomingMessage) => upgrades.get(url.split('?', 1)[0]!);
  const create: Create = (handler) => {
    // Whoever asks to upgrade what is no such path is answered as if they had not.
    const server = createHttps({ ...settings, shouldUpgradeCallback: (request) => !!upgradeOf(request) }, handler);
    return server.on('upgrade', (request: IncomingMessage, socket, head) => upgradeOf(request)!(request, socket, head));
  };
  return new Door(app, streams, create, connectionsPerAddress, idleMs);
}

/** The door for `hallwayctl`: the same API over a Unix socket, whose file permission is the login. */
export async function createSocketDoor(options: DoorOptions): Promise<Door> {
  const { app, streams } = await createApp({ ...options, side: 'socket' });
  return new Door(app, streams, (handler) => createHttp(LIMITS, handler));
}
