import { accountNodes } from '../../pubsub/account-nodes.ts';
import { StorageError } from '../../storage/database.ts';
import type { Account } from '../../storage/stores/accounts.ts';
import type { Grant } from '../../storage/stores/department-grants.ts';
import type { DepartmentMap } from '../../storage/stores/department-map.ts';
import { KeyedMutex } from '../../util/keyed-mutex.ts';
import { makeJid } from '../../xmpp/jid.ts';
import { NS } from '../../xmpp/ns.ts';
import { StanzaError } from '../../xmpp/stanza-error.ts';
import { affiliate } from './affiliate.ts';
import { roomsForAll } from './default-rooms.ts';
import type { RoomFeature } from './feature.ts';
import { admit, bookmark, makeForHouse } from './for-house.ts';
import type { Rooms } from './rooms.ts';

const SLICE = 100;

/**
 * The rooms of a department: whoever is in it becomes a member and finds them in the list of rooms (XEP-0402), at once or with the
 * next login. Whoever leaves it is no member any more, if that came from the department, and the room leaves their list: out of a
 * room for members only they are put. One that the house makes for a department is for its members only.
 */
export const departmentRooms: RoomFeature = {
  name: 'department-rooms',
  xep: [402, '1.2.0'],
  start(rooms) {
    const { host } = rooms;
    const giving = new Giving(rooms);
    const unwatch = host.house.stores.departments.watch((domain) => {
      if (domain === host.domain) giving.wake();
    });
    host.events.add({ bound: ({ session }) => giving.to(session.account) });
    giving.wake(); // a stop in the middle may have left what is to be taken
    return {
      stop() {
        unwatch();
        return giving.stop();
      },
    };
  },
};

/** The names of the rooms that somebody is to have. */
function roomsOf(map: DepartmentMap, local: string): readonly string[] {
  const own = map.people.get(local)?.departments ?? [];
  return own.flatMap((id) => map.departments.get(id)?.rooms ?? []);
}

class Giving {
  readonly #rooms: Rooms;
  readonly #turns = new KeyedMutex<number>();
  readonly #open = new Set<Promise<void>>();
  /** What everybody who was here then has been given. */
  #done: DepartmentMap;
  #news = false;
  #going = false;
  #stopped = false;

  constructor(rooms: Rooms) {
    this.#rooms = rooms;
    this.#done = this.#map;
  }

  get #map(): DepartmentMap {
    return this.#rooms.host.house.stores.departments.map(this.#rooms.host.domain);
  }

  /** Somebody gets what they have not been given yet. Never rejects. */
  to(account: Account): undefined | Promise<void> {
    if (this.#stopped || roomsOf(this.#map, account.local).length === 0) return undefined;
    return this.#follow(() => this.#turns.run(account.id, () => this.#give(account)));
  }

  wake(): void {
    this.#news = true;
    if (!this.#going && !this.#stopped) void this.#follow(() => this.#go());
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#open);
  }

  #follow(task: () => Promise<void>): Promise<void> {
    const { host } = this.#rooms;
    const done = task()
      .catch((error: unknown) => {
        if (!(error instanceof StorageError && error.code === 'closed'))
          host.house.log.error({ err: error, host: host.domain }, 'rooms of a department were not given or taken');
      })
      .finally(() => this.#open.delete(done));
    this.#open.add(done);
    return done;
  }

  async #go(): Promise<void> {
    this.#going = true;
    try {
      while (this.#news && !this.#stopped) {
        this.#news = false;
        const [before, now] = [this.#done, this.#map];
        await this.#takeAll();
        for (const account of this.#gaining(before, now)) {
          if (this.#stopped) return;
          await this.#turns.run(account.id, () => this.#give(account));
        }
        this.#done = now;
      }
    } finally {
      this.#going = false;
    }
  }

  /** Those who are here and have rooms now that they had not. */
  #gaining(before: DepartmentMap, now: DepartmentMap): Account[] {
    if (before === now) return [];
    const here = new Map([...this.#rooms.host.sessions.all()].map(({ account }) => [account.id, account]));
    return [...here.values()].filter(({ local }) => {
      const had = roomsOf(before, local);
      return roomsOf(now, local).some((name) => !had.includes(name));
    });
  }

  async #give(account: Account): Promise<void> {
    const { departmentGrants } = this.#rooms.host.house.stores;
    const given = await departmentGrants.of(account.id);
    for (const name of new Set(roomsOf(this.#map, account.local))) {
      if (this.#stopped) return;
      try {
        await this.#rooms.inUse.with(name, async (found) => {
          const room = found ?? (await makeForHouse(this.#rooms, name, { membersOnly: true, public: false }));
          if (room === undefined || !room.stored || given.has(room.id)) return;
          const how = await admit(this.#rooms, account, room);
          // First, so that it is taken again when the rest fails.
          await departmentGrants.give(account.id, room.id, how === 'made');
          if (how !== 'banned') await bookmark(this.#rooms, account, room);
        });
      } catch (error) {
        // The account or the room went away meanwhile.
        if (!(error instanceof StorageError) || error.code !== 'constraint') throw error;
      }
    }
  }

  async #takeAll(): Promise<void> {
    const { departmentGrants } = this.#rooms.host.house.stores;
    for (;;) {
      const stale = await departmentGrants.stale(this.#rooms.domain, SLICE);
      for (const grant of stale) {
        if (this.#stopped) return;
        await this.#turns.run(grant.account, () => this.#take(grant));
      }
      if (stale.length < SLICE) return;
    }
  }

  async #take({ account: id, room: number, name, member }: Grant): Promise<void> {
    const rooms = this.#rooms;
    const { host } = rooms;
    const { accounts, departmentGrants } = host.house.stores;
    const account = await accounts.byId(id);
    // Who has come back meanwhile keeps it; what everybody has is not of the department.
    if (account !== undefined && roomsOf(this.#map, account.local).includes(name)) return;
    if (account !== undefined && member && !host.option(roomsForAll).includes(name)) {
      const who = makeJid(account.local, account.domain);
      await rooms.inUse.with(name, async (room) => {
        if (room === undefined || room.id !== number) return;
        await room.changing(async () => {
          if (room.affiliationOf(who) !== 'member') return; // they are more by now, or banned
          await affiliate(rooms, room, [{ jid: who.bare, affiliation: 'none' }]);
        });
        await this.#unbookmark(account, room.jid.bare);
      });
    }
    await departmentGrants.take(id, number);
  }

  async #unbookmark(account: Account, jid: string): Promise<void> {
    const nodes = accountNodes(this.#rooms.host);
    try {
      if ((await nodes.item(account, NS.bookmarks, jid)) !== undefined)
        await nodes.retract(account, NS.bookmarks, jid, 'default-rooms');
    } catch (error) {
      if (!(error instanceof StanzaError)) throw error;
    }
  }
}
