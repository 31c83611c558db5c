// XEP-0115 1.6.0
import { createHash, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { CAPS_HASHES, type Capabilities, readCapabilities, verificationString } from '../xmpp/caps.ts';
import { CAPS2, HASHES, hashInput } from '../xmpp/caps2.ts';
import { child, type Element, el, elements, textOf } from '../xmpp/element.ts';
import type { Jid } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';
import { Stanza } from '../xmpp/stanza.ts';
import { NAME_LENGTH } from './limits.ts';

/** Nodes that one client can be interested in, and the characters of their names together. */
const MOST = 500;
const MOST_CHARACTERS = 50_000;
/** Characters of names that are remembered with their verification strings; an office has a few dozen of these. */
const REMEMBERED = 5_000_000;
/** Longer ones are not of the form that XEP-0115 gives them. */
const LONGEST_VER = 200;
/** Questions that wait for an answer, and for how long, in ms. */
const ASKED = 2_000;
const PATIENCE = 30_000;
const NOTHING: ReadonlySet<string> = new Set();

interface Caps {
  /** What the same answer is remembered under, for everybody. */
  readonly key: string;
  readonly algorithm: 'sha1' | 'sha256' | 'sha512' | undefined;
  readonly ver: string;
  readonly node: string;
  /** What is hashed of an answer. */
  readonly input: (capabilities: Capabilities) => string;
}

/** A device that can be interested: a session of ours, or what is known of one elsewhere. */
export interface Listener {
  readonly jid: Jid;
  /** What says what it can; undefined when it does not listen. */
  readonly lastPresence: Stanza | undefined;
}

interface Question {
  readonly session: Listener;
  readonly caps: Caps;
  readonly timer: NodeJS.Timeout;
}

const cut = (text: string | undefined): string | undefined => text?.slice(0, NAME_LENGTH + 1);

/** What of a presence is of interest here, to be kept in its place. */
export function capsOnly({ element, from }: Stanza): Stanza {
  const c = child(element, 'c', NS.caps);
  const { hash, ver, node } = (c?.attrs ?? {}) as Record<string, string>;
  const old = c && el('c', { xmlns: NS.caps, hash: cut(hash), ver: cut(ver), node: cut(node) });
  const chosen = old === undefined ? hashOf(element) : undefined;
  const more = chosen && el('hash', { xmlns: HASHES, algo: cut(chosen.algo) }, cut(chosen.hash));
  return new Stanza(el('presence', {}, old, more && el('c', { xmlns: CAPS2 }, more)), from, undefined);
}

/** The first hash that we can make ourselves of those in a presence (XEP-0390 §5.4). */
function hashOf(presence: Element): { algo: string; hash: string } | undefined {
  const set = child(presence, 'c', CAPS2);
  for (const one of set === undefined ? [] : elements(set)) {
    const algo: string = one.attrs.algo ?? '';
    if (one.attrs.xmlns === HASHES && one.name === 'hash' && Object.hasOwn(CAPS_HASHES, algo)) {
      return { algo, hash: textOf(one) };
    }
  }
  return undefined;
}

/** Nearly every client says what XEP-0115 wants; XEP-0390 is for those that do not. */
function capsOf({ lastPresence }: Listener): Caps | undefined {
  if (lastPresence === undefined) return undefined;
  const c = child(lastPresence.element, 'c', NS.caps);
  if (c === undefined) {
    const { algo, hash } = hashOf(lastPresence.element) ?? { algo: '', hash: '' };
    if (algo === '' || hash.length > LONGEST_VER) return undefined;
    const node = `${CAPS2}#${algo}.${hash}`;
    return { key: node, algorithm: CAPS_HASHES[algo], ver: hash, node, input: hashInput };
  }
  const { hash = '', ver = '', node = '' } = c.attrs as Record<string, string>;
  if (hash.length + ver.length > LONGEST_VER || node.length > NAME_LENGTH) return undefined;
  const algorithm = Object.hasOwn(CAPS_HASHES, hash) ? CAPS_HASHES[hash] : undefined;
  return { key: `${hash} ${ver}`, algorithm, ver, node: `${node}#${ver}`, input: verificationString };
}

/**
 * Which nodes each session wants to hear of, by its entity capabilities (XEP-0115): features that end in `+notify` (XEP-0060
 * §9.2). One session is asked for each verification string that is not known. Its answer counts for others only if the hash is
 * right (§5.4), and for itself in any case.
 */
export class Interests {
  readonly #put: (session: Listener, question: Element) => void;
  readonly #learned: (session: Listener, nodes: ReadonlySet<string>) => void;
  readonly #verified = new LRUCache<string, ReadonlySet<string>>({
    maxSize: REMEMBERED,
    sizeCalculation: (nodes) => [...nodes].reduce((sum, name) => sum + name.length, LONGEST_VER),
  });
  readonly #known = new WeakMap<Listener, { readonly key: string; readonly nodes: ReadonlySet<string> }>();
  /** By the id of the iq. */
  readonly #questions = new Map<string, Question>();
  readonly #asked = new WeakMap<Listener, string>();
  /** Who has the same verification string as the one who was asked. */
  readonly #waiting = new Map<string, Set<Listener>>();

  /**
   * `put` sends a session an iq in the name of an account that gets the answer; `learned` is told of the nodes that a session
   * turned out to be interested in, those it was before left out.
   */
  constructor(
    put: (session: Listener, question: Element) => void,
    learned: (session: Listener, nodes: ReadonlySet<string>) => void,
  ) {
    this.#put = put;
    this.#learned = learned;
  }

  of(session: Listener): ReadonlySet<string> {
    return this.#known.get(session)?.nodes ?? NOTHING;
  }

  /** What `knew` takes, undefined when nothing is known of it. */
  known(session: Listener): { readonly key: string; readonly nodes: readonly string[] } | undefined {
    const known = this.#known.get(session);
    return known && { key: known.key, nodes: [...known.nodes] };
  }

  /** It was known before, and has the last items. */
  knew(session: Listener, { key, nodes }: { readonly key: string; readonly nodes: readonly string[] }): void {
    this.#known.set(session, { key, nodes: new Set(nodes) });
  }

  /** A session sent presence. */
  seen(session: Listener): void {
    const caps = capsOf(session);
    if (caps === undefined) {
      this.#known.delete(session);
      return;
    }
    if (this.#known.get(session)?.key === caps.key) return;
    const verified = caps.algorithm === undefined ? undefined : this.#verified.get(caps.key);
    if (verified !== undefined) this.#learn(session, caps.key, verified);
    else this.#ask(session, caps);
  }

  /** A session is not available any more: when it comes back it is a newcomer. */
  left(session: Listener): void {
    this.#known.delete(session);
    const id = this.#asked.get(session);
    if (id !== undefined) this.#close(id);
  }

  /** Takes the answer to a question of ours; false for any other iq. */
  answered(stanza: Stanza): boolean {
    const question = this.#questions.get(stanza.id);
    if (question === undefined || question.session.jid.full !== stanza.from.full) return false;
    const { session, caps } = question;
    const query = child(stanza.element, 'query', NS.discoInfo);
    const { nodes, proven } = query === undefined ? { nodes: NOTHING, proven: false } : judge(query, caps);
    if (proven) this.#verified.set(caps.key, nodes);
    const now = capsOf(session);
    if (now?.key === caps.key) this.#learn(session, caps.key, nodes);
    this.#close(stanza.id);
    if (now !== undefined && now.key !== caps.key) this.seen(session);
    return true;
  }

  stop(): void {
    for (const { timer } of this.#questions.values()) clearTimeout(timer);
    this.#questions.clear();
    this.#waiting.clear();
  }

  #ask(session: Listener, caps: Caps): void {
    if (this.#asked.has(session)) return; // it is looked at again when the answer is there
    const shared = caps.algorithm !== undefined;
    const others = shared ? this.#waiting.get(caps.key) : undefined;
    if (others !== undefined) {
      if (others.size < ASKED) others.add(session);
      return;
    }
    if (this.#questions.size >= ASKED) return; // its next presence tries again
    const id = randomBytes(16).toString('base64url');
    const timer = setTimeout(() => this.#close(id), PATIENCE).unref();
    this.#questions.set(id, { session, caps, timer });
    this.#asked.set(session, id);
    if (shared) this.#waiting.set(caps.key, new Set());
    // XEP-0115 §6.2: what is asked for is what this verification string stands for.
    const query = el('query', { xmlns: NS.discoInfo, node: caps.ver === '' ? undefined : caps.node });
    this.#put(session, el('iq', { type: 'get', id }, query));
  }

  /** A question is over, answered or not: those who waited for the answer take it, or the next of them is asked. */
  #close(id: string): void {
    const question = this.#questions.get(id);
    if (question === undefined) return;
    const { session, caps, timer } = question;
    clearTimeout(timer);
    this.#questions.delete(id);
    this.#asked.delete(session);
    if (caps.algorithm === undefined) return;
    const waiting = this.#waiting.get(caps.key) ?? new Set();
    this.#waiting.delete(caps.key);
    for (const other of waiting) if (other.lastPresence !== undefined) this.seen(other);
  }

  #learn(session: Listener, key: string, nodes: ReadonlySet<string>): void {
    const before = this.of(session);
    this.#known.set(session, { key, nodes });
    const added = nodes.difference(before);
    if (added.size > 0) this.#learned(session, added);
  }
}

/**
 * What an answer says, and whether its hash is that of the presence. The names are taken from the verification string, not
 * from the list of features: two answers of the same hash have the same string, but a string can be cut into features in more
 * than one way, and who cuts it differently must not change what others with the same client hear of.
 */
function judge(query: Element, caps: Caps): { nodes: ReadonlySet<string>; proven: boolean } {
  const capabilities = readCapabilities(query);
  if (capabilities === undefined) return { nodes: NOTHING, proven: false };
  const text = caps.input(capabilities);
  const nodes = new Set<string>();
  let room = MOST_CHARACTERS;
  for (const part of text.split(/[<\p{Cc}]/u)) {
    if (!part.endsWith('+notify') || part.length > Math.min(NAME_LENGTH, room) || nodes.size >= MOST) continue;
    nodes.add(part.slice(0, -7));
    room -= part.length;
  }
  const { algorithm, ver } = caps;
  return { nodes, proven: algorithm !== undefined && createHash(algorithm).update(text).digest('base64') === ver };
}
