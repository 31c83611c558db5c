import type { RoomAdministration, RoomMessage } from '../host/room-administration.ts';
import type { Stores } from '../storage/stores/index.ts';
import type { RoomAffiliation, RoomConfig, RoomMember } from '../storage/stores/rooms.ts';
import { tryParseJid } from '../xmpp/jid.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';
import { type Actor, mustProve, record } from './actor.ts';
import { isClosed } from './closed-rooms.ts';
import { CommandError } from './command-error.ts';
import type { Deed, Detail } from './deeds.ts';
import type { House } from './house.ts';
import { checkLocal } from './names.ts';
import { type RoomDetailView, type RoomView, viewDetail, viewRoom } from './room-views.ts';

const PAGE = 50;
const MOST = 200;
/** Characters of what the audit log says of one value. */
const TOLD = 300;
const COMES_IN: readonly RoomAffiliation[] = ['owner', 'admin', 'member'];
const RANKS: readonly RoomAffiliation[] = ['owner', 'admin', 'member', 'none', 'outcast'];

export interface RoomWish extends Partial<RoomConfig> {
  readonly name: string;
  /** The address of who owns it. */
  readonly owner: string;
}

/** The name of a room that was destroyed. */
export interface RetiredView {
  readonly name: string;
  readonly reason: string;
  readonly alternate: string;
  readonly retiredAt: number;
}

/** What administrators do with the rooms of a domain. */
export class RoomCommands {
  readonly #stores: Stores;
  readonly #house: House;

  constructor(stores: Stores, house: House) {
    this.#stores = stores;
    this.#house = house;
  }

  /** Rooms by name; a page further on: `after` = the `next` of the page before. Throws CommandError. */
  async list(
    domain: string,
    wish: { readonly search?: string; readonly after?: string; readonly limit?: number } = {},
  ): Promise<{ rooms: RoomView[]; service: string; on: boolean; total: number; next: string | null }> {
    const rooms = this.#rooms(domain);
    const { search = '', after = '', limit = PAGE } = wish;
    const [page, total] = await Promise.all([
      rooms.list({ search, after, limit: Math.min(limit, MOST) }),
      rooms.count(),
    ]);
    const views = page.rooms.map((one) => viewRoom(rooms.domain, one));
    return { rooms: views, service: rooms.domain, on: rooms.on, total, next: page.next ?? null };
  }

