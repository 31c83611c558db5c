import type { Host } from '../host/host.ts';
import type { Module } from '../host/module.ts';
import { ifAllowed } from '../host/profiles.ts';
import { accountNodes } from '../pubsub/account-nodes.ts';
import type { Account } from '../storage/stores/accounts.ts';
import { KeyedMutex } from '../util/keyed-mutex.ts';
import {
  type Bookmark,
  nativeBookmark,
  readNative,
  readStorage,
  sameBookmark,
  sameBookmarks,
  storageOf,
} from '../xmpp/bookmarks.ts';
import { type Element, serialize } from '../xmpp/element.ts';
import { NS } from '../xmpp/ns.ts';

const ORIGIN = 'bookmarks';
/** Rooms of one account that are carried over. Lists that are longer stay where they are. */
const ROOMS_LIMIT = 300;
/** Bytes of the old list, which is one element. */
const STORAGE_LIMIT = 64 * 1024;

type Rooms = ReadonlyMap<string, Bookmark>;

/**
 * One's rooms, the same for all of one's clients (XEP-0402 §5.3): new ones keep an item for each room, old ones keep one
 * list, on a node (XEP-0048) or in private XML (XEP-0049). Whichever is written, the others follow. What is the same is not
 * written, and what is written here is not followed.
 */
export const bookmarks: Module = {
  name: 'bookmarks',
  xep: [402, '1.2.0'],
  also: [[48, '1.2']],
  start(host) {
    const turns = new Turns(host);
    return {
      accountFeatures: [`${NS.bookmarks}#compat`, `${NS.bookmarks}#compat-pep`],
      on: {
        published({ account, node, origin }) {
          if (origin === ORIGIN) return;
          if (node === NS.bookmarks) return turns.take(account, 'native', fromNative);
          if (node === NS.oldBookmarks) return turns.take(account, 'node', fromNode);
        },
        retracted: ({ account, node, origin }) =>
          node === NS.bookmarks && origin !== ORIGIN ? turns.take(account, 'native', fromNative) : undefined,
        kept: ({ account, xmlns, name }) =>
          xmlns === NS.oldBookmarks && name === 'storage' ? turns.take(account, 'private', fromPrivate) : undefined,
      },
    };
  },
};

type Turn = (host: Host, account: Account) => Promise<void>;

/** One change at a time for an account. Changes that come while one waits are done with it: each looks at what is there. */
class Turns {
  readonly #host: Host;
  readonly #mutex = new KeyedMutex<number>();
  readonly #waiting = new Set<string>();

  constructor(host: Host) {
    this.#host = host;
  }

  async take(account: Account, kind: string, turn: Turn): Promise<void> {
    const key = `${account.id} ${kind}`;
    if (this.#waiting.has(key)) return;
    this.#waiting.add(key);
    await this.#mutex.run(account.id, () => {
      this.#waiting.delete(key);
      return ifAllowed(this.#host, turn(this.#host, account));
    });
  }
}

interface NativeItem {
  readonly room: Bookmark;
  readonly id: string;
  readonly payload: Element;
}

/** The rooms that new clients keep, undefined when they are too many or too long. */
async function nativeItems(host: Host, account: Account): Promise<Map<string, NativeItem> | undefined> {
  const items = await accountNodes(host).items(account, NS.bookmarks);
  if (items === undefined || items.length > ROOMS_LIMIT) return undefined;
  const found = new Map<string, NativeItem>();
  for (const { id, payload } of items) {
    const room = payload && readNative(id, payload);
    if (payload !== undefined && room !== undefined) found.set(room.jid, { room, id, payload });
  }
  return found;
}

async function privateList(host: Host, account: Account): Promise<Element | undefined> {
  const xml = await host.house.stores.privateXml.get(account.id, NS.oldBookmarks, 'storage');
  return xml === undefined ? undefined : host.house.parse(xml);
}

async function nodeList(host: Host, account: Account): Promise<Element | undefined> {
  const payload = (await accountNodes(host).item(account, NS.oldBookmarks))?.payload;
  return payload?.name === 'storage' && payload.attrs.xmlns === NS.oldBookmarks ? payload : undefined;
}

/** §5.3.1 */
async function fromNative(host: Host, account: Account): Promise<void> {
  const items = await nativeItems(host, account);
  if (items === undefined) return;
  const rooms = new Map([...items].map(([jid, { room }]) => [jid, room]));
  await writePrivate(host, account, rooms);
  await writeNode(host, account, rooms);
}

async function fromPrivate(host: Host, account: Account): Promise<void> {
  const rooms = readStorage((await privateList(host, account)) ?? storageOf([]));
  if (rooms.size > ROOMS_LIMIT) return;
  await writeNative(host, account, rooms);
  await writeNode(host, account, rooms);
}

async function fromNode(host: Host, account: Account): Promise<void> {
  const list = await nodeList(host, account);
  if (list === undefined) return;
  const rooms = readStorage(list);
  if (rooms.size > ROOMS_LIMIT) return;
  await writeNative(host, account, rooms);
  await writePrivate(host, account, rooms);
}

async function writePrivate(host: Host, account: Account, rooms: Rooms): Promise<void> {
  const { privateXml } = host.house.stores;
  await privateXml.changes.run(account.id, async () => {
    const before = await privateList(host, account);
    if (sameBookmarks(rooms, before === undefined ? new Map() : readStorage(before))) return;
    const xml = serialize(storageOf(rooms.values(), before));
    if (Buffer.byteLength(xml) > STORAGE_LIMIT) return;
    await privateXml.put(account.id, [{ xmlns: NS.oldBookmarks, name: 'storage', xml }]);
  });
}

async function writeNode(host: Host, account: Account, rooms: Rooms): Promise<void> {
  const before = await nodeList(host, account);
  if (sameBookmarks(rooms, before === undefined ? new Map() : readStorage(before))) return;
  const payload = storageOf(rooms.values(), before);
  await accountNodes(host).publish(account, { node: NS.oldBookmarks, id: 'current', payload, origin: ORIGIN });
}

/** §5.3.2: only what is different is published or taken away, so that nobody is told of what is not. */
async function writeNative(host: Host, account: Account, rooms: Rooms): Promise<void> {
  const nodes = accountNodes(host);
  const items = await nativeItems(host, account);
  if (items === undefined) return;
  for (const room of rooms.values()) {
    const before = items.get(room.jid);
    if (sameBookmark(room, before?.room)) continue;
    const payload = nativeBookmark(room, before?.payload);
    await nodes.publish(account, { node: NS.bookmarks, id: before?.id ?? room.jid, payload, origin: ORIGIN });
  }
  for (const { room, id } of items.values()) {
    if (!rooms.has(room.jid)) await nodes.retract(account, NS.bookmarks, id, ORIGIN);
  }
}
