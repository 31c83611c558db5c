import { child, clone, type Element, el, elements, removeChildren, textOf } from './element.ts';
import { tryParseJid } from './jid.ts';
import { NS } from './ns.ts';

/** One room that somebody keeps, in the terms that old and new bookmarks share. */
export interface Bookmark {
  /** The room's bare address. */
  readonly jid: string;
  readonly name: string | undefined;
  readonly autojoin: boolean;
  readonly nick: string | undefined;
  readonly password: string | undefined;
}

const isTrue = (value: string | undefined): boolean => value === 'true' || value === '1'; // XML Schema's boolean

function read(jid: string, conference: Element): Bookmark | undefined {
  const room = tryParseJid(jid);
  if (room === undefined) return undefined;
  const of = (name: string): string | undefined => {
    const value = textOf(child(conference, name));
    return value === '' ? undefined : value;
  };
  const name: string | undefined = conference.attrs.name;
  return {
    jid: room.bare,
    name: name === '' ? undefined : name,
    autojoin: isTrue(conference.attrs.autojoin),
    nick: of('nick'),
    password: of('password'),
  };
}

/** The rooms in a `<storage xmlns='storage:bookmarks'/>` (XEP-0048 §2.1), by address; the last of two that are the same. */
export function readStorage(storage: Element): Map<string, Bookmark> {
  const rooms = new Map<string, Bookmark>();
  for (const conference of elements(storage)) {
    const room = conference.name === 'conference' ? read(conference.attrs.jid ?? '', conference) : undefined;
    if (room !== undefined) rooms.set(room.jid, room);
  }
  return rooms;
}

/** A room as an item of `urn:xmpp:bookmarks:1` (XEP-0402 §2), undefined for what is none. */
export function readNative(id: string, conference: Element): Bookmark | undefined {
  const fits = conference.name === 'conference' && conference.attrs.xmlns === NS.bookmarks;
  return fits ? read(id, conference) : undefined;
}

const shared = ({ name, autojoin }: Bookmark): Record<string, string | undefined> => ({
  name,
  autojoin: autojoin ? 'true' : undefined,
});
const within = ({ nick, password }: Bookmark): (Element | false)[] => [
  nick !== undefined && el('nick', {}, nick),
  password !== undefined && el('password', {}, password),
];

/**
 * The payload of an item for a room. What only new clients know (its extensions) is kept from `before`, as the old ones
 * cannot have meant to take it away (XEP-0402 §2).
 */
export function nativeBookmark(room: Bookmark, before?: Element): Element {
  const extensions = before === undefined ? undefined : child(before, 'extensions');
  const kept = extensions === undefined ? undefined : clone(extensions);
  return el('conference', { xmlns: NS.bookmarks, ...shared(room) }, ...within(room), kept);
}

/**
 * All rooms in one element, as old clients know it (XEP-0402 §5.3.1). What is in `before` and no room, such as the address
 * of a page, stays.
 */
export function storageOf(rooms: Iterable<Bookmark>, before?: Element): Element {
  const storage = before === undefined ? el('storage', { xmlns: NS.oldBookmarks }) : clone(before);
  removeChildren(storage, (one) => one.name === 'conference');
  for (const room of rooms) {
    const conference = el('conference', { ...shared(room), jid: room.jid }, ...within(room));
    conference.parent = storage;
    storage.children.push(conference);
  }
  return storage;
}

/** Two bookmarks mean the same. */
export function sameBookmark(one: Bookmark | undefined, other: Bookmark | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return (
    one.jid === other.jid &&
    one.name === other.name &&
    one.autojoin === other.autojoin &&
    one.nick === other.nick &&
    one.password === other.password
  );
}

/** Two lists hold the same rooms, in whatever order. */
export function sameBookmarks(one: ReadonlyMap<string, Bookmark>, other: ReadonlyMap<string, Bookmark>): boolean {
  return one.size === other.size && [...one].every(([jid, room]) => sameBookmark(room, other.get(jid)));
}
