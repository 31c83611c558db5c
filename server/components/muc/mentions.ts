import { randomBytes } from 'node:crypto';
import { covers } from '../../host/blocklist.ts';
import { Ledger } from '../../host/ledger.ts';
import { accountNodes } from '../../pubsub/account-nodes.ts';
import type { Statement } from '../../storage/database.ts';
import type { Account } from '../../storage/stores/accounts.ts';
import type { Reach } from '../../storage/stores/room-reach.ts';
import { TokenBuckets } from '../../util/token-bucket.ts';
import { child, type Element, el, elements, textOf } from '../../xmpp/element.ts';
import { type Jid, parseJid, tryParseJid } from '../../xmpp/jid.ts';
import { NS } from '../../xmpp/ns.ts';
import { Stanza } from '../../xmpp/stanza.ts';
import { StanzaError } from '../../xmpp/stanza-error.ts';
import { atLeast } from './affiliations.ts';
import type { RoomFeature, Talk } from './feature.ts';
import { Names } from './names.ts';
import type { Occupant } from './occupant.ts';
import type { Room } from './room.ts';
import type { Rooms } from './rooms.ts';

/** People who are told of one message; and of how many one person has others told, at once and in the long run. */
const MOST = 20;
const RATE = { capacity: 40, perSecond: 1 / 10, keys: 10_000 };

/**
 * Members who are not in the room hear that they were spoken of: their phones are woken (XEP-0357), and one notice waits for them,
 * not another one until they have come. Their client shows it as a message, and as an invitation (XEP-0249).
 */
export const mentions: RoomFeature = {
  name: 'mentions',
  xep: [372, '0.5.0'],
  also: [
    [492, '0.2.0'],
    [513, '0.1.0'],
  ],
  start(rooms) {
    const known = new WeakMap<Room, Known>();
    const open = new Set<Promise<void>>();
    /** Nobody waits for it, but the room does, and the service when it ends. */
    const later = (room: Room, task: Promise<void>): void => {
      const done = rooms.inUse
        .using(room, () => task)
        .catch((error: unknown) => {
          rooms.host.house.log.error({ err: error, room: room.jid.bare }, 'who was spoken of could not be told');
        })
        .finally(() => open.delete(done));
      open.add(done);
    };
    const rate = new TokenBuckets(RATE);
    const knownOf = (room: Room): Known => {
      let one = known.get(room);
      if (one === undefined) {
        one = new Known(rooms, room);
        known.set(room, one);
      }
      return one;
    };
    const isMember = (room: Room, jid: Jid): boolean =>
      room.stored && jid.domain === rooms.host.domain && atLeast(room.affiliationOf(jid), 'member');
    return {
      join: {
        history({ room, from, occupant, newcomer }) {
          if (newcomer && isMember(room, from)) later(room, knownOf(room).here(occupant!));
        },
      },
      groupchat: {
        after({ room, stanza, occupant, said, archiveId }) {
          const body = archiveId === 0 ? undefined : child(stanza.element, 'body');
          if (body === undefined || !room.stored) return;
          const one = knownOf(room);
          const people = one.mentioned(said.element, textOf(body));
          const spread = (found: ReadonlySet<string>) => tell(rooms, one, rate, { room, occupant, said }, found);
          if (people instanceof Promise) later(room, people.then(spread));
          else if (people.size > 0) later(room, spread(people));
        },
      },
      stop: async () => void (await Promise.all(open)),
      leave: {
        after({ room, occupant }) {
          const jid = parseJid(occupant.bare);
          if (!room.destroyed && isMember(room, jid)) later(room, knownOf(room).here(occupant));
        },
      },
    };
  },
};

const NOBODY: ReadonlySet<string> = new Set();

/** By what the members of one room are known. */
class Known {
  readonly #rooms: Rooms;
  readonly #room: Room;
  #names: Names | undefined;
  #ids: Map<string, string> | undefined;
  #version = -1;
  #reach: Map<string, Reach> | undefined;
  #loading: Promise<Map<string, Reach>> | undefined;

  constructor(rooms: Rooms, room: Room) {
    this.#rooms = rooms;
    this.#room = room;
  }

