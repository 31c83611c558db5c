import { complete } from './config.ts';
import { remember } from './remember.ts';
import { Room } from './room.ts';
import type { Rooms } from './rooms.ts';
import { discard } from './temporary.ts';

/** The rooms of a service that are in use: loaded when somebody wants them, let go of when nobody is in them. */
export class InUse {
  readonly #service: Rooms;
  readonly #rooms = new Map<string, Room>();
  readonly #loading = new Map<string, Promise<Room | undefined>>();

  constructor(service: Rooms) {
    this.#service = service;
  }

  /**
   * The room, loaded if it is not in use; undefined when there is none of that name. `lives`: even if it is a temporary one,
   * since somebody is in it.
   */
  get(name: string, lives = false): Room | undefined | Promise<Room | undefined> {
    return this.#rooms.get(name) ?? this.#loading.get(name) ?? this.#load(name, lives);
  }

  /** The room of that name, unless it would have to be loaded. */
  current(name: string): Room | undefined {
    return this.#rooms.get(name);
  }

  all(): IterableIterator<Room> {
    return this.#rooms.values();
  }

  /** Does something with a room, which stays in use until that is done: there is never a second one of the same name. */
  using<T>(room: Room, task: () => T): T {
    this.keep(room);
    room.uses++;
    const done = (): void => {
      room.uses--;
      this.leaveAlone(room);
    };
    let result: T | undefined;
    try {
      result = task();
    } finally {
      if (result instanceof Promise) result.then(done, done);
      else done();
    }
    return result;
  }

  /** The same with the room of a name, undefined when there is none. */
  async with<T>(name: string, task: (room: Room | undefined) => Promise<T>): Promise<T> {
    const loaded = await this.get(name);
    const room = this.#rooms.get(name) ?? loaded;
    if (room === undefined) return task(undefined);
    return this.using(room, () => task(room));
  }

  /** Does something with each of the rooms that are just being loaded, once they are. */
  async whenLoaded(task: (room: Room) => Promise<void>): Promise<void> {
    for (const room of await Promise.all(this.#loading.values())) {
      if (room !== undefined) await this.using(room, () => task(room));
    }
  }

  /** A room that is new, or that was let go of, is in use. */
  keep(room: Room): void {
    if (!room.destroyed && !this.#rooms.has(room.name)) this.#rooms.set(room.name, room);
  }

  /** A room that nobody is in is let go of: what is to stay is in the store. */
  leaveAlone(room: Room): void {
    if (!room.empty || this.#rooms.get(room.name) !== room) return;
    if (room.stored && !room.config.persistent && !room.destroyed) this.#service.end(room);
    // Changes that are under way end first: who comes meanwhile must not read what was before them.
    else void room.changing(async () => void (room.empty && this.forget(room)));
  }

  /** A room is not in use any more. */
  forget(room: Room): void {
    if (this.#rooms.get(room.name) === room) this.#rooms.delete(room.name);
    this.#service.creation.ended(room);
  }

  async #load(name: string, lives: boolean): Promise<Room | undefined> {
    const loading = this.#read(name, lives);
    this.#loading.set(name, loading);
    try {
      return await loading;
    } finally {
      this.#loading.delete(name);
    }
  }

  async #read(name: string, lives: boolean): Promise<Room | undefined> {
    const { host, domain, former, send } = this.#service;
    const { rooms, roomHats } = host.house.stores;
    await former.known();
    const stored = await rooms.get(domain, name);
    if (stored === undefined) return undefined;
    if (!stored.config.persistent && !lives) {
      // Nobody is in it, as after a crash: it has ended already (§10.1, temporary rooms).
      await discard(this.#service, stored);
      return undefined;
    }
    const config = complete(stored.config);
    const room = new Room({ ...stored, config }, await rooms.members(stored.id), true, send, former);
    const { hats, worn } = await roomHats.of(stored.id);
    room.hats.hang(hats, worn);
    await remember(this.#service, room);
    this.#rooms.set(name, room);
    return room;
  }
}
