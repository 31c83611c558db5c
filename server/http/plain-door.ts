import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { domainToASCII } from 'node:url';
import type { Logger } from '../util/log.ts';
import { Connections } from './connections.ts';
import { LIMITS } from './door.ts';
import { hasTwoHosts } from './origin.ts';
import { type TrustFacts, trustFile } from './trust-files.ts';

export interface PlainDoorOptions {
  readonly trust: () => Promise<TrustFacts | undefined>;
  /** What an authority is to find for a token of its challenge (RFC 8555 §8.3). */
  readonly challenge: (token: string) => string | undefined;
  /** Names by which this house may be asked for, the machine's own first. */
  readonly names: () => readonly string[];
  /** The port of the panel's door; undefined when it is closed. */
  readonly httpsPort: () => number | undefined;
  readonly log: Logger;
}

const CHALLENGE = /^\/\.well-known\/acme-challenge\/([A-Za-z0-9_-]{1,256})$/;
const HEADERS = {
  'content-security-policy':
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};
const IDLE_MS = 15_000;
const MOST_CONNECTIONS = 1_000;
const MOST_PER_ADDRESS = 100;
const LONGEST_PATH = 2_000;

/**
 * The door without encryption. It has nothing but what is no secret and must be had before anything is trusted: the authority's
 * certificate, and what an authority elsewhere looks for. Everybody else is sent to the panel's door.
 */
export class PlainDoor {
  readonly #options: PlainDoorOptions;
  readonly #servers = new Set<Server>();
  readonly #connections = new Connections(MOST_PER_ADDRESS);

  constructor(options: PlainDoorOptions) {
    this.#options = options;
  }

  /** Gives the port. Rejects with the system's error. */
  async listen(address: { readonly host: string; readonly port: number }): Promise<number> {
    const server = createServer({ ...LIMITS, requestTimeout: IDLE_MS }, (request, response) => {
      this.#answer(request, response).catch((err: unknown) => {
        this.#options.log.error({ err }, 'a request at the plain door failed');
        response.destroy();
      });
    });
    server.maxConnections = MOST_CONNECTIONS;
    server.maxRequestsPerSocket = 100;
    server.setTimeout(IDLE_MS);
    this.#connections.follow(server);
    const listening = once(server, 'listening');
    server.listen({ host: address.host, port: address.port });
    await listening;
    this.#servers.add(server);
    return (server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    const closed = [...this.#servers].map(async (server) => {
      const done = once(server, 'close');
      server.close();
      await done;
    });
    this.#connections.destroy();
    this.#servers.clear();
    await Promise.all(closed);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '').split('?', 1)[0]!;
    const send = (status: number, type: string, body: string | Buffer, more: Record<string, string> = {}) => {
      const length = Buffer.byteLength(body);
      response.writeHead(status, { ...HEADERS, 'content-type': type, 'content-length': length, ...more });
      response.end(request.method === 'HEAD' ? undefined : body);
    };
    const plain = (status: number, text: string, more?: Record<string, string>) =>
      send(status, 'text/plain; charset=utf-8', `${text}\n`, more);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      // What was sent here unencrypted is not to be sent again by a redirect.
      response.shouldKeepAlive = false;
      return plain(405, 'Only GET is answered here.', { allow: 'GET, HEAD' });
    }
    if (hasTwoHosts(request)) {
      response.shouldKeepAlive = false;
      return plain(400, 'The request names its host more than once.');
    }
    const token = CHALLENGE.exec(path)?.[1];
    if (token !== undefined) {
      const answer = this.#options.challenge(token);
      return answer === undefined
        ? plain(404, 'There is nothing at this address.')
        : send(200, 'application/octet-stream', answer);
    }
    // A browser asks for the icon by itself, and may not have that of another origin.
    if (path.startsWith('/.well-known/') || path === '/favicon.ico')
      return plain(404, 'There is nothing at this address.');
    const found = path.startsWith('/trust')
      ? trustFile(path, await this.#options.trust(), request.headers['accept-language'])
      : undefined;
    if (found !== undefined) {
      const saved =
        found.saved === undefined ? undefined : { 'content-disposition': `attachment; filename="${found.saved}"` };
      return send(found.status, found.type, found.body, saved);
    }
    const to = this.#elsewhere(request);
    return to === undefined ? plain(404, 'There is nothing at this address.') : plain(308, to, { location: to });
  }

  /** The same address at the panel's door: by the name that was asked for if it is ours, and nobody else's. */
  #elsewhere({ url = '', headers, socket }: IncomingMessage): string | undefined {
    const port = this.#options.httpsPort();
    if (port === undefined || url.length > LONGEST_PATH || !/^\/[\x21-\x7e]*$/.test(url)) return undefined;
    // As they stand in a request: in ASCII.
    const names = this.#options.names().map((name) => domainToASCII(name));
    const asked = URL.parse(`http://${headers.host ?? ''}`)?.hostname ?? '';
    const local = (socket.localAddress ?? '').replace(/^::ffff:/, '');
    const ours = names.includes(asked) || asked.replace(/^\[|\]$/g, '') === local;
    return `https://${ours ? asked : (names[0] ?? 'localhost')}${port === 443 ? '' : `:${port}`}${url}`;
  }
}