  /** One room, and who is in it. Throws CommandError. */
  async get(domain: string, name: string): Promise<RoomDetailView> {
    const rooms = this.#rooms(domain);
    const found = await allowed(rooms.find(checkName(name)));
    return viewDetail(rooms.domain, found, await this.#stores.uploadLists.room(`${found.name}@${rooms.domain}`));
  }

  /** Whether a room could have this name. Throws CommandError. */
  checkName(input: string): void {
    checkName(input);
  }

  /** Makes a room that stays. Throws CommandError. */
  async create(by: Actor, domain: string, { name: input, owner, ...config }: RoomWish): Promise<RoomDetailView> {
    const rooms = this.#rooms(domain);
    const name = checkName(input);
    const jid = tryParseJid(owner.includes('@') ? owner : `${owner}@${domain}`);
    if (jid === undefined || jid.local === '' || jid.resource !== '') {
      throw new CommandError('invalid', 'The owner is a person’s address, as “anna@example.com”.', 'owner');
    }
    if (jid.domain !== tryParseJid(domain)?.domain || (await this.#stores.accounts.at(jid.bare)) === undefined) {
      throw new CommandError(
        'account-not-found',
        `There is nobody with the address ${jid.bare} in ${domain}.`,
        'owner',
      );
    }
    await allowed(rooms.create(name, jid.bare, config), 'name');
    await this.#record(by, 'room.create', rooms, name, { owner: jid.bare, ...told(config) });
    return this.get(domain, name);
  }

  /** Changes some of how a room is; who is in it is told. Throws CommandError. */
  async configure(by: Actor, domain: string, input: string, wish: Partial<RoomConfig>): Promise<RoomDetailView> {
    const rooms = this.#rooms(domain);
    const name = checkName(input);
    const { config } = await allowed(rooms.find(name));
    const entries = Object.entries(wish).filter(
      ([key, value]) => JSON.stringify(value) !== JSON.stringify(config[key as keyof RoomConfig]),
    );
    if (entries.length > 0) {
      const changes: Partial<RoomConfig> = Object.fromEntries(entries);
      if (isClosed(config) && (changes.membersOnly === false || changes.password !== undefined)) mustProve(by);
      await allowed(rooms.configure(name, changes));
      await this.#record(by, 'room.configure', rooms, name, told(changes));
    }
    return this.get(domain, name);
  }

  /** Who has an affiliation with a room: owners first, then by address; `after` is an address. Throws CommandError. */
  async members(
    domain: string,
    input: string,
    wish: { readonly search?: string; readonly after?: string; readonly limit?: number } = {},
  ): Promise<{ members: RoomMember[]; total: number; hasMore: boolean }> {
    const { search = '', after, limit = PAGE } = wish;
    const { members } = await allowed(this.#rooms(domain).find(checkName(input)));
    const text = search.trim().toLowerCase();
    const fit = members
      .filter(({ jid, nick }) => text === '' || jid.includes(text) || nick.toLowerCase().includes(text))
      .sort(
        (one, other) =>
          RANKS.indexOf(one.affiliation) - RANKS.indexOf(other.affiliation) || one.jid.localeCompare(other.jid),
      );
    const from = after === undefined ? 0 : fit.findIndex(({ jid }) => jid === after) + 1;
    const until = from + Math.min(limit, MOST);
    return { members: fit.slice(from, until), total: fit.length, hasMore: fit.length > until };
  }

  /** Gives somebody another affiliation; `none` takes them out. Whole domains can be banned. Throws CommandError. */
  async affiliate(
    by: Actor,
    domain: string,
    input: string,
    who: string,
    { affiliation, reason = '' }: { readonly affiliation: RoomAffiliation; readonly reason?: string },
  ): Promise<void> {
    const rooms = this.#rooms(domain);
    const name = checkName(input);
    const jid = tryParseJid(who.trim());
    if (jid === undefined || jid.resource !== '') {
      throw new CommandError('invalid', `“${who}” is not an address like anna@example.com.`, 'jid');
    }
    if (jid.local === '' && !jid.domain.includes('.')) {
      throw new CommandError('invalid', `“${who}” is not an address like anna@example.com.`, 'jid');
    }
    if (jid.local === '' && affiliation !== 'outcast' && affiliation !== 'none') {
      throw new CommandError('invalid', 'Give a person’s whole address; whole domains can only be banned.', 'jid');
    }
    if (jid.domain === rooms.domain && affiliation !== 'none') {
      throw new CommandError('invalid', `${jid.bare} is an address of rooms; give a person’s address.`, 'jid');
    }
    const { config } = await allowed(rooms.find(name));
    // Who is let in may read what was said: running the house does not need that.
    if (isClosed(config) && COMES_IN.includes(affiliation)) mustProve(by);
    const before = await allowed(rooms.affiliate(name, jid.bare, affiliation, reason), 'affiliation');
    if (before === affiliation) return;
    await this.#record(by, 'room.member', rooms, name, {
      who: jid.bare,
      from: before,
      to: affiliation,
      ...(reason !== '' && { reason: reason.slice(0, TOLD) }),
    });
  }

  /** Takes somebody out of a room; they may come again. Throws CommandError. */
  async kick(by: Actor, domain: string, input: string, nick: string, reason = ''): Promise<void> {
    const rooms = this.#rooms(domain);
    const name = checkName(input);
    const who = await allowed(rooms.kick(name, nick, reason), 'nick');
    await this.#record(by, 'room.kick', rooms, name, {
      who,
      nick: nick.slice(0, TOLD),
      ...(reason !== '' && { reason: reason.slice(0, TOLD) }),
    });
  }

  /**
   * What was said in a room, the newest first asked for: `before` is an id. Every look is in the audit log with its reason,
   * before anything is shown. Throws CommandError.
   */
  async archive(
    by: Actor,
    domain: string,
    input: string,
    { reason, before, limit = PAGE }: { readonly reason: string; readonly before?: number; readonly limit?: number },
  ): Promise<{ messages: RoomMessage[]; hasMore: boolean }> {
    const rooms = this.#rooms(domain);
    const name = checkName(input);
    const why = reason.trim();
    if (why.length < 5) {
      throw new CommandError('invalid', 'Say in a few words why you read what people said here.', 'reason');
    }
    const { messages, more } = await allowed(
      rooms.archive(name, { limit: Math.min(limit, MOST), ...(before !== undefined && { before }) }),
    );
    const [first, last] = [messages[0], messages.at(-1)];
    await this.#record(by, 'room.archive-read', rooms, name, {
      reason: why.slice(0, TOLD),
      messages: messages.length,
      ...(first !== undefined && { since: new Date(first.time).toISOString() }),
      ...(last !== undefined && { until: new Date(last.time).toISOString() }),
    });
    return { messages: [...messages], hasMore: more };
  }

  /**
   * Takes one message of a room away, as its moderators can: everybody is told, and a tombstone stays. Gives the ids of what
   * went, the message's own first and then what corrected it. Throws CommandError.
   */
  async moderate(by: Actor, domain: string, input: string, id: number, reason = ''): Promise<number[]> {
    const rooms = this.#rooms(domain);
    const name = checkName(input);
    const { nick, ids } = await allowed(rooms.moderate(name, id, reason.trim()), 'id');
    await this.#record(by, 'room.moderate', rooms, name, {
      message: id,
      nick: nick.slice(0, TOLD),
      ...(reason.trim() !== '' && { reason: reason.trim().slice(0, TOLD) }),
    });
    return [...ids];
  }

  /** Ends a room for good, with what was said in it. Its name is retired. Throws CommandError. */
  async destroy(
    by: Actor,
    domain: string,
    input: string,
    wish: { readonly confirm: string; readonly reason?: string; readonly alternate?: string },
  ): Promise<void> {
    const rooms = this.#rooms(domain);
    const name = checkName(input);
    const { confirm, reason = '', alternate = '' } = wish;
    await allowed(rooms.find(name));
    const own = `${name}@${rooms.domain}`;
    if (![name, own].includes(confirm.trim().toLowerCase())) {
      throw new CommandError('not-confirmed', `Give the address of the room, ${own}, to confirm.`, 'confirm');
    }
    const other = alternate === '' ? undefined : this.#roomOf(rooms, alternate);
    if (other === own) throw new CommandError('invalid', 'This is the room itself.', 'alternate');
    await allowed(rooms.destroy(name, { reason, alternate: other ?? '' }));
    await this.#record(by, 'room.destroy', rooms, name, {
      ...(reason !== '' && { reason: reason.slice(0, TOLD) }),
      ...(other !== undefined && { alternate: other }),
    });
  }

  /** Names of rooms that were destroyed, at most 200 at once. Throws CommandError. */
  async retired(domain: string, after = ''): Promise<{ rooms: RetiredView[]; hasMore: boolean }> {
    const found = await this.#rooms(domain).retired(after, MOST + 1);
    const shown = found
      .slice(0, MOST)
      .map(({ name, reason, alternate, retiredAt }) => ({ name, reason, alternate, retiredAt }));
    return { rooms: shown, hasMore: found.length > MOST };
  }

  /** Lets the name of a destroyed room be used again. Throws CommandError. */
  async free(by: Actor, domain: string, input: string): Promise<void> {
    const rooms = this.#rooms(domain);
    const name = checkName(input);
    if (!(await rooms.free(name))) throw new CommandError('room-not-found', `The name ${name} is not retired.`);
    await this.#record(by, 'room.free', rooms, name);
  }

  #rooms(input: string): RoomAdministration {
    const domain = tryParseJid(input)?.bare ?? '';
    const host = this.#house.get(domain);
    if (host === undefined) throw new CommandError('domain-not-found', `The domain ${input} is not served here.`);
    if (host.rooms === undefined) throw new CommandError('room-not-found', `${domain} has no rooms.`);
    return host.rooms;
  }

  /** The whole address of another room, or undefined when it cannot be one. */
  #roomOf(rooms: RoomAdministration, input: string): string {
    const jid = tryParseJid(input.includes('@') ? input : `${input}@${rooms.domain}`);
    if (jid !== undefined && jid.local !== '' && jid.resource === '') return jid.bare;
    throw new CommandError('invalid', `“${input}” is not the address of a room.`, 'alternate');
  }

  async #record(
    by: Actor,
    action: Deed,
    { domain }: RoomAdministration,
    name: string,
    detail: Detail = {},
  ): Promise<void> {
    await record(this.#stores.audit, by, action, `${name}@${domain}`, detail);
  }
}

