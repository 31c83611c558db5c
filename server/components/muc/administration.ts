import { readable } from '../../archive/readable.ts';
import type {
  FoundRoom,
  ListedRoom,
  RoomAdministration,
  RoomListQuery,
  RoomMessage,
} from '../../host/room-administration.ts';
import { timeOf } from '../../storage/archive-id.ts';
import type { RoomAffiliation, RoomConfig, StoredRoom } from '../../storage/stores/rooms.ts';
import { child, type Element, el, textOf } from '../../xmpp/element.ts';
import { tryParseJid } from '../../xmpp/jid.ts';
import { NS } from '../../xmpp/ns.ts';
import { StanzaError } from '../../xmpp/stanza-error.ts';
import { affiliate } from './affiliate.ts';
import { complete } from './config.ts';
import { type Bounds, unacceptable } from './config-fields.ts';
import { configFields, readConfig } from './config-form.ts';
import { configure } from './configure.ts';
import { Graves } from './graves.ts';
import { moderate } from './moderate.ts';
import { boundsOf } from './owner.ts';
import { ownersAway, tellOfDoor, tellOfPerson } from './owners-told.ts';
import { CODE } from './presence.ts';
import type { Room } from './room.ts';
import type { Rooms } from './rooms.ts';

/** Rooms that one list looks at, however few of them fit. */
const LOOKED_AT = 10_000;
const SLICE = 500;

/** What administrators of the house do with rooms, by the ways that owners of rooms go. */
export class Administration implements RoomAdministration {
  readonly domain: string;
  readonly #rooms: Rooms;
  readonly #graves: Graves;
  readonly #isOn: () => boolean;

  constructor(rooms: Rooms, isOn: () => boolean) {
    this.domain = rooms.domain;
    this.#rooms = rooms;
    this.#graves = new Graves(rooms.host.house);
    this.#isOn = isOn;
  }

  get on(): boolean {
    return this.#isOn();
  }

  async list({ search, after, limit }: RoomListQuery) {
    const words = search
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== '');
    const found: StoredRoom[] = [];
    let last = after;
    for (let seen = 0; seen < LOOKED_AT; ) {
      const wanted = words.length === 0 ? limit + 1 - found.length : SLICE;
      const page = await this.#stores.rooms.page(this.domain, { after: last, limit: wanted });
      for (const room of page) {
        if (found.length === limit) return { rooms: await this.#views(found), next: found.at(-1)!.name };
        if (fits(room, words) && this.#isThere(room)) found.push(room);
      }
      if (page.length < wanted) return { rooms: await this.#views(found), next: undefined };
      seen += page.length;
      last = page.at(-1)!.name;
    }
    return { rooms: await this.#views(found), next: last };
  }

  count(): Promise<number> {
    return this.#stores.rooms.count(this.domain);
  }

  async find(name: string): Promise<FoundRoom> {
    const room = this.#current(name);
    if (room === undefined) {
      const stored = await this.#stored(name);
      const members = await this.#stores.rooms.members(stored.id);
      return { ...(await this.#view(stored)), subject: stored.subject, members, occupants: [] };
    }
    const occupants = [...room.occupants.values()].map((one) => ({
      nick: one.nick,
      jid: one.bare,
      role: one.role,
      affiliation: room.affiliationOf(one.front.jid),
      devices: [...one.clients.values()].map(({ jid }) => jid.resource),
    }));
    return { ...(await this.#view(room)), subject: room.subject, members: [...room.members.values()], occupants };
  }

  async create(name: string, owner: string, changes: Partial<RoomConfig>): Promise<void> {
    const rooms = this.#rooms;
    if (changes.persistent === false) throw wouldEnd();
    if ((await rooms.inUse.get(name)) !== undefined) throw taken();
    if ((await this.#stores.retiredRooms.get(this.domain, name)) !== undefined) {
      throw new StanzaError('conflict', 'A room of this name was destroyed, and the name is retired. Free it first.');
    }
    if (rooms.inUse.current(name) !== undefined) throw taken();
    // A room of the house: the rules of what people may make, and how many, are not for administrators.
    const room = rooms.make(name);
    const wanted = () => ({
      config: checked(room.config, { ...changes, persistent: true }, boundsOf(rooms)),
      members: [{ jid: owner, affiliation: 'owner', nick: '', reason: '' } as const],
    });
    await rooms.inUse.using(room, () => configure(rooms, room, wanted));
  }

  configure(name: string, changes: Partial<RoomConfig>): Promise<void> {
    return this.#using(name, async (room) => {
      const { membersOnly, password } = room.config;
      await configure(this.#rooms, room, () => {
        const config = checked(room.config, changes, boundsOf(this.#rooms));
        if (!config.persistent && room.occupants.size === 0) throw wouldEnd();
        return { config, members: [] };
      });
      if (room.config.membersOnly !== membersOnly || room.config.password !== password)
        await tellOfDoor(this.#rooms, room, ownersAway(room));
    });
  }

  affiliate(name: string, jid: string, affiliation: RoomAffiliation, reason: string): Promise<RoomAffiliation> {
    return this.#using(name, async (room) => {
      const owners = ownersAway(room); // also who is none any more after it
      const before = await room.changing(async () => {
        const was = room.members.get(jid)?.affiliation ?? 'none';
        await affiliate(this.#rooms, room, [{ jid, affiliation, reason }]);
        return was;
      });
      if (before !== affiliation) await tellOfPerson(this.#rooms, room, owners, jid, affiliation);
      return before;
    });
  }

  kick(name: string, nick: string, reason: string): Promise<string> {
    return this.#using(name, async (room) => {
      const occupant = room.occupants.get(nick);
      if (occupant === undefined) {
        throw new StanzaError('not-acceptable', `Nobody is in this room as “${nick}” any more.`);
      }
      this.#rooms.remove(room, occupant, { codes: [CODE.kicked], ...(reason !== '' && { reason }) }); // §8.2
      return occupant.bare;
    });
  }

  async archive(name: string, { before, limit }: { readonly before?: number; readonly limit: number }) {
    const { id: owner } = this.#current(name) ?? (await this.#stored(name));
    const { rows, complete: all } = await this.#stores.archives.page(owner, {
      limit,
      fromEnd: true,
      ...(before !== undefined && { beforeId: before }),
    });
    const messages = rows.map(({ id, stanza }) => shown(id, this.#rooms.host.house.parse(stanza)));
    return { messages, more: !all };
  }

  moderate(name: string, id: number, reason: string) {
    return this.#using(name, (room) =>
      room.changing(async () => {
        // §4: an administrator has no address in the room, so it is the room that did it.
        const by = () => el('moderated', { xmlns: NS.moderate, by: room.jid.bare });
        const gone = await moderate(this.#rooms, this.#graves, room, { id, reason, asker: undefined }, by);
        if (gone.length === 0) throw new StanzaError('not-acceptable', 'This message is not kept any more.');
        return { nick: gone[0]!.from.resource, ids: gone.map((one) => one.id) };
      }),
    );
  }

  destroy(name: string, ending: { readonly reason: string; readonly alternate: string }): Promise<void> {
    return this.#using(name, (room) => this.#rooms.destroy(room, { ...ending, by: '' }));
  }

  retired(after: string, limit: number) {
    return this.#stores.retiredRooms.page(this.domain, { after, limit });
  }

  free(name: string): Promise<boolean> {
    return this.#stores.retiredRooms.free(this.domain, name);
  }

  get #stores() {
    return this.#rooms.host.house.stores;
  }

  /** A room that is in use; not one that is still being made, which is its maker's alone (§10.1.3). */
  #current(name: string): Room | undefined {
    const room = this.#rooms.inUse.current(name);
    return room?.stored === true && !room.destroyed ? room : undefined;
  }

  /** To look at, without bringing it into use. Throws StanzaError when there is none. */
  async #stored(name: string): Promise<StoredRoom> {
    const stored = await this.#stores.rooms.get(this.domain, name);
    if (stored === undefined || !this.#isThere(stored)) throw this.#none(name);
    return stored;
  }

  /** To be changed. Throws StanzaError when there is none. */
  #using<T>(name: string, task: (room: Room) => Promise<T>): Promise<T> {
    return this.#rooms.inUse.with(name, (room) => {
      if (room === undefined || room !== this.#current(name)) throw this.#none(name);
      return task(room);
    });
  }

  /** What ends with the last who is in it has ended when nobody is, as after a crash. */
  #isThere({ name, config }: StoredRoom): boolean {
    return config.persistent || this.#rooms.inUse.current(name) !== undefined;
  }

  #none(name: string): StanzaError {
    return new StanzaError('item-not-found', `There is no room ${name}@${this.domain}.`);
  }

