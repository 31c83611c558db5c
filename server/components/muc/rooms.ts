import { randomBytes } from 'node:crypto';
import type { Host } from '../../host/host.ts';
import type { Ledger } from '../../host/ledger.ts';
import { Pipeline } from '../../host/pipeline.ts';
import { StorageError } from '../../storage/database.ts';
import type { RoomConfig, RoomMember, StoredRoom } from '../../storage/stores/rooms.ts';
import { type Jid, makeJid } from '../../xmpp/jid.ts';
import type { Stanza } from '../../xmpp/stanza.ts';
import { StanzaError } from '../../xmpp/stanza-error.ts';
import { lose, saysGone } from './bounce.ts';
import { complete } from './config.ts';
import { Creation } from './creation.ts';
import { disown } from './disown.ts';
import { destroyOf, type Ending, ended, goneError, retirement } from './ending.ts';
import {
  GROUPCHAT,
  JOIN,
  type Joining,
  LEAVE,
  type Leaving,
  type OccupantIq,
  type RoomFeature,
  type RoomIq,
  type RoomWiring,
  type Talk,
} from './feature.ts';
import { Former } from './former.ts';
import { isVisible } from './looks.ts';
import type { Occupant } from './occupant.ts';
import { Outbox } from './outbox.ts';
import { Pace } from './pace.ts';
import { announceGone, type Change, CODE, farewell } from './presence.ts';
import { Relay } from './relay.ts';
import { remember } from './remember.ts';
import { Room } from './room.ts';
import { discard } from './temporary.ts';

/** All rooms of one host: those in use are here, the others in the store. */
export class Rooms {
  readonly host: Host;
  readonly domain: string;
  readonly wirings: readonly RoomWiring[];
  readonly join = new Pipeline<(typeof JOIN)[number], Joining>(JOIN);
  readonly groupchat = new Pipeline<(typeof GROUPCHAT)[number], Talk>(GROUPCHAT);
  readonly #leave = new Pipeline<(typeof LEAVE)[number], Leaving>(LEAVE);
  readonly #iqs = new Map<string, RoomIq['handle']>();
  readonly #occupantIqs = new Map<string, OccupantIq['handle']>();
  readonly #rooms = new Map<string, Room>();
  readonly creation: Creation;
  readonly pace: Pace;
  readonly relay = new Relay();
  readonly #loading = new Map<string, Promise<Room | undefined>>();
  readonly #outbox: Outbox;
  readonly #former: Former;
  readonly #send = (stanza: Stanza): void => this.#outbox.send(stanza);

