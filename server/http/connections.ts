import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server, Socket } from 'node:net';
import { addressGroup } from '../util/address-group.ts';

/** How long a connection has to itself for its next request, in ms; after it, when its address is full, it makes way. */
const UNDISTURBED = 3_000;

interface Place {
  readonly socket: Socket;
  /** When it came, or last asked or was answered, ms since 1970. */
  since: number;
  request: IncomingMessage | undefined;
  /** Undefined also for what was turned into another protocol. */
  response: ServerResponse | undefined;
}

/**
 * All that is connected to a server, whatever it was turned into since: bounded for each address, so that one cannot shut others
 * out. Where an address is full, who only connects makes way: else those would keep out all others of an office, or of a proxy.
 */
export class Connections {
  readonly #sockets = new Set<Socket>();
  /** By address, those that moved last at the end. */
  readonly #places = new Map<string, Set<Place>>();
  readonly #most: number;

  /** `most` connections may come from one address (an IPv6 /64). */
  constructor(most: number) {
    this.#most = most;
  }

  follow(server: Server): void {
    // Requests come over the encrypted socket, connections as plain ones: both are between the same two ends.
    const byEnds = new Map<string, () => Place | undefined>();
    const asks = (request: IncomingMessage, response?: ServerResponse): void => {
      const place = byEnds.get(endsOf(request.socket))?.();
      if (place === undefined) return;
      place.request = request;
      place.response = response;
      response?.once('close', () => byEnds.get(endsOf(request.socket))?.());
    };
    server.on('connection', (socket: Socket) => {
      const ends = endsOf(socket);
      const moved = this.#take(socket);
      if (moved === undefined) return;
      byEnds.set(ends, moved);
      socket.once('close', () => byEnds.delete(ends));
    });
    server.on('request', asks);
    server.on('upgrade', (request: IncomingMessage) => asks(request));
  }

  /** Hangs up, also on what became another protocol, of which the server knows no more. */
  destroy(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Gives what is to be called when the connection moves, which gives its place; undefined when it was let go. */
  #take(socket: Socket): (() => Place) | undefined {
    const group = addressGroup(socket.remoteAddress ?? '');
    const places = this.#places.get(group) ?? new Set();
    if (group !== '' && places.size >= this.#most && !makeRoom(places)) {
      socket.destroy();
      return undefined;
    }
    const place: Place = { socket, since: Date.now(), request: undefined, response: undefined };
    this.#sockets.add(socket);
    this.#places.set(group, places.add(place));
    socket.once('close', () => {
      this.#sockets.delete(socket);
      places.delete(place);
      if (places.size === 0 && this.#places.get(group) === places) this.#places.delete(group);
    });
    return () => {
      place.since = Date.now();
      if (places.delete(place)) places.add(place);
      return place;
    };
  }
}

const endsOf = ({ remoteAddress, remotePort, localAddress, localPort }: Socket): string =>
  `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;

/** It waits for its answer, or is a stream of events, or of another protocol: who sends or reads slowly only seems busy. */
function isBusy({ request, response }: Place): boolean {
  if (request === undefined) return false;
  if (response === undefined) return true;
  if (!request.complete || response.closed || response.writableFinished) return false;
  return !response.headersSent || String(response.getHeader('content-type')).startsWith('text/event-stream');
}

function makeRoom(places: Set<Place>): boolean {
  const before = Date.now() - UNDISTURBED;
  for (const place of places) {
    if (place.since > before) return false; // they stand in the order in which they moved
    if (isBusy(place)) continue;
    places.delete(place);
    place.socket.destroy();
    return true;
  }
  return false;
}
