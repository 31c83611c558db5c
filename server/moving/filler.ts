import { firstIdAt, PER_MS } from '../storage/archive-id.ts';
import type { Statement } from '../storage/database.ts';
import type { Account } from '../storage/stores/accounts.ts';
import { NS } from '../xmpp/ns.ts';
import { ArchiveFiller } from './archive.ts';
import type { Contact } from './contacts.ts';
import type { Said } from './messages.ts';
import type { MovingNeeds } from './needs.ts';
import type { NodeItem } from './nodes.ts';
import { OwnThings } from './own.ts';
import { type Kind, Tally } from './tally.ts';
import type { Piece } from './understand.ts';

export interface FillerOptions {
  readonly needs: MovingNeeds;
  readonly account: Account;
  /** Entries of the archive that an earlier run has written. */
  readonly archived: number;
  /** Notes, in the same write, that so many entries are written. */
  readonly mark: (archived: number) => Statement;
  /** Older messages would go at once (ms since 1970); undefined: nothing is kept at all. */
  readonly keptFrom: number | undefined;
  readonly now: () => number;
}

/** Items of a contact list that are written at once. */
const SLICE = 500;
/** Characters of all that waits for one person; it is in memory until it is written. */
const ROOM = 16_000_000;
/** What leads to a picture (XEP-0084); there is one of somebody, or none. */
const MOST_PICTURES = 10;

/**
 * Gives somebody who was just made all that their old server kept of them. Whatever is written, written again it is the same: a
 * run that was cut short is done once more. Only the archive must not be, and is marked. Throws StorageError.
 */
export class Filler {
  readonly tally = new Tally();
  readonly #options: FillerOptions;
  readonly #own: OwnThings;
  readonly #archive: ArchiveFiller;
  readonly #contacts = new Map<string, Contact>();
  readonly #waiting: Said[] = [];
  readonly #pictures: NodeItem[] = [];
  #weight = 0;

  constructor(options: FillerOptions) {
    const { needs, account, archived, mark, now } = options;
    this.#options = options;
    this.#own = new OwnThings(needs, account);
    this.#archive = new ArchiveFiller(needs, account.id, archived, mark, now);
  }

  async add(piece: Piece): Promise<void> {
    switch (piece.is) {
      case 'contact':
        return this.#told('contacts', this.#contact(piece.contact));
      case 'request':
        return this.#told('requests', this.#request(piece.jid, piece.stanza));
      case 'card':
        return this.#told('cards', await this.#own.card(piece.card));
      case 'private':
        return this.#told('notes', await this.#own.keep(piece.element), (why) => `private XML: ${why}`);
      case 'blocked':
        return this.#told('blocked', await this.#own.block(piece.jid), (why) => `somebody blocked: ${why}`);
      case 'nodes':
        for (const node of piece.nodes) for (const what of await this.#own.node(node)) this.tally.leave(what);
        return;
      case 'item':
        // It leads to a picture, which may come after it in the file: then it would lead nowhere.
        if (piece.item.node === NS.avatarMetadata && this.#pictures.length < MOST_PICTURES)
          return void this.#pictures.push(piece.item);
        return this.#told('items', await this.#own.item(piece.item));
      case 'archived':
        return this.#told('messages', await this.#archived(piece.said, piece.why));
      case 'waiting':
        return this.#told('waiting', this.#waits(piece.said, piece.why));
      case 'left':
        return this.tally.leave(piece.what);
      case 'keys':
        return;
    }
  }

  /** All that there was has come. */
  async end(): Promise<void> {
    const { account, needs } = this.#options;
    for (const item of this.#pictures) this.#told('items', await this.#own.item(item));
    const list = [...this.#contacts.values()];
    for (let at = 0; at < list.length; at += SLICE) {
      await needs.stores.rosters.putAll(account.id, list.slice(at, at + SLICE));
    }
    await this.#archive.flush();
    await this.#deposit();
  }

  #told(kind: Kind, refused: string, about = (why: string): string => why): void {
    if (refused === '') this.tally.take(kind);
    else this.tally.leave(about(refused));
  }

  #contact(contact: Contact): string {
    const before = this.#contacts.get(contact.jid);
    if (!this.#room(before)) return 'a contact: the list is full';
    this.#contacts.set(contact.jid, { ...contact, pendingIn: before?.pendingIn });
    return before?.listed === true ? 'a contact that stands twice' : '';
  }

  #request(jid: string, stanza: string): string {
    const before = this.#contacts.get(jid);
    if (!this.#room(before)) return 'a request: the contact list is full';
    const plain = { name: '', groups: [], subscription: 'none' as const, ask: false, approved: false, listed: false };
    this.#contacts.set(jid, { ...(before ?? { jid, ...plain }), pendingIn: stanza });
    return before?.pendingIn === undefined ? '' : 'a request that stands twice';
  }

  #room(before: Contact | undefined): boolean {
    return before !== undefined || this.#contacts.size < this.#options.needs.limits.rosterItemsPerAccount;
  }

  async #archived(said: Said | undefined, why: string): Promise<string> {
    const { keptFrom } = this.#options;
    if (said === undefined) return why;
    return keptFrom === undefined ? 'a message: none are kept here' : this.#archive.add(said, keptFrom);
  }

  #waits(said: Said | undefined, why: string): string {
    if (said === undefined) return why;
    this.#weight += said.stanza.length;
    if (this.#weight > ROOM || this.#waiting.length >= this.#options.needs.limits.offlineMessagesPerAccount) {
      return 'a message that waits: there are too many';
    }
    this.#waiting.push(said);
    return '';
  }

  /** What waits for them. In the second half of a millisecond: the archive has the first for what is in it. */
  async #deposit(): Promise<void> {
    const { account, needs } = this.#options;
    const { offline } = needs.stores;
    const used = new Set<number>();
    for (let at = 0; at < this.#waiting.length; at += SLICE) {
      const batch = this.#waiting.slice(at, at + SLICE).map(({ time, stanza }) => {
        let id = firstIdAt(time) + PER_MS / 2;
        while (used.has(id)) id++;
        used.add(id);
        return { id, stanza };
      });
      // Once more is the same: nobody has come in yet.
      await needs.db.batch(
        batch.flatMap(({ id, stanza }) => [offline.removal(account.id, id), offline.append(account.id, id, stanza)]),
      );
    }
  }
}
