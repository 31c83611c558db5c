import type { Jid } from '../../xmpp/jid.ts';
import { lose } from './bounce.ts';
import type { Room } from './room.ts';
import type { Rooms } from './rooms.ts';
import { inSlices } from './slices.ts';

/**
 * Devices that turned out not to be there any more, to be let out of rooms. Later, as a room may be in the middle of telling
 * others; and thousands of them, as when another server is gone, stop nobody: they are told nothing of each other.
 */
export class Ghosts {
  readonly #rooms: Rooms;
  #found: { readonly room: Room; readonly device: Jid }[] = [];

  constructor(rooms: Rooms) {
    this.#rooms = rooms;
  }

  add(room: Room, device: Jid): void {
    const client = room.clients.get(device.full)?.clients.get(device.full);
    if (client === undefined || client.lost === true) return;
    client.lost = true;
    this.#found.push({ room, device });
    if (this.#found.length === 1) setImmediate(() => void this.#letOut());
  }

  /** All people of another domain: in a room where nobody speaks, nothing else would show that they are gone. */
  of(domain: string): void {
    for (const room of this.#rooms.inUse.all()) {
      for (const occupant of room.clients.values()) {
        for (const { jid } of occupant.clients.values()) if (jid.domain === domain) this.add(room, jid);
      }
    }
  }

  async #letOut(): Promise<void> {
    const found = this.#found;
    this.#found = [];
    await inSlices(found, ({ room, device }) => {
      const occupant = room.clients.get(device.full);
      // Who has entered anew meanwhile is there.
      if (occupant?.clients.get(device.full)?.lost === true) lose(this.#rooms, room, occupant, device);
    });
  }
}
