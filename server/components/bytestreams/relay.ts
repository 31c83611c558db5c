import type { Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import type { Transfer } from '../../host/transfers.ts';
import type { LargeTurns } from '../../util/large-turns.ts';
import type { Jid } from '../../xmpp/jid.ts';
import { type Line, Pace } from './pace.ts';

/** The two ends of a bytestream, and whose it is. */
export interface Ends {
  readonly id: string;
  readonly requester: Jid;
  readonly target: Jid;
  /** XEP-0065 §6.1: the target comes first. */
  readonly sockets: readonly [target: Socket, requester: Socket];
  readonly addresses: readonly string[];
}

/** One bytestream that was activated: each end gets what the other sends. */
export class Relay {
  readonly ends: Ends;
  readonly since = Date.now();
  readonly #before: readonly [number, number];
  /** One direction is over: nothing more comes from that end, and all of it was delivered. */
  halfClosed = false;
  #moved = 0;
  /** When it was last seen to move, ms since 1970. */
  #movedAt = this.since;

  constructor(ends: Ends) {
    this.ends = ends;
    const [target, requester] = ends.sockets;
    this.#before = [delivered(target), delivered(requester)];
  }

  /**
   * Passes on what comes, no faster than the other end takes it and the lines allow, and in its turn: neither end can make this server hold more
   * than a few chunks. The end of one direction is passed on once all before it was; when both are over, or one breaks, both
   * connections are closed. Never rejects.
   */
  async run(turns: LargeTurns, lines: readonly Line[]): Promise<void> {
    const [target, requester] = this.ends.sockets;
    const pass = async (from: Socket, to: Socket): Promise<void> => {
      await pipeline(from, new Pace(turns, lines), to);
      this.halfClosed = true;
    };
    await Promise.allSettled([pass(requester, target), pass(target, requester)]);
    this.break();
  }

  /** Closes both connections at once. */
  break(): void {
    for (const socket of this.ends.sockets) socket.destroy();
  }

  get view(): Transfer {
    const { id, requester, target, addresses, sockets } = this.ends;
    const [toTarget, toRequester] = sockets;
    return {
      id,
      state: 'active',
      requester: requester.full,
      target: target.full,
      since: this.since,
      sent: delivered(toTarget) - this.#before[0],
      received: delivered(toRequester) - this.#before[1],
      addresses,
    };
  }

  /** For how long nothing has moved, in ms, as far as it was looked at. */
  quiet(now: number): number {
    const { sent, received } = this.view;
    if (sent + received !== this.#moved) {
      this.#moved = sent + received;
      this.#movedAt = now;
    }
    return now - this.#movedAt;
  }
}

/** Bytes that the system has taken for a socket's other end. */
function delivered(socket: Socket): number {
  return socket.bytesWritten - socket.writableLength;
}
