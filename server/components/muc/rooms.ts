import { randomBytes } from 'node:crypto';
import { keepsRoom } from '../../archive/policy.ts';
import type { Host } from '../../host/host.ts';
import type { Ledger } from '../../host/ledger.ts';
import { Pipeline } from '../../host/pipeline.ts';
import { timeOf } from '../../storage/archive-id.ts';
import { StorageError } from '../../storage/database.ts';
import type { RoomConfig, RoomMember, StoredRoom } from '../../storage/stores/rooms.ts';
import { type Jid, makeJid, parseJid } from '../../xmpp/jid.ts';
import type { Stanza } from '../../xmpp/stanza.ts';
import { StanzaError } from '../../xmpp/stanza-error.ts';
import { saysGone } from './bounce.ts';
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
import { Ghosts } from './ghosts.ts';
import { sayGoodbye } from './going-on.ts';
import { Remembered } from './history.ts';
import { InUse } from './in-use.ts';
import { isVisible } from './looks.ts';
import type { Occupant } from './occupant.ts';
import { Outbox } from './outbox.ts';
import { Pace } from './pace.ts';
import { announceGone, type Change } from './presence.ts';
import { Relay } from './relay.ts';
import { Room } from './room.ts';
import { Whispers } from './whispers.ts';

/** All rooms of one host, and what makes and ends them: those in use are in `inUse`, the others in the store. */
export class Rooms {
  readonly host: Host;
  readonly domain: string;
  readonly wirings: readonly RoomWiring[];
  readonly join = new Pipeline<(typeof JOIN)[number], Joining>(JOIN);
  readonly groupchat = new Pipeline<(typeof GROUPCHAT)[number], Talk>(GROUPCHAT);
  readonly #leave = new Pipeline<(typeof LEAVE)[number], Leaving>(LEAVE);
  readonly #iqs = new Map<string, RoomIq['handle']>();
  readonly #occupantIqs = new Map<string, OccupantIq['handle']>();
  readonly inUse = new InUse(this);
  readonly creation: Creation;
  readonly ghosts = new Ghosts(this);
  readonly pace: Pace;
  readonly relay = new Relay();
  readonly whispers = new Whispers();
  readonly former: Former;
  readonly #outbox: Outbox;
  /** One stanza for one address. */
  readonly send = (stanza: Stanza): void => this.#outbox.send(stanza);

  /** Throws when two parts own the same request. */
  constructor(host: Host, domain: string, features: readonly RoomFeature[]) {
    this.host = host;
    this.domain = domain;
    this.creation = new Creation(host, domain);
    this.pace = new Pace(host);
    this.#outbox = new Outbox(host.house, (stanza, error) => this.#refused(stanza, error));
    this.former = new Former(host.house.stores.accounts, host.domain);
    host.events.add({
      removed: ({ account: { id, local, domain: at } }) => {
        this.former.removed(local, id);
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

  /** Whether what is said in a room goes into its archive: its owners and the house want it. */
  keeps({ id, config }: Room): boolean {
    return config.archived && keepsRoom(this.host.house, this.host.domain, id);
  }

  /** What newcomers are told later on. Where the house keeps nothing they never are, not even when it keeps something again. */
  remember(room: Room, archiveId: number, said: Stanza): void {
    room.history.add(new Remembered(archiveId, timeOf(archiveId), said), room.config.historyLength);
    if (!keepsRoom(this.host.house, this.host.domain, room.id)) room.history.hide();
  }

  /** Whether a bare address is somebody's of this house. */
  isOurs(bare: string): boolean {
    return this.host.house.router.has(parseJid(bare).domain);
  }

  /** Who answers a request to a room. */
  handlerOf(type: string, name: string, xmlns: string): RoomIq['handle'] | undefined {
    return this.#iqs.get(`${type} ${name} ${xmlns}`);
  }

  /** Who answers one to an occupant in the occupant's place. */
  occupantHandlerOf(type: string, name: string, xmlns: string): OccupantIq['handle'] | undefined {
    return this.#occupantIqs.get(`${type} ${name} ${xmlns}`);
  }

  /**
   * The room of a name that nobody uses yet, made for somebody who may (§10.1.1), or the one that another was faster to
   * make; `created` says which. Throws StanzaError.
   */
  async create(name: string, owner: Jid): Promise<{ readonly room: Room; readonly created: boolean }> {
    await this.#mayCreate(name, owner);
    const loaded = await this.inUse.get(name);
    const there = this.inUse.current(name) ?? loaded;
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
    const room = new Room(stored, owners, false, this.send, this.former);
    this.inUse.keep(room);
    this.creation.begun(room, () => this.end(room, { reason: 'Nobody finished making this room.' }));
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

  /** §7.2.8, §7.6: throws StanzaError when a nickname is somebody else's, who is in or has reserved it. */
  checkNick(room: Room, occupant: Occupant | undefined, as: Jid, bare = occupant?.bare): void {
    if (!isVisible(as.resource)) throw new StanzaError('jid-malformed', 'A name has letters that one sees.'); // §17.1
    const there = room.occupants.get(as.resource) ?? room.occupants.alike(as.resource, bare);
    if (there !== undefined && there !== occupant)
      throw new StanzaError('conflict', 'Somebody in the room has this name.');
    const owner = room.members.ownerOf(as.resource);
    if (owner !== undefined && owner !== bare) throw new StanzaError('conflict', 'This name is reserved for somebody.');
  }

  /** The service ends: everybody in a room is told, but for the devices that go on after a restart. */
  async stop(goingOn: ReadonlySet<string>): Promise<void> {
    for (const room of [...this.inUse.all()]) {
      sayGoodbye(room, goingOn);
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
    this.inUse.leaveAlone(room);
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
      this.inUse.forget(room);
      for (const occupant of occupants) this.#left(room, occupant);
      if (room.stored) await rooms.clear(room.id);
    });
  }

  /** The same of a room that ends by itself, later. */
  end(room: Room, ending?: Ending): void {
    void this.destroy(room, ending).catch((error) => this.#failed(error));
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
    const { retiredRooms } = this.host.house.stores;
    const retired = await retiredRooms.get(this.domain, name);
    if (retired === undefined) return undefined;
    return goneError(retired, !retired.secret || (await retiredRooms.knew(this.domain, name, who.bare)));
  }

  #left(room: Room, occupant: Occupant): void {
    const done = this.#leave.run({ room, occupant });
    if (done instanceof Promise) done.catch((error) => this.#failed(error));
  }

  /** Who cannot be reached is not in the room any more. */
  #refused(stanza: Stanza, error: unknown): void {
    if (!(error instanceof StanzaError)) {
      this.#failed(error);
      return;
    }
    const { from, to } = stanza;
    const room = this.inUse.current(from.local);
    if (room === undefined) return;
    if (stanza.kind === 'iq' && stanza.mayBeAnswered) setImmediate(() => this.relay.refused(room, stanza));
    if (stanza.kind === 'message' && stanza.type !== 'groupchat')
      setImmediate(() => this.whispers.refused(room, stanza));
    if (this.#isGone(to!, error)) this.ghosts.add(room, to!);
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
