import type { Socket } from 'node:net';
import { addressGroup } from '../../util/address-group.ts';

/** A connection that belongs to no transfer yet. */
export class Side {
  readonly socket: Socket;
  readonly address: string;
  /** What its address is counted as. */
  readonly group: string;
  readonly since = Date.now();
  /** Ends it when its handshake takes too long. */
  timer: NodeJS.Timeout | undefined;
  /** Where it waits for the other, once its handshake is done. */
  meeting: Meeting | undefined;

  constructor(socket: Socket) {
    this.socket = socket;
    this.address = socket.remoteAddress ?? '';
    this.group = addressGroup(this.address);
    // Who says goodbye before anything began has no use for what would come.
    socket.on('end', this.#leave);
  }

  /**
   * From now on it waits. What it sends too early goes nowhere: the first of it (a read or two, less than 128 kB) is with us, as
   * listening is what shows that a silent one is gone, and all else stays with the system. `rest` it has sent already.
   */
  wait(rest: Buffer): void {
    this.socket.pause();
    if (rest.length > 0) this.socket.unshift(rest);
  }

  /** It does not wait any more: somebody else reads. */
  release(): Socket {
    return this.socket.off('end', this.#leave);
  }

  readonly #leave = (): void => void this.socket.destroy();
}

/** The two that have named the same hash, or one of them that waits for the other. */
export class Meeting {
  readonly id: string;
  readonly hash: string;
  readonly since = Date.now();
  /** In the order in which they came, two at most. */
  readonly sides: Side[] = [];
  /** When the second came, ms since 1970. */
  metAt = 0;
  timer: NodeJS.Timeout | undefined;

  constructor(id: string, hash: string) {
    this.id = id;
    this.hash = hash;
  }
}
