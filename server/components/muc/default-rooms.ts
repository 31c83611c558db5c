import { LRUCache } from 'lru-cache';
import { listOption } from '../../host/options.ts';
import { StorageError } from '../../storage/database.ts';
import type { Account } from '../../storage/stores/accounts.ts';
import { KeyedMutex } from '../../util/keyed-mutex.ts';
import { tryParseJid } from '../../xmpp/jid.ts';
import type { RoomFeature } from './feature.ts';
import { admit, bookmark, makeForHouse } from './for-house.ts';
import type { Rooms } from './rooms.ts';

const MOST = 20;

export const roomsForAll = listOption({
  key: 'rooms.for-all',
  scope: 'domain',
  group: 'Rooms',
  title: 'Rooms for everybody',
  help: 'Names of rooms (what stands before the @) that everybody with an account here is put into: those that do not exist are made. Whoever takes such a room out of their list of rooms is left in peace.',
  longest: 200,
  most: MOST,
  default: [],
  letsIn: true,
  wrong(names) {
    const bad = names.find((name) => tryParseJid(`${name}@rooms.invalid`)?.local !== name);
    return bad === undefined
      ? undefined
      : `“${bad}” cannot be the name of a room: small letters and digits, no spaces.`;
  },
});

/** The rooms of the house: everybody becomes a member, and finds them in the list of rooms (XEP-0402) that clients go into. */
export const defaultRooms: RoomFeature = {
  name: 'default-rooms',
  xep: [402, '1.2.0'],
  options: [roomsForAll],
  start(rooms) {
    const giving = new Giving(rooms);
    rooms.host.events.add({
      bound: ({ session }) => giving.to(session.account),
      decided: ({ option }) => (option.key === roomsForAll.key ? giving.toAllHere() : undefined),
    });
    return { stop: () => giving.stop() };
  },
};

class Giving {
  readonly #rooms: Rooms;
  readonly #turns = new KeyedMutex<number>();
  /** The numbers of the rooms by name, so that a login of somebody who has them all asks the store once. */
  readonly #ids = new LRUCache<string, number>({ max: MOST });
  readonly #open = new Set<Promise<void>>();
  #stopped = false;

  constructor(rooms: Rooms) {
    this.#rooms = rooms;
  }

  /** Somebody gets what they have not been given yet. Never rejects. */
  to(account: Account): undefined | Promise<void> {
    if (this.#stopped || this.#rooms.host.option(roomsForAll).length === 0) return undefined;
    const done = this.#turns
      .run(account.id, () => this.#give(account))
      .catch((error: unknown) => {
        this.#rooms.host.house.log.error({ err: error, host: this.#rooms.host.domain }, 'nobody got the rooms for all');
      })
      .finally(() => this.#open.delete(done));
    this.#open.add(done);
    return done;
  }

  /** The list is another one: the rooms are made, and whoever is here gets what is new, one after the other; the others when they come. */
  async toAllHere(): Promise<void> {
    this.#ids.clear();
    await this.#makeAll();
    const here = new Map([...this.#rooms.host.sessions.all()].map(({ account }) => [account.id, account]));
    for (const account of here.values()) await this.to(account);
  }

  /** So that an administrator finds them at once, though nobody is here. */
  async #makeAll(): Promise<void> {
    for (const name of this.#rooms.host.option(roomsForAll)) {
      if (!this.#stopped)
        await this.#rooms.inUse.with(name, async (found) => void (found ?? (await makeForHouse(this.#rooms, name))));
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#open);
  }

  async #give(account: Account): Promise<void> {
    const { host } = this.#rooms;
    const given = await host.house.stores.roomReach.given(account.id);
    for (const name of host.option(roomsForAll)) {
      const id = this.#ids.get(name);
      if (this.#stopped || (id !== undefined && given.has(id))) continue;
      try {
        await this.#giveOne(account, given, name);
      } catch (error) {
        // The account or the room went away meanwhile.
        if (!(error instanceof StorageError) || error.code !== 'constraint') throw error;
      }
    }
  }

  async #giveOne(account: Account, given: ReadonlySet<number>, name: string): Promise<void> {
    await this.#rooms.inUse.with(name, async (found) => {
      const room = found ?? (await makeForHouse(this.#rooms, name));
      if (room === undefined || !room.stored) return;
      this.#ids.set(name, room.id);
      if (given.has(room.id)) return;
      if ((await admit(this.#rooms, account, room)) !== 'banned') await bookmark(this.#rooms, account, room);
      await this.#rooms.host.house.stores.roomReach.give(account.id, room.id);
    });
  }
}
