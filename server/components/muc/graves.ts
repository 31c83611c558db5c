import { corrects, type Done, isSettled, LOOKING, occupantIdOf, tombstone } from '../../archive/retraction.ts';
import type { House } from '../../host/house.ts';
import type { Statement } from '../../storage/database.ts';
import type { ArchivedMessage } from '../../storage/stores/archives.ts';
import { TokenBuckets } from '../../util/token-bucket.ts';
import { child, clone, type Element, el, escapeAttribute } from '../../xmpp/element.ts';
import { type Jid, tryParseJid } from '../../xmpp/jid.ts';
import { NS } from '../../xmpp/ns.ts';
import { Stanza } from '../../xmpp/stanza.ts';
import type { Room } from './room.ts';

/** Something that was said in a room, as the room sent it. */
export interface Said {
  readonly id: number;
  /** Whose it is: `room@service/nick` as it was then. */
  readonly from: Jid;
  readonly element: Element;
}

/** Finds what is to be retracted in a room, among what it remembers and in its archive, and puts tombstones there. */
export class Graves {
  readonly #house: House;
  readonly #looking = new TokenBuckets(LOOKING);

  constructor(house: House) {
    this.#house = house;
  }

  /**
   * The message that the room gave this id, first, and with it what its author corrected it by, or corrects by it (XEP-0308):
   * that says nearly the same. Empty when there is none. `asker` is the bare address of who wants to know, undefined for who
   * may want it as often as they like.
   */
  async find(room: Room, id: number, asker: string | undefined): Promise<Said[]> {
    const said = remembered(room).find((one) => one.id === id) ?? (await this.#archived(room, id));
    if (said === undefined) return [];
    const root: string = corrects(said.element) ?? said.element.attrs.id ?? '';
    if (root === '') return [said];
    const author = occupantIdOf(said.element);
    let group: Said[] = [];
    for (const one of await this.#around(room, said, root, asker)) {
      if (occupantIdOf(one.element) !== author || isSettled(one.element)) continue;
      if (one.element.attrs.id === root) {
        // Clients without imagination call all their messages the same: from here on it is about another one.
        if (group.some((each) => each.id === id)) break;
        group = [];
      } else if (corrects(one.element) !== root) continue;
      group.push(one);
    }
    return group.some((one) => one.id === id) ? [said, ...group.filter((one) => one.id !== id)] : [said];
  }

  /** What puts a tombstone in the place of a message: in the store, and, to be done after that, in what the room remembers. */
  bury(room: Room, { id, from, element }: Said, done: Done): { statements: Statement[]; remember: () => void } {
    const left = new Stanza(
      tombstone({ type: 'groupchat', id: element.attrs.id }, done, ...whatStays(room, element)),
      from,
      undefined,
    );
    return {
      statements: room.stored ? this.#house.stores.archiveSearch.replace(id, left.text) : [],
      remember: () => room.history.replace(id, left),
    };
  }

  async #archived(room: Room, id: number): Promise<Said | undefined> {
    if (!room.stored) return undefined;
    const page = await this.#house.stores.archives.page(room.id, { ids: [id], limit: 1, fromEnd: false });
    const [row] = page.rows;
    return row && this.#read(row);
  }

  /** What its author said under this id or about it, the oldest first. */
  async #around(room: Room, said: Said, root: string, asker: string | undefined): Promise<Said[]> {
    const all = new Map(remembered(room).map((one) => [one.id, one]));
    if (room.stored && (asker === undefined || this.#looking.take(asker) === 0)) {
      const { archiveSearch } = this.#house.stores;
      const rows = await archiveSearch.mentions(room.id, said.from.full, ` id='${escapeAttribute(root)}'`);
      for (const row of rows) {
        const one = this.#read(row);
        if (one !== undefined) all.set(one.id, one);
      }
    }
    return [...all.values()].sort((one, other) => one.id - other.id);
  }

  #read({ id, stanza }: ArchivedMessage): Said | undefined {
    const element = this.#house.parse(stanza);
    const from = tryParseJid(element.attrs.from ?? '');
    return from && { id, from, element };
  }
}

function remembered(room: Room): Said[] {
  return room.history.items.map(({ id, said }) => ({ id, from: said.from, element: said.element }));
}

/** Whose it was, under which id, and, of a retraction that was retracted by a moderator, what it retracted (XEP-0424 §5). */
function whatStays({ jid }: Room, element: Element): Element[] {
  const author = child(element, 'occupant-id', NS.occupantId);
  const ids = element.children.filter(
    (node): node is Element =>
      typeof node !== 'string' &&
      node.name === 'stanza-id' &&
      node.attrs.xmlns === NS.sid &&
      node.attrs.by === jid.bare,
  );
  const retracts = child(element, 'retract', NS.retract)?.attrs.id;
  return [
    ...(author === undefined ? [] : [clone(author)]),
    ...ids.map(clone),
    ...(retracts === undefined ? [] : [el('retract', { xmlns: NS.retract, id: retracts })]),
  ];
}