function checkName(input: string): string {
  try {
    return checkLocal(input);
  } catch (error) {
    throw error instanceof CommandError ? new CommandError(error.code, error.message, 'name') : error;
  }
}

/** What the audit log says of a change: plain values, and of a password only that there is another one. */
function told(changes: Partial<RoomConfig>): Detail {
  const entries = Object.entries(changes).map(([key, value]): [string, string | number | boolean] => {
    if (key === 'password') return [key, value === '' ? 'removed' : 'changed'];
    if (Array.isArray(value)) return [key, value.join(' ').slice(0, TOLD) || '(none)'];
    if (typeof value === 'boolean') return [key, value ? 'on' : 'off'];
    return [key, typeof value === 'string' ? value.slice(0, TOLD) || '(none)' : (value as number)];
  });
  return Object.fromEntries(entries);
}

/** What the rooms refuse, as a refusal of the command; `field` is what was at fault if it is not the room. */
async function allowed<T>(work: Promise<T>, field?: string): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof StanzaError)) throw error;
    const { condition, message } = error;
    if (condition === 'item-not-found') throw new CommandError('room-not-found', message);
    const code = condition === 'conflict' && field === 'name' ? 'room-exists' : 'invalid';
    throw new CommandError(code, message || 'The room does not allow it.', field);
  }
}