  /** Whom a message speaks of: addresses of members. What the sender's client says of it counts more than the text. */
  mentioned(element: Element, body: string): ReadonlySet<string> | Promise<ReadonlySet<string>> {
    const explicit = elements(element).filter(
      ({ name, attrs }) =>
        (name === 'reference' && attrs.xmlns === NS.reference && attrs.type === 'mention') ||
        (name === 'mention' && attrs.xmlns === NS.mentions && attrs.mentions === undefined),
    );
    const read = (names: Names): ReadonlySet<string> => {
      if (names.empty) return NOBODY;
      if (explicit.length === 0) return names.in(body);
      return new Set(explicit.slice(0, MOST).flatMap((one) => this.#meant(one) ?? []));
    };
    // A correction (XEP-0308) is of what was told already.
    if (child(element, 'replace', NS.messageCorrect) !== undefined) return NOBODY;
    if (this.#reach === undefined) return this.#load().then(() => read(this.#currentNames()));
    return read(this.#currentNames());
  }

  /** Notes that somebody is told now; gives what is to be written with it, undefined when they were told already. */
  async tell(bare: string): Promise<Statement | undefined> {
    const reach = await this.#load();
    const before = reach.get(bare);
    if (before?.told === true) return undefined;
    const now = { jid: bare, knownAs: before?.knownAs ?? '', told: true };
    reach.set(bare, now);
    return this.#rooms.host.house.stores.roomReach.statement(this.#room.id, now);
  }

  /** A member is in, under this name. */
  async here({ bare, nick }: Occupant): Promise<void> {
    const reach = await this.#load();
    const before = reach.get(bare);
    if (before?.knownAs === nick && !before.told) return;
    const now = { jid: bare, knownAs: nick, told: false };
    reach.set(bare, now);
    this.#names = undefined;
    const { db, stores, log } = this.#rooms.host.house;
    db.queue([stores.roomReach.statement(this.#room.id, now)], (error) => log.error({ err: error }, 'not stored'));
  }

  #load(): Promise<Map<string, Reach>> {
    this.#loading ??= this.#rooms.host.house.stores.roomReach.of(this.#room.id).then((rows) => {
      this.#reach = new Map(rows.map((one) => [one.jid, one]));
      return this.#reach;
    });
    return this.#loading;
  }

  #currentNames(): Names {
    const { members } = this.#room;
    if (this.#names === undefined || this.#version !== members.version) {
      this.#version = members.version;
      this.#ids = undefined;
      this.#names = new Names();
      for (const { jid, affiliation, nick } of members.values()) {
        const who = tryParseJid(jid);
        if (who?.domain !== this.#rooms.host.domain || !atLeast(affiliation, 'member')) continue;
        for (const name of [nick, this.#reach?.get(jid)?.knownAs ?? '']) this.#names.add(name, jid);
        this.#names.add(who.local, jid, true);
      }
    }
    return this.#names;
  }

  /** XEP-0372 §4.2: an address, or a name in the room; XEP-0513 §3.1: an occupant's id or an address. */
  #meant({ name, attrs }: Element): string | undefined {
    const { members, jid: room } = this.#room;
    if (name === 'mention' && attrs.occupantid !== undefined) {
      this.#ids ??= new Map([...members.keys()].map((one) => [this.#room.occupantId(one), one]));
      return this.#ids.get(attrs.occupantid);
    }
    const address: string = name === 'mention' ? (attrs.jid ?? '') : decoded(attrs.uri ?? '');
    const who = tryParseJid(address);
    if (who === undefined) return undefined;
    if (who.bare !== room.bare) return members.has(who.bare) ? who.bare : undefined;
    for (const { jid, nick } of members.values()) {
      if (nick === who.resource || this.#reach?.get(jid)?.knownAs === who.resource) return jid;
    }
    return undefined;
  }
}

/** The address in an `xmpp:` URI (RFC 5122), '' for what is none. */
function decoded(uri: string): string {
  if (!uri.startsWith('xmpp:')) return '';
  try {
    return decodeURIComponent(uri.slice(5).split('?', 1)[0]!);
  } catch {
    return '';
  }
}

type Said = Pick<Talk, 'room' | 'occupant' | 'said'>;

async function tell(
  rooms: Rooms,
  known: Known,
  rate: TokenBuckets,
  talk: Said,
  people: ReadonlySet<string>,
): Promise<void> {
  let left = MOST;
  for (const bare of people) {
    const who = parseJid(bare);
    const member = atLeast(talk.room.affiliationOf(who), 'member') && who.domain === rooms.host.domain;
    if (bare === talk.occupant.bare || !member) continue;
    if (left-- <= 0 || rate.take(talk.occupant.bare) > 0) return;
    const account = await rooms.host.house.stores.accounts.at(bare);
    if (account?.status === 'active') await tellOne(rooms, known, talk, account, who);
  }
}

async function tellOne(rooms: Rooms, known: Known, talk: Said, account: Account, who: Jid): Promise<void> {
  const { host } = rooms;
  const { room, occupant, said } = talk;
  if (!(await wants(rooms, room, occupant, account))) return;
  const inside = new Set<string>();
  for (const [key, { bare }] of room.clients) if (bare === who.bare) inside.add(parseJid(key).resource);
  const told = inside.size > 0 ? undefined : await known.tell(who.bare);
  if (told === undefined) {
    host.events.emit('mentioned', { account, stanza: said.for(who), inside });
    return;
  }
  const ledger = new Ledger();
  ledger.statements.push(told);
  try {
    await host.post(new Stanza(notice(room, occupant), room.jid, who), ledger);
  } catch (error) {
    if (!(error instanceof StanzaError)) throw error; // they have blocked the room, or too much waits for them
  }
}

/** Not of whom they have blocked, and not when they said that this room is to be silent (XEP-0492). */
async function wants({ host }: Rooms, room: Room, occupant: Occupant, account: Account): Promise<boolean> {
  const blocked = await host.house.stores.blocking.list(account.id);
  if (covers(blocked, parseJid(occupant.bare)) || covers(blocked, room.jid)) return false;
  const bookmark = await accountNodes(host).item(account, NS.bookmarks, room.jid.bare);
  const extensions = bookmark?.payload && child(bookmark.payload, 'extensions');
  const notify = extensions && child(extensions, 'notify', NS.notifications);
  return (
    notify === undefined ||
    !elements(notify).some(({ name, attrs }) => {
      return name === 'never' && attrs['identity-category'] === undefined;
    })
  );
}

/** What was said is not in it: it may be taken back, and this stays. */
function notice({ jid, name, config: { title, password } }: Room, { nick }: Occupant): Element {
  const text = `${nick} mentioned you in ${title === '' ? name : title}.`;
  const place = { jid: jid.bare, password: password === '' ? undefined : password, reason: text };
  const id = randomBytes(12).toString('base64url');
  return el('message', { id }, el('body', {}, text), el('x', { xmlns: NS.conference, ...place }));
}