  #views(rooms: readonly StoredRoom[]): Promise<ListedRoom[]> {
    return Promise.all(rooms.map((room) => this.#view(this.#rooms.inUse.current(room.name) ?? room)));
  }

  async #view({
    id,
    name,
    config,
    createdAt,
  }: Pick<StoredRoom, 'id' | 'name' | 'config' | 'createdAt'>): Promise<ListedRoom> {
    const people = this.#rooms.inUse.current(name)?.occupants.size ?? 0;
    const { last } = await this.#stores.archives.page(id, { limit: 1, fromEnd: true });
    const lastMessage = last === undefined ? undefined : timeOf(last);
    return { name, config: complete(config), createdAt, people, lastMessage };
  }
}

/**
 * A configuration with changes, by the rules of the form that owners have; what is not changed is not asked about, though the
 * rules be stricter now. Throws StanzaError.
 */
function checked(config: RoomConfig, changes: Partial<RoomConfig>, bounds: Bounds): RoomConfig {
  const before = new Map(configFields(config, bounds).map((field) => [field.name, JSON.stringify(field.values)]));
  const values = new Map<string, readonly string[]>();
  for (const { name, values: wanted = [] } of configFields({ ...config, ...changes }, bounds)) {
    if (JSON.stringify(wanted) !== before.get(name)) values.set(name, wanted);
  }
  const read = readConfig(values, config, bounds);
  for (const key of ['historyLength', 'maxOccupants', 'slowMode'] as const) {
    // A form shows no more than is allowed now, so what is more was cut.
    if (changes[key] !== undefined && changes[key] !== read[key]) {
      throw unacceptable(NUMBERS[key], `${changes[key]} is more than this server allows.`);
    }
  }
  return read;
}

const NUMBERS = {
  historyLength: 'Messages that newcomers are shown',
  maxOccupants: 'Most people in the room',
  slowMode: 'Seconds between two messages',
} as const;

function wouldEnd(): StanzaError {
  return new StanzaError('not-acceptable', 'Nobody is in this room: it would end at once.');
}

function taken(): StanzaError {
  return new StanzaError('conflict', 'There is a room of this name already.');
}

function fits({ name, config }: StoredRoom, words: readonly string[]): boolean {
  if (words.length === 0) return true;
  const text = `${name} ${config.title} ${config.description}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

/** A message as people read it, and who said it. */
function shown(id: number, element: Element): RoomMessage {
  const nick = tryParseJid(element.attrs.from ?? '')?.resource ?? '';
  const about = { id, time: timeOf(id), nick };
  const { kind, text } = readable(element);
  return kind === 'encrypted'
    ? { ...about, kind: 'message', text: textOf(child(element, 'body')) }
    : { ...about, kind, text };
}
