import type { FileSpace } from '../host/file-space.ts';
import type { Account } from '../storage/stores/accounts.ts';
import type { Stores } from '../storage/stores/index.ts';
import type { OwnedUpload, UploadEdge, UploadLot, UploadQuery } from '../storage/stores/upload-lists.ts';
import type { UploadUse } from '../storage/stores/uploads.ts';
import { tryParseJid } from '../xmpp/jid.ts';
import { type Actor, record } from './actor.ts';
import { CommandError } from './command-error.ts';
import type { Deed, Detail } from './deeds.ts';
import { edgeWord, type FileOverview, type FileView, noEdge, readEdge, viewFile } from './file-views.ts';
import type { House } from './house.ts';

const PAGE = 50;
const MOST = 200;
/** Files that are taken away in one go, so that nobody else waits long for the store. */
const SLICE = 200;
/** Characters of what the audit log says of names. */
const TOLD = 300;
/** A link to a file, of this server by whatever name, encrypted (XEP-0454) or not. */
const LINK = /\/file\/([A-Za-z0-9_-]{24})(?:[/?#]|$)/;

/** Which files are meant by one wish: exactly one of the three. */
export interface LotWish {
  /** All of a person. */
  readonly person?: string;
  /** All that were shown to a room. */
  readonly room?: string;
  /** All from before a day, as `2026-01-31`, but for pictures of profiles. The day begins when it does for this machine. */
  readonly before?: string;
}

export interface FileWish {
  readonly order?: UploadQuery['order'];
  readonly person?: string;
  readonly room?: string;
  /** The `next` of the page before. */
  readonly after?: string;
  readonly limit?: number;
}

interface PageWish {
  readonly after?: string;
  readonly limit?: number;
}

interface Lot {
  readonly lot: UploadLot;
  /** What is to be typed to confirm. */
  readonly word: string;
}

/** What administrators do with the files that people uploaded. Nothing here opens a file. */
export class FileCommands {
  readonly #stores: Stores;
  readonly #house: House;
  readonly #space: FileSpace;

  constructor(stores: Stores, house: House, space: FileSpace) {
    this.#stores = stores;
    this.#house = house;
    this.#space = space;
  }

  /** How much there is, and how much may still come. */
  async overview(): Promise<FileOverview> {
    const [{ files, bytes }, free] = await Promise.all([this.#stores.uploads.total(), this.#space.free()]);
    const { total: most, reserve } = this.#space.all();
    const left = Math.max(0, Math.min(free - reserve, most === 0 ? Number.MAX_SAFE_INTEGER : most - bytes));
    const domains = this.#house.domains().map((domain) => ({ domain, ...this.#space.limits(domain) }));
    return { files, bytes, free, reserve, most, left, domains };
  }

  /** One page of files, and how many fit in all. Throws CommandError. */
  async list(wish: FileWish): Promise<{ files: FileView[]; total: UploadUse; next: string | null }> {
    const { order = 'newest', person, room, after, limit = PAGE } = wish;
    if (person !== undefined && room !== undefined) {
      throw new CommandError('invalid', 'Give a person or a room, not both.', 'room');
    }
    const account = person === undefined ? undefined : await this.#person(person);
    const place = room === undefined ? undefined : roomOf(room);
    const size = Math.min(limit, MOST);
    const [rows, total] = await Promise.all([
      this.#stores.uploadLists.page({
        order,
        limit: size + 1,
        ...(account !== undefined && { account: account.id }),
        ...(place !== undefined && { room: place }),
        ...(after !== undefined && { after: readEdge(after) }),
      }),
      this.#totalOf(account, place),
    ]);
    const last = rows.length > size ? rows[size - 1] : undefined;
    const value = last && (order === 'largest' ? last.bytes : last.createdAt);
    return {
      files: rows.slice(0, size).map(viewFile),
      total,
      next: last === undefined ? null : edgeWord({ value: value!, id: last.id }),
    };
  }

  /** Who has most, in a domain or in all. Throws CommandError. */
  async people(
    wish: PageWish & { readonly domain?: string },
  ): Promise<{ people: (UploadUse & { jid: string })[]; next: string | null }> {
    const { domain, after, limit = PAGE } = wish;
    if (domain !== undefined && this.#house.get(tryParseJid(domain)?.bare ?? '') === undefined) {
      throw new CommandError('domain-not-found', `The domain ${domain} is not served here.`);
    }
    const size = Math.min(limit, MOST);
    const rows = await this.#stores.uploadLists.people({
      limit: size + 1,
      ...(domain !== undefined && { domain: tryParseJid(domain)!.bare }),
      ...(after !== undefined && { after: readEdge(after) }),
    });
    const last = rows.length > size ? rows[size - 1] : undefined;
    return {
      people: rows.slice(0, size).map(({ jid, files, bytes }) => ({ jid, files, bytes })),
      next: last === undefined ? null : edgeWord({ value: last.bytes, id: last.account }),
    };
  }

  /** The rooms to which most was shown. Throws CommandError. */
  async rooms({ after, limit = PAGE }: PageWish): Promise<{
    rooms: (UploadUse & { room: string })[];
    next: string | null;
  }> {
    const [, bytes, room] = /^(\d{1,16})\.(.{1,3071})$/.exec(after ?? '') ?? [];
    if (after !== undefined && room === undefined) throw noEdge();
    const size = Math.min(limit, MOST);
    const rows = await this.#stores.uploadLists.rooms({
      limit: size + 1,
      ...(room !== undefined && { after: { bytes: Number(bytes), room } }),
    });
    const last = rows.length > size ? rows[size - 1] : undefined;
    return {
      rooms: rows.slice(0, size).map(({ room: jid, files, bytes: own }) => ({ room: jid, files, bytes: own })),
      next: last === undefined ? null : `${last.bytes}.${last.room}`,
    };
  }

  /** The file to which a link leads, from a chat for example. Throws CommandError. */
  async find(link: string): Promise<FileView> {
    const token = LINK.exec(link.trim())?.[1];
    if (token === undefined) {
      throw new CommandError(
        'invalid',
        'This is not the link of a file. It looks like https://…/file/…/photo.jpg.',
        'link',
      );
    }
    const found = await this.#stores.uploads.find(token);
    const [file] = found === undefined ? [] : await this.#stores.uploadLists.some([found.id]);
    if (file !== undefined) return viewFile(file);
    throw new CommandError('file-not-found', 'There is no file behind this link, or not any more.', 'link');
  }

  /** How many files a wish means. Throws CommandError. */
  async count(wish: LotWish): Promise<UploadUse> {
    const { lot } = await this.#lot(wish);
    return this.#use(lot);
  }

  /** Takes files away by their ids, at most 200. Those that are gone already do not matter. Throws CommandError. */
  async remove(by: Actor, ids: readonly number[]): Promise<UploadUse> {
    if (ids.length > MOST) throw new CommandError('invalid', `At most ${MOST} files at once.`, 'ids');
    const files = await this.#stores.uploadLists.some(ids);
    if (files.length === 0) {
      const message = ids.length === 1 ? 'This file is gone already.' : 'These files are gone already.';
      throw new CommandError('file-not-found', message);
    }
    await this.#stores.uploads.remove(files.map(({ id }) => id));
    for (const [jid, own] of Map.groupBy(files, (file) => file.jid)) {
      const names = own.map(({ name }) => name).join(', ');
      await this.#record(by, 'file.remove', jid, own, { names: names.slice(0, TOLD) });
    }
    return sum(files);
  }

  /**
   * Takes all files away that a wish means. `confirm` must be the address of the person or of the room, or the day. Written down
   * first, as it may take a while. Throws CommandError.
   */
  async removeAll(by: Actor, wish: LotWish, confirm: string): Promise<UploadUse> {
    const { lot, word } = await this.#lot(wish);
    if (confirm.trim().toLowerCase() !== word.toLowerCase()) {
      throw new CommandError('not-confirmed', `To delete all these files, type ${word}.`, 'confirm');
    }
    const { files, bytes } = await this.#use(lot);
    await record(this.#stores.audit, by, 'file.remove-all', word, { files, bytes });
    const gone = { files: 0, bytes: 0 };
    for (let after: UploadEdge | undefined; ; ) {
      const slice = await this.#stores.uploadLists.lot(lot, after, SLICE);
      const last = slice.at(-1);
      if (last === undefined) return gone;
      gone.files += await this.#stores.uploads.remove(slice.map(({ id }) => id));
      gone.bytes += sum(slice).bytes;
      after = { value: last.createdAt, id: last.id };
    }
  }

  async #lot({ person, room, before }: LotWish): Promise<Lot> {
    if ([person, room, before].filter((one) => one !== undefined).length !== 1) {
      throw new CommandError('invalid', 'Say which files: of a person, of a room, or from before a day.');
    }
    if (person !== undefined) {
      const account = await this.#person(person);
      return { lot: { account: account.id }, word: `${account.local}@${account.domain}` };
    }
    if (room !== undefined) return { lot: { room: roomOf(room) }, word: roomOf(room) };
    return { lot: { before: dayOf(before!) }, word: before! };
  }

  async #use(lot: UploadLot): Promise<UploadUse> {
    if ('account' in lot) return this.#stores.uploads.use(lot.account);
    return 'room' in lot ? this.#stores.uploadLists.room(lot.room) : this.#stores.uploadLists.before(lot.before);
  }

  async #totalOf(account: Account | undefined, room: string | undefined): Promise<UploadUse> {
    if (account !== undefined) return this.#use({ account: account.id });
    return room === undefined ? this.#stores.uploads.total() : this.#use({ room });
  }

  async #person(input: string): Promise<Account> {
    const jid = tryParseJid(input.trim());
    const account = jid === undefined || jid.resource !== '' ? undefined : await this.#stores.accounts.at(jid.bare);
    if (account !== undefined) return account;
    throw new CommandError('account-not-found', `There is nobody with the address ${input}.`, 'person');
  }

  async #record(
    by: Actor,
    action: Deed,
    subject: string,
    files: readonly OwnedUpload[],
    detail: Detail,
  ): Promise<void> {
    await record(this.#stores.audit, by, action, subject, { ...sum(files), ...detail });
  }
}

function sum(files: readonly { readonly bytes: number }[]): { files: number; bytes: number } {
  return { files: files.length, bytes: files.reduce((all, { bytes }) => all + bytes, 0) };
}

/** The address of a room. Throws CommandError. */
function roomOf(input: string): string {
  const jid = tryParseJid(input.trim());
  if (jid !== undefined && jid.local !== '' && jid.resource === '') return jid.bare;
  throw new CommandError('invalid', `“${input}” is not the address of a room.`, 'room');
}

/** When a day begins, ms since 1970. Throws CommandError for what is none, or has not begun. */
function dayOf(input: string): number {
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(input) ?? [];
  const date = new Date(Number(year), Number(month) - 1, Number(day));
  if (day === undefined || date.getMonth() !== Number(month) - 1 || date.getDate() !== Number(day)) {
    throw new CommandError('invalid', 'Write the day like 2026-01-31.', 'before');
  }
  if (date.getTime() > Date.now()) throw new CommandError('invalid', 'This day is still to come.', 'before');
  return date.getTime();
}