  /** Throws when two parts own the same request. */
  constructor(host: Host, domain: string, features: readonly RoomFeature[]) {
    this.host = host;
    this.domain = domain;
    this.creation = new Creation(host, domain);
    this.pace = new Pace(host);
    this.#outbox = new Outbox(host.house, (stanza, error) => this.#refused(stanza, error));
    this.#former = new Former(host.house.stores.accounts, host.domain);
    host.events.add({
      removed: ({ account: { id, local, domain: at } }) => {
        this.#former.removed(local, id);
        return disown(this, makeJid(local, at).bare);
      },
    });
    this.wirings = features.map((feature) => feature.start(this));
    for (const { iq = [], occupantIq = [], join, groupchat, leave } of this.wirings) {
      for (const route of iq) own(this.#iqs, route);
      for (const route of occupantIq) own(this.#occupantIqs, route);
      for (const stage of JOIN) if (join?.[stage] !== undefined) this.join.add(stage, join[stage]);
      for (const stage of GROUPCHAT) if (groupchat?.[stage] !== undefined) this.groupchat.add(stage, groupchat[stage]);
      for (const stage of LEAVE) if (leave?.[stage] !== undefined) this.#leave.add(stage, leave[stage]);
    }
  }

  /** Who answers a request to a room. */
  handlerOf(type: string, name: string, xmlns: string): RoomIq['handle'] | undefined {
    return this.#iqs.get(`${type} ${name} ${xmlns}`);
  }

  /** Who answers one to an occupant in the occupant's place. */
  occupantHandlerOf(type: string, name: string, xmlns: string): OccupantIq['handle'] | undefined {
    return this.#occupantIqs.get(`${type} ${name} ${xmlns}`);
  }

  /** The room, loaded if it is not in use; undefined when there is none of that name. */
  get(name: string): Room | undefined | Promise<Room | undefined> {
    return this.#rooms.get(name) ?? this.#loading.get(name) ?? this.#load(name);
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

  /** The rooms that are in use. */
  inUse(): IterableIterator<Room> {
    return this.#rooms.values();
  }

  /**
   * The room of a name that nobody uses yet, made for somebody who may (§10.1.1), or the one that another was faster to
   * make; `created` says which. Throws StanzaError.
   */
  async create(name: string, owner: Jid): Promise<{ readonly room: Room; readonly created: boolean }> {
    await this.#mayCreate(name, owner);
    const loaded = await this.get(name);
    const there = this.#rooms.get(name) ?? loaded;
    return { room: there ?? this.make(name, owner.bare), created: there === undefined };
  }

  /**
   * A new room, whoever may make it: its maker's alone until it is stored (§10.1). There must be none of that name. With no
   * owner it is the house's.
   */
  make(name: string, owner = '', config: Partial<RoomConfig> = {}): Room {
    const stored: StoredRoom = {
      id: this.host.house.archiveIds.next(),
      service: this.domain,
      name,
      createdAt: Date.now(),
      createdBy: owner,
      secret: randomBytes(32),
      config: { ...this.creation.standard(), ...config },
      subject: undefined,
    };
    const owners: RoomMember[] = owner === '' ? [] : [{ jid: owner, affiliation: 'owner', nick: '', reason: '' }];
    const room = new Room(stored, owners, false, this.#send, this.#former);
    this.#rooms.set(name, room);
    this.creation.begun(room, () => {
      void this.destroy(room, { reason: 'Nobody finished making this room.' }).catch((error) => this.#failed(error));
    });
    return room;
  }

  /** Puts a room into the store that its maker has finished (XEP-0045 §10.1.2, §10.1.3). Throws StanzaError. */
  async store(room: Room): Promise<void> {
    try {
      await this.host.house.stores.rooms.create(room, room.members.values());
    } catch (error) {
      if (!(error instanceof StorageError) || error.code !== 'constraint') throw error;
      throw new StanzaError('conflict', 'There is a room of this name already.');
    }
    room.stored = true;
    this.creation.ended(room);
  }

  /** Why somebody does not find a room of this name: there is none, or there was one (§10.9). */
  async absence(name: string, who: Jid): Promise<StanzaError> {
    return (await this.#retirement(name, who)) ?? new StanzaError('item-not-found', 'There is no such room.');
  }

  /** The room of that name that is in use. */
  current(name: string): Room | undefined {
    return this.#rooms.get(name);
  }

  /** A room that was let go of is in use again. */
  keep(room: Room): void {
    if (!room.destroyed && !this.#rooms.has(room.name)) this.#rooms.set(room.name, room);
  }

  /** §7.2.8, §7.6: throws StanzaError when a nickname is somebody else's, who is in or has reserved it. */
  checkNick(room: Room, occupant: Occupant | undefined, as: Jid, bare = occupant?.bare): void {
    if (!isVisible(as.resource)) throw new StanzaError('jid-malformed', 'A name has letters that one sees.'); // §17.1
    const there = room.occupants.get(as.resource) ?? room.occupants.alike(as.resource, bare);
    if (there !== undefined && there !== occupant)
      throw new StanzaError('conflict', 'Somebody in the room has this name.');
    const owner = room.members.ownerOf(as.resource);
    if (owner !== undefined && owner !== bare) throw new StanzaError('conflict', 'This name is reserved for somebody.');
  }

  /** The service ends: everybody in a room is told (§15.6.2: 332). */
  async stop(): Promise<void> {
    for (const room of [...this.#rooms.values()]) {
      // Each is told their own going only: all at once go, and nobody is left to be told of others.
      for (const occupant of room.occupants.values()) {
        room.tell(occupant, farewell(room, occupant, { codes: [CODE.shutdown] }));
      }
      room.occupants.clear();
      room.clients.clear();
      await room.changing(async () => {});
    }
    for (const { stop } of this.wirings) await stop?.();
  }

  /**
   * Takes an occupant out of a room with all their devices, and tells everybody. `change` says why; the role that the
   * presence shows is none.
   */
  remove(room: Room, occupant: Occupant, change: Change = {}): void {
    // §10.1.3: with its maker goes a room that is not finished.
    const last = !room.stored && room.occupants.size === 1;
    announceGone(room, occupant, last ? { ...change, also: destroyOf({}) } : change);
    room.occupants.delete(occupant.nick);
    for (const key of occupant.clients.keys()) room.clients.delete(key);
    this.#left(room, occupant);
    this.leaveAlone(room);
  }

  /** A room that nobody is in is let go of: what is to stay is in the store. */
  leaveAlone(room: Room): void {
    if (!room.empty || this.#rooms.get(room.name) !== room) return;
    if (room.stored && !room.config.persistent && !room.destroyed) {
      void this.destroy(room).catch((error) => this.#failed(error));
    }
    // Changes that are under way end first: who comes meanwhile must not read what was before them.
    else void room.changing(async () => void (room.empty && this.#forget(room)));
  }

  /** Ends a room for good, its archive with it (§10.9); who is in it is told, and who comes later, if its name retires. */
  async destroy(room: Room, ending: Ending = {}): Promise<void> {
    const { rooms } = this.host.house.stores;
    if (room.destroyed) return room.changing(async () => {});
    room.destroyed = true; // nobody comes in from now on
    await room.changing(async () => {
      try {
        if (room.stored) await rooms.remove(room, retirement(room, ending));
      } catch (error) {
        room.destroyed = false;
        throw error;
      }
      const occupants = [...room.occupants.values()];
      for (const occupant of occupants) room.tell(occupant, ended(occupant, ending));
      room.occupants.clear();
      room.clients.clear();
      this.#forget(room);
      for (const occupant of occupants) this.#left(room, occupant);
      if (room.stored) await rooms.clear(room.id);
    });
  }

  /** Writes what a ledger holds that no session's stanza filled. */
  settle(ledger: Ledger): void {
    const { db, log } = this.host.house;
    for (const then of ledger.after) then();
    if (ledger.statements.length === 0) return;
    db.queue(ledger.statements, (error) => log.error({ err: error }, 'a message of a room could not be stored'));
  }

  async #mayCreate(name: string, owner: Jid): Promise<void> {
    const gone = await this.#retirement(name, owner);
    if (gone !== undefined) throw gone;
    await this.creation.check(name, owner);
  }

  async #retirement(name: string, who: Jid): Promise<StanzaError | undefined> {
    const { rooms } = this.host.house.stores;
    const retired = await rooms.retired(this.domain, name);
    if (retired === undefined) return undefined;
    return goneError(retired, !retired.secret || (await rooms.knewRetired(this.domain, name, who.bare)));
  }

  /** A room is not in use any more. */
  #forget(room: Room): void {
    if (this.#rooms.get(room.name) === room) this.#rooms.delete(room.name);
    this.creation.ended(room);
  }

  #left(room: Room, occupant: Occupant): void {
    const done = this.#leave.run({ room, occupant });
    if (done instanceof Promise) done.catch((error) => this.#failed(error));
  }

  async #load(name: string): Promise<Room | undefined> {
    const loading = this.#read(name);
    this.#loading.set(name, loading);
    try {
      return await loading;
    } finally {
      this.#loading.delete(name);
    }
  }

  async #read(name: string): Promise<Room | undefined> {
    const { rooms, roomHats } = this.host.house.stores;
    await this.#former.known();
    const stored = await rooms.get(this.domain, name);
    if (stored === undefined) return undefined;
    if (!stored.config.persistent) {
      // Nobody is in it, as after a crash: it has ended already (§10.1, temporary rooms).
      await discard(this, stored);
      return undefined;
    }
    const room = new Room(
      { ...stored, config: complete(stored.config) },
      await rooms.members(stored.id),
      true,
      this.#send,
      this.#former,
    );
    const { hats, worn } = await roomHats.of(stored.id);
    room.hats.hang(hats, worn);
    await remember(this, room);
    this.#rooms.set(name, room);
    return room;
  }

  /** Who cannot be reached is not in the room any more. Later, as the room may be in the middle of telling others. */
  #refused(stanza: Stanza, error: unknown): void {
    if (!(error instanceof StanzaError)) {
      this.#failed(error);
      return;
    }
    const { from, to } = stanza;
    setImmediate(() => {
      const room = this.#rooms.get(from.local);
      if (room === undefined) return;
      if (stanza.kind === 'iq' && stanza.mayBeAnswered) this.relay.refused(room, stanza);
      const occupant = room.clients.get(to!.full);
      if (occupant !== undefined && this.#isGone(to!, error)) lose(this, room, occupant, to!);
    });
  }

  /** Somebody who blocks another occupant refuses like somebody who is not there. */
  #isGone(device: Jid, { condition }: StanzaError): boolean {
    const reached = this.host.house.router.find(device.domain)?.reaches?.(device);
    return reached === undefined ? saysGone(condition) : !reached;
  }

  #failed(error: unknown): void {
    this.host.house.log.error({ err: error, service: this.domain }, 'something in a room failed');
  }
}

/** One owner for each request; throws when there are two. */
function own<Handle>(
  table: Map<string, Handle>,
  route: { readonly type: string; readonly name: string; readonly xmlns: string; readonly handle: Handle },
): void {
  const key = `${route.type} ${route.name} ${route.xmlns}`;
  if (table.has(key)) throw new Error(`two owners of ${key} in rooms`);
  table.set(key, route.handle);
}
