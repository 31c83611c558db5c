import { createServer, type Server, type Socket } from 'node:net';
import type { OptionValues } from '../../host/option-values.ts';
import type { Transfer, TransferList } from '../../host/transfers.ts';
import type { Jid } from '../../xmpp/jid.ts';
import type { Side } from './meeting.ts';
import { MB, totalRate, transferRate, transfersOfAll, transfersOfOne } from './options.ts';
import { Line } from './pace.ts';
import type { Ends } from './relay.ts';
import { type RelayLimits, Relays } from './relays.ts';
import { acceptance, Handshake, REPLY, refusal } from './socks5.ts';
import { Waiting, type WaitingLimits } from './waiting.ts';

/** How long somebody who was refused has to read why, in ms. */
const LAST_WORDS = 500;

export type ProxyLimits = WaitingLimits & RelayLimits;

const LIMITS: ProxyLimits = {
  handshakeMs: 10_000,
  waitMs: 120_000,
  most: 200,
  perAddress: 40,
  idleMs: 300_000,
  lingerMs: 30_000,
};

export interface ProxyDoorOptions {
  readonly options: OptionValues;
  readonly log: { error(details: object, text: string): void };
  readonly limits?: Partial<ProxyLimits>;
}

/** Who asks for a bytestream to begin. */
export interface Wish {
  readonly hash: string;
  readonly requester: Jid;
  readonly target: Jid;
  /** The address that the requester chats from. */
  readonly address: string;
}

/** What comes of it: begun; or nobody is there, or one only; it is under way already; or there are too many. */
export type Activation = 'begun' | 'nobody' | 'alone' | 'under-way' | 'too-many-of-one' | 'too-many';

/** The door of the file proxy, where bytestreams come in (XEP-0065 §6): one for all hosts of the house. */
export class ProxyDoor implements TransferList {
  readonly #options: ProxyDoorOptions;
  readonly #waiting: Waiting;
  readonly #relays: Relays;
  readonly #total: Line;
  readonly #servers: Server[] = [];
  readonly #listening: { readonly host: string; readonly port: number }[] = [];

  constructor(options: ProxyDoorOptions) {
    const limits = { ...LIMITS, ...options.limits };
    this.#options = options;
    this.#waiting = new Waiting(limits);
    this.#relays = new Relays(limits);
    this.#total = new Line(() => options.options.get(totalRate) * MB);
  }

  /** Where it listens: an IP address, which may stand for all of the machine, and a port. */
  get listening(): readonly { readonly host: string; readonly port: number }[] {
    return this.#listening;
  }

  /** Connections in their handshake, or waiting. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Listens. Gives the port in use; throws the system's error when it cannot. */
  async listen(address: { host: string; port: number }): Promise<number> {
    const server = createServer(
      { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 },
      (socket) => this.take(socket),
    );
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: address.host, port: address.port }, () => {
        server.off('error', reject);
        resolve();
      });
    });
    server.on('error', (error) => this.#options.log.error({ err: error }, 'the listener of the file proxy failed'));
    const { port } = server.address() as { port: number };
    this.#servers.push(server);
    this.#listening.push({ host: address.host, port });
    return port;
  }

  /** A connection came in. */
  take(socket: Socket): void {
    socket.on('error', () => socket.destroy());
    const side = this.#waiting.enter(socket);
    if (side === undefined) {
      socket.destroy();
      return;
    }
    const handshake = new Handshake();
    const read = (chunk: Buffer): void => {
      const heard = handshake.read(chunk);
      if (heard.outcome === 'more') {
        if (heard.reply.length > 0) socket.write(heard.reply);
        return;
      }
      socket.off('data', read);
      if (heard.outcome === 'refused') refuse(socket, heard.reply);
      else this.#join(side, heard.name, heard.reply, heard.rest);
    };
    socket.on('data', read);
  }

  /** §6.3.5: from now on both get what the other sends. `hash` is in lower case. */
  activate({ hash, requester, target, address }: Wish): Activation {
    const { options } = this.#options;
    const meeting = this.#waiting.find(hash);
    if (meeting === undefined) return this.#relays.has(hash) ? 'under-way' : 'nobody';
    if (meeting.sides.length < 2) return 'alone';
    if (this.#relays.of(requester.bare) >= options.get(transfersOfOne)) return 'too-many-of-one';
    if (this.#relays.size >= options.get(transfersOfAll)) return 'too-many';
    // §6.1: the target comes first. Where addresses say otherwise, they are right; only what is shown hangs on it.
    const swapped = meeting.sides[0]!.address === address && meeting.sides[1]!.address !== address;
    if (swapped) meeting.sides.reverse();
    const addresses = meeting.sides.map((side) => side.address);
    const [first, second] = this.#waiting.release(meeting);
    const own = options.get(transferRate) * MB;
    const lines = own === 0 && options.get(totalRate) === 0 ? [] : [new Line(() => own), this.#total];
    this.#relays.begin(hash, { id: meeting.id, requester, target, sockets: [first!, second!], addresses }, lines);
    return 'begun';
  }

  list(): readonly Transfer[] {
    return [...this.#relays.list(), ...this.#waiting.list()];
  }

  end(id: string): boolean {
    return this.#relays.end((ends) => ends.id === id) > 0 || this.#waiting.end(id);
  }

  /** Breaks off the active ones of which it is true. */
  endThose(which: (ends: Ends) => boolean): void {
    this.#relays.end(which);
  }

  /** Stops listening and breaks off what is under way. */
  async close(): Promise<void> {
    const closed = this.#servers.map((server) => new Promise((resolve) => server.close(resolve)));
    this.#listening.length = 0;
    this.#waiting.close();
    this.#relays.close();
    await Promise.all(closed);
  }

  #join(side: Side, name: string, reply: Buffer, rest: Buffer): void {
    const { socket } = side;
    const hash = name.toLowerCase();
    // Also while the transfer of these two is under way: whoever has learnt the hash does not come in between.
    if (this.#relays.has(hash) || !this.#waiting.join(side, hash)) {
      refuse(socket, Buffer.concat([reply, refusal(REPLY.notAllowed)]));
      return;
    }
    side.wait(rest);
    socket.write(Buffer.concat([reply, acceptance(name)]));
  }
}

/** Says why, and hangs up. What still comes is thrown away, as what was not read would take the last words with it. */
function refuse(socket: Socket, reply: Buffer): void {
  if (reply.length === 0) {
    socket.destroy();
    return;
  }
  socket.end(reply);
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), LAST_WORDS);
  socket.once('close', () => clearTimeout(timer));
}
