import type { Server, Socket } from 'node:net';
import { addressGroup } from '../util/address-group.ts';

/** All that is connected to a server, whatever it was turned into since: bounded for each address, so that one cannot shut others out. */
export class Connections {
  readonly #sockets = new Set<Socket>();
  readonly #perAddress = new Map<string, number>();
  readonly #most: number;

  /** `most` connections may come from one address (an IPv6 /64). */
  constructor(most: number) {
    this.#most = most;
  }

  follow(server: Server): void {
    server.on('connection', (socket: Socket) => this.#take(socket));
  }

  /** Hangs up, also on what became another protocol, of which the server knows no more. */
  destroy(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  #take(socket: Socket): void {
    const group = addressGroup(socket.remoteAddress ?? '');
    const there = this.#perAddress.get(group) ?? 0;
    if (group !== '' && there >= this.#most) {
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    this.#perAddress.set(group, there + 1);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      const left = this.#perAddress.get(group)! - 1;
      if (left === 0) this.#perAddress.delete(group);
      else this.#perAddress.set(group, left);
    });
  }
}
