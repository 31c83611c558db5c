import type { Sent } from '../host/session.ts';
import { child, elements } from '../xmpp/element.ts';
import { NS } from '../xmpp/ns.ts';
import type { Stanza } from '../xmpp/stanza.ts';

/** Stanzas, and characters of them, that are held back for one client; more are sent on. */
const LIMIT = 500;
const CHARACTERS = 1024 * 1024;

/**
 * What waits for an inactive client to look (XEP-0352 §3.2), the newest of each kind in the place of older ones. Only things
 * of the moment wait: what is lost with the session, should it end meanwhile, nobody will miss.
 */
export class HeldBack {
  readonly #held = new Map<string, Sent>();
  #characters = 0;

  /** Holds a stanza back; false when it cannot wait or there is no room. */
  hold(stanza: Stanza, text: string): boolean {
    const key = kindOf(stanza, text);
    if (key === undefined) return false;
    const older = this.#held.get(key);
    const characters = this.#characters + text.length - (older?.text.length ?? 0);
    if (characters > CHARACTERS || (older === undefined && this.#held.size >= LIMIT)) return false;
    this.#characters = characters;
    // The place of the newest is at the end: what came in between is older.
    this.#held.delete(key);
    this.#held.set(key, { stanza, text, at: Date.now() });
    return true;
  }

  /** Lets go of everything, in order. */
  release(): Sent[] {
    if (this.#held.size === 0) return [];
    const all = [...this.#held.values()];
    this.#held.clear();
    this.#characters = 0;
    return all;
  }
}

/** The same word for stanzas of which only the newest counts; undefined for one that cannot wait. */
function kindOf(stanza: Stanza, text: string): string | undefined {
  const { kind, from, type, element } = stanza;
  if (kind === 'iq') return undefined; // somebody waits for the answer, and a roster push must not come out of order
  if (kind === 'presence') {
    if (type !== '' && type !== 'unavailable') return undefined;
    return isOwnInRoom(stanza) ? undefined : `presence ${from.full}`;
  }
  if (type === 'error') return undefined;
  // A carbon has its content in its text only (modules/carbons.ts).
  if (element.children.length === 0) return typingElsewhere(stanza, text);
  if (child(element, 'body') !== undefined) return undefined;
  if (type === 'groupchat' && child(element, 'subject') !== undefined) return `subject ${from.bare}`; // XEP-0045 §8.1
  if (onlyTyping(stanza)) return `typing ${from.full}`;
  return event(stanza);
}

/** XEP-0045 §7.2.2: status 110 tells a client that its own joining, leaving or new nickname is done: it waits for that. */
function isOwnInRoom({ element }: Stanza): boolean {
  const x = child(element, 'x', NS.mucUser);
  return x !== undefined && elements(x).some(({ name, attrs }) => name === 'status' && attrs.code === '110');
}

/** What may come along with a chat state, and says nothing of its own. */
const ASIDE: ReadonlySet<string> = new Set([NS.chatStates, NS.hints, NS.sid]);

/** XEP-0085 and nothing else. */
function onlyTyping({ element }: Stanza): boolean {
  let typing = false;
  for (const node of element.children) {
    if (typeof node === 'string') continue;
    const { xmlns } = node.attrs;
    if (xmlns === undefined ? node.name !== 'thread' : !ASIDE.has(xmlns)) return false;
    typing ||= xmlns === NS.chatStates;
  }
  return typing;
}

const CARBON = /^<message [^>]*><(sent|received) xmlns='urn:xmpp:carbons:2'><forwarded [^>]*><message ([^>]*)>/;
/** The tags in a carbon that has nothing but a chat state in it. */
const TYPING_TAGS =
  /^(?:<(?:active|composing|paused|inactive|gone) xmlns='http:\/\/jabber\.org\/protocol\/chatstates'\/>|<thread>[^<]*<\/thread>|<[\w-]+ xmlns='urn:xmpp:(?:hints|sid:0)'[^>]*\/>)+<\/message>/;

/** One's own typing on another device, or somebody's to another device: a carbon with a chat state only (XEP-0280 §6). */
function typingElsewhere({ from }: Stanza, text: string): string | undefined {
  const carbon = CARBON.exec(text);
  if (carbon === null || !TYPING_TAGS.test(text.slice(carbon[0].length))) return undefined;
  const [, way, attributes = ''] = carbon;
  const peer = /\b(?:from|to)='[^']*'/g;
  return `${way} ${from.full} ${attributes.match(peer)?.join(' ') ?? ''}`;
}

/** The server's own notice of what was read elsewhere: it takes notifications off the screen of a phone that lies there. */
const AT_ONCE: ReadonlySet<string> = new Set(['urn:xmpp:mds:displayed:0']);

/** News of a person's nodes (XEP-0163 §4.3): of each item the newest. What a service sends, somebody has asked for. */
function event({ element, from, type }: Stanza): string | undefined {
  if (from.local === '' || (type !== 'headline' && type !== 'normal')) return undefined;
  const items = child(element, 'event', NS.pubsubEvent)?.getChild('items');
  const node: string | undefined = items?.attrs.node;
  if (items === undefined || node === undefined || AT_ONCE.has(node)) return undefined;
  const ids = elements(items).map(({ attrs }) => attrs.id as string | undefined);
  return `event ${from.bare} ${node} ${ids.join(' ')}`;
}
