import type {
  FoundRoom,
  ListedRoom,
  RoomAdministration,
  RoomListQuery,
  RoomMessage,
} from '../../host/room-administration.ts';
import { timeOf } from '../../storage/archive-id.ts';
import type { RoomAffiliation, RoomConfig, StoredRoom } from '../../storage/stores/rooms.ts';
import { child, type Element, textOf } from '../../xmpp/element.ts';
import { tryParseJid } from '../../xmpp/jid.ts';
import { NS } from '../../xmpp/ns.ts';
import { StanzaError } from '../../xmpp/stanza-error.ts';
import { affiliate } from './affiliate.ts';
import { complete } from './config.ts';
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

  constructor(rooms: Rooms) {
    this.domain = rooms.domain;
    this.#rooms = rooms;
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

  async create(name: string, owner: string, config: Partial<RoomConfig>): Promise<void> {
    const jid = tryParseJid(owner);
    if (jid === undefined) throw new StanzaError('jid-malformed', `“${owner}” is not an address.`);
    if ((await this.#rooms.get(name)) !== undefined || this.#rooms.current(name) !== undefined) throw taken();
    if ((await this.#stores.rooms.retired(this.domain, name)) !== undefined) {
      throw new StanzaError('conflict', 'A room of this name was destroyed, and the name is retired. Free it first.');
    }
    if (this.#rooms.current(name) !== undefined) throw taken();
    // A room of the house: the rules of what people may make, and how many, are not for administrators.
    const room = this.#rooms.make(name, '', { ...config, persistent: true });
    room.members.put({ jid: jid.bare, affiliation: 'owner', nick: '', reason: '' });
    try {
      await room.changing(() => this.#rooms.store(room));
    } finally {
      this.#rooms.leaveAlone(room);
    }
  }

  async configure(name: string, changes: Partial<RoomConfig>): Promise<void> {
    const room = await this.#room(name);
    const config = { ...room.config, ...changes };
    if (!config.persistent && room.empty) {
      throw new StanzaError('not-acceptable', 'Nobody is in this room: it would end at once.');
    }
    await room.changing(async () => {
      await this.#stores.rooms.configure(room.id, config);
      room.config = config;
    });
    this.#rooms.leaveAlone(room);
  }

  async affiliate(name: string, who: string, affiliation: RoomAffiliation, reason: string): Promise<RoomAffiliation> {
    const room = await this.#room(name);
    const jid = tryParseJid(who);
    if (jid === undefined) throw new StanzaError('jid-malformed', `“${who}” is not an address.`);
    return this.#rooms.using(room, () =>
      room.changing(async () => {
        const before = room.members.get(jid.bare)?.affiliation ?? 'none';
        await affiliate(this.#rooms, room, [{ jid: jid.bare, affiliation, reason }]);
        return before;
      }),
    );
  }

  async kick(name: string, nick: string, reason: string): Promise<string> {
    const room = this.#current(name) ?? (await this.#room(name));
    const occupant = room.occupants.get(nick);
    if (occupant === undefined) {
      throw new StanzaError('not-acceptable', `Nobody is in this room as “${nick}” any more.`);
    }
    this.#rooms.remove(room, occupant, { codes: [CODE.kicked], reason });
    return occupant.bare;
  }

  async archive(name: string, { before, limit }: { readonly before?: number; readonly limit: number }) {
    const { id: owner } = this.#current(name) ?? (await this.#stored(name));
    const { rows, complete: all } = await this.#stores.archives.page(owner, {
      limit,
      fromEnd: true,
      ...(before !== undefined && { beforeId: before }),
    });
    const messages = rows.map(({ id, stanza }) => readable(id, this.#rooms.host.house.parse(stanza)));
    return { messages, more: !all };
  }

  async destroy(name: string, ending: { readonly reason: string; readonly alternate: string }): Promise<void> {
    await this.#rooms.destroy(await this.#room(name), { ...ending, by: '' });
  }

  retired(after: string, limit: number) {
    return this.#stores.rooms.retiredPage(this.domain, { after, limit });
  }

  free(name: string): Promise<boolean> {
    return this.#stores.rooms.free(this.domain, name);
  }

  get #stores() {
    return this.#rooms.host.house.stores;
  }

  /** A room that is in use; not one that is still being made, which is its maker's alone (§10.1.3). */
  #current(name: string): Room | undefined {
    const room = this.#rooms.current(name);
    return room?.stored === true && !room.destroyed ? room : undefined;
  }

  /** To look at, without bringing it into use. Throws StanzaError when there is none. */
  async #stored(name: string): Promise<StoredRoom> {
    const stored = await this.#stores.rooms.get(this.domain, name);
    if (stored === undefined || !this.#isThere(stored)) throw this.#none(name);
    return stored;
  }

  /** To be changed; whoever has changed it lets it alone. Throws StanzaError when there is none. */
  async #room(name: string): Promise<Room> {
    await this.#rooms.get(name);
    const room = this.#current(name);
    if (room === undefined) throw this.#none(name);
    return room;
  }

  /** What ends with the last who is in it has ended when nobody is, as after a crash. */
  #isThere({ name, config }: StoredRoom): boolean {
    return config.persistent || this.#rooms.current(name) !== undefined;
  }

  #none(name: string): StanzaError {
    return new StanzaError('item-not-found', `There is no room ${name}@${this.domain}.`);
  }

  #views(rooms: readonly StoredRoom[]): Promise<ListedRoom[]> {
    return Promise.all(rooms.map((room) => this.#view(this.#rooms.current(room.name) ?? room)));
  }

  async #view({
    id,
    name,
    config,
    createdAt,
  }: Pick<StoredRoom, 'id' | 'name' | 'config' | 'createdAt'>): Promise<ListedRoom> {
    const people = this.#rooms.current(name)?.occupants.size ?? 0;
    const { last } = await this.#stores.archives.page(id, { limit: 1, fromEnd: true });
    const lastMessage = last === undefined ? undefined : timeOf(last);
    return { name, config: complete(config), createdAt, people, lastMessage };
  }
}

function taken(): StanzaError {
  return new StanzaError('conflict', 'There is a room of this name already.');
}

function fits({ name, config }: StoredRoom, words: readonly string[]): boolean {
  if (words.length === 0) return true;
  const text = `${name} ${config.title} ${config.description}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

/** A message as people read it: its text, and nothing that an app would make of the rest. */
function readable(id: number, element: Element): RoomMessage {
  const nick = tryParseJid(element.attrs.from ?? '')?.resource ?? '';
  const about = { id, time: timeOf(id), nick };
  const body = child(element, 'body');
  // XEP-0424 §5, XEP-0425 §5: what stands in the place of a message that was taken back, or away.
  if (child(element, 'retracted', NS.retract) !== undefined) return { ...about, kind: 'removed', text: '' };
  if (body !== undefined) return { ...about, kind: 'message', text: textOf(body) };
  const subject = child(element, 'subject');
  if (subject !== undefined) return { ...about, kind: 'subject', text: textOf(subject) };
  return { ...about, kind: 'other', text: '' };
}
