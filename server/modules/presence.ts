import { covers, reached } from '../host/blocklist.ts';
import type { ContactList } from '../host/contacts.ts';
import type { Arrival, Departure } from '../host/flow.ts';
import type { Host } from '../host/host.ts';
import type { Module } from '../host/module.ts';
import type { Verdict } from '../host/pipeline.ts';
import type { Session } from '../host/session.ts';
import { hidePresence, showPresence } from '../host/showing.ts';
import type { Account } from '../storage/stores/accounts.ts';
import type { Subscription } from '../storage/stores/rosters.ts';
import { child, type Element, el, elements, removeChildren, textOf } from '../xmpp/element.ts';
import { type Jid, makeJid, parseJid } from '../xmpp/jid.ts';
import { Stanza } from '../xmpp/stanza.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';

/** Entities that a session sent presence to without their being subscribed; to be told when it goes (RFC 6121 §4.6). */
type Directed = WeakMap<Session, Set<string>>;
const DIRECTED_LIMIT = 2_000;
/** Characters of a presence as clients send them: telling those to all contacts, however often, is what the server is for. */
const ORDINARY = 2_000;
/** Characters of presence that is for all contacts: each of their devices gets it, and again whenever it logs in. */
const BROADCAST_LIMIT = 16_384;

/** Presence (RFC 6121 §4): broadcast, probes, directed presence, and the goodbye of sessions that vanish. */
export const presence: Module = {
  name: 'presence',
  rfc: [6121, '§4'],
  start(host) {
    const directed: Directed = new WeakMap();
    return {
      outbound: {
        stamp: (departure) => remember(directed, departure),
        broadcast: (departure) => broadcast(host, directed, departure),
      },
      inbound: { deliver: (arrival) => (arrival.stanza.type === 'probe' ? answerProbe(host, arrival) : undefined) },
      keeps: {
        of: (session) => (directed.has(session) ? [...directed.get(session)!] : undefined),
        back: (session, to) => void directed.set(session, new Set(to as string[])),
      },
      on: {
        survived: ({ session }) => (session.listens ? learnElsewhere(host, session) : undefined),
        ended: ({ session }) =>
          session.available === undefined ? sayGoodbye(host, directed, session) : vanish(host, directed, session),
        unseen: ({ session, probe }) => (probe ? learnUnseen(host, session) : undefined),
        shown: ({ account, contact }) => showPresence(host, makeJid(account.local, account.domain), parseJid(contact)),
        hidden: ({ account, contact }) => hidePresence(host, makeJid(account.local, account.domain), parseJid(contact)),
      },
    };
  },
};

function remember(directed: Directed, { stanza, session }: Departure): void {
  if (stanza.kind !== 'presence') return;
  if (stanza.to === undefined) checkPriority(stanza);
  else if (stanza.type === 'unavailable') directed.get(session)?.delete(stanza.to.full);
  else if (stanza.type === '') {
    const set = directed.get(session) ?? new Set();
    directed.set(session, set);
    if (set.size >= DIRECTED_LIMIT && !set.has(stanza.to.full)) {
      throw new StanzaError('resource-constraint', 'Presence was sent to too many.');
    }
    set.add(stanza.to.full);
  }
}

/** Who may see an account, and whom it may see: its contacts, and of those the ones it has not blocked. */
interface Circle {
  readonly contacts: ContactList;
  readonly blocked: ReadonlySet<string>;
}

function circleOf(host: Host, account: Account): Circle | Promise<Circle> {
  const contacts = host.contacts.all(account);
  const blocked = host.house.stores.blocking.list(account.id);
  if (!(contacts instanceof Promise) && !(blocked instanceof Promise)) return { contacts, blocked };
  return Promise.all([contacts, blocked]).then(([all, list]) => ({ contacts: all, blocked: list }));
}

/** The contacts of one kind of subscription or `both`, without those who are blocked (XEP-0191 §3.3: nothing goes there). */
function* contacts({ contacts: all, blocked }: Circle, kind: Subscription): Iterable<Jid> {
  for (const item of all) {
    if (item.subscription !== kind && item.subscription !== 'both') continue;
    const contact = parseJid(item.jid);
    if (!covers(blocked, contact)) yield contact;
  }
}

/** The addresses of those who see an account: of a contact with devices that are blocked, those that are not. */
function* audience(host: Host, { contacts: all, blocked }: Circle): Iterable<Jid> {
  for (const item of all) {
    const { subscription, jid } = item;
    if ((subscription !== 'from' && subscription !== 'both') || isAway(host, all, item.jid)) continue;
    yield* reached(host.house.router, blocked, parseJid(jid));
  }
}

/** A colleague by the departments who has no device here: of hundreds most may be away, and of them nothing is asked or told. */
function isAway(host: Host, { own }: ContactList, jid: string): boolean {
  return !own.items.has(jid) && host.sessions.of(jid).length === 0;
}

function broadcast(host: Host, directed: Directed, { stanza, session }: Departure): Verdict | Promise<Verdict> {
  if (stanza.kind !== 'presence' || stanza.to !== undefined) return undefined;
  if (stanza.type !== '' && stanza.type !== 'unavailable') {
    throw new StanzaError('bad-request', 'This presence needs an address.');
  }
  if (stanza.text.length > BROADCAST_LIMIT) {
    throw new StanzaError('policy-violation', `Presence has at most ${BROADCAST_LIMIT} characters.`);
  }
  if (session.invisible) return keepQuiet(host, directed, session, stanza);
  const circle = circleOf(host, session.account);
  if (circle instanceof Promise) return circle.then((loaded) => announce(host, directed, session, stanza, loaded));
  return announce(host, directed, session, stanza, circle);
}

function announce(host: Host, directed: Directed, session: Session, stanza: Stanza, circle: Circle): void {
  // The session may have ended while the store was asked: nobody would ever say goodbye for it.
  if (host.sessions.get(session.jid) !== session) return;
  if (stanza.type === 'unavailable') {
    const told = session.available !== undefined;
    if (told) becomeUnavailable(host, session, stanza, circle);
    sayGoodbye(host, directed, session, stanza, told ? circle : undefined);
    return;
  }
  const initial = session.available === undefined;
  session.available = stanza;
  session.priority = priorityOf(stanza);
  tellContacts(host, session, stanza, circle);
  if (initial) learn(host, session, circle);
  host.events.emit('available', { session, initial });
  host.events.emit('listening', { session, initial });
}

/** XEP-0186 §3.1.1: presence of the invisible is for the server alone (1); their goodbye for whom they wrote to (9). */
function keepQuiet(host: Host, directed: Directed, session: Session, stanza: Stanza): 'stop' {
  const initial = !session.unseen;
  session.unseen = stanza.type === '';
  session.unshown = session.unseen ? stanza : undefined;
  session.priority = priorityOf(stanza);
  if (session.unseen) host.events.emit('listening', { session, initial });
  else sayGoodbye(host, directed, session, stanza);
  return 'stop';
}

/** XEP-0186 §3.1.1 (3). */
async function learnUnseen(host: Host, session: Session): Promise<void> {
  const circle = await circleOf(host, session.account);
  if (host.sessions.get(session.jid) === session) learn(host, session, circle);
}

/** §4.7.2.3, undefined for what is no number of that range. */
function readPriority(element: Element): number | undefined {
  const text = textOf(element).trim();
  const value = Number(text);
  return /^[+-]?\d{1,3}$/.test(text) && value >= -128 && value <= 127 ? value : undefined;
}

/**
 * A priority that is no number counts as 0, and so that contacts count it like we do, it is not passed on: none means 0
 * (§4.7.2.3). Of several none is better than another.
 */
function checkPriority({ element }: Stanza): void {
  const first = child(element, 'priority');
  if (first === undefined) return;
  const alone = elements(element).every(
    (one) => one === first || one.name !== 'priority' || one.attrs.xmlns !== undefined,
  );
  if (!alone || readPriority(first) === undefined) {
    removeChildren(element, ({ name, attrs }) => name === 'priority' && attrs.xmlns === undefined);
  }
}

function priorityOf({ element }: Stanza): number {
  const first = child(element, 'priority');
  return first === undefined ? 0 : (readPriority(first) ?? 0);
}

/** §4.2.2, §4.4.2, §4.5.2: to all who are subscribed, and to one's own devices, this one included. */
function tellContacts(host: Host, session: Session, stanza: Stanza, circle: Circle): void {
  let copies = 0;
  for (const contact of audience(host, circle)) {
    host.send(stanza.for(contact));
    copies++;
  }
  if (stanza.text.length > ORDINARY) host.fanOut.spent(session.jid, copies * stanza.text.length);
  for (const other of host.sessions.of(session.jid.bare)) {
    if (other.listens) other.deliver(stanza.for(other.jid));
  }
}

/** §4.2.2, §4.3: a newcomer learns who of its contacts is there, and which of its own devices are. */
function learn(host: Host, session: Session, circle: Circle): void {
  const probe = new Stanza(el('presence', { type: 'probe' }), session.jid, undefined);
  for (const contact of contacts(circle, 'to')) {
    if (!isAway(host, circle.contacts, contact.bare)) host.send(probe.for(contact));
  }
  for (const other of host.sessions.of(session.jid.bare)) {
    if (other !== session && other.available !== undefined) session.deliver(other.available.for(session.jid));
  }
}

/** What contacts of other servers told while the server was away nobody heard. */
async function learnElsewhere(host: Host, session: Session): Promise<void> {
  const circle = await circleOf(host, session.account);
  const probe = new Stanza(el('presence', { type: 'probe' }), session.jid, undefined);
  for (const contact of contacts(circle, 'to')) if (contact.domain !== host.domain) host.send(probe.for(contact));
}

async function answerProbe(host: Host, { stanza, account }: Arrival): Promise<'stop'> {
  const { from, to } = stanza;
  const item = await host.contacts.get(account, from.bare);
  const allowed = from.bare === to!.bare || item?.subscription === 'from' || item?.subscription === 'both';
  if (stanza.kind !== 'presence') return 'stop';
  const self = makeJid(account.local, host.domain);
  if (!allowed) {
    host.send(new Stanza(el('presence', { type: 'unsubscribed' }), self, makeJid(from.local, from.domain))); // §4.3.2 (1)
    return 'stop';
  }
  let there = false;
  for (const session of host.sessions.of(self.bare)) {
    if (session.available === undefined) continue;
    there = true;
    host.send(session.available.for(from));
  }
  // §4.3.2 (2). A client of ours takes a contact for away until it hears otherwise; another server may not.
  if (!there && from.domain !== host.domain) host.send(new Stanza(el('presence', { type: 'unavailable' }), self, from));
  return 'stop';
}

function becomeUnavailable(host: Host, session: Session, stanza: Stanza, circle: Circle): void {
  session.available = undefined;
  session.priority = 0;
  tellContacts(host, session, stanza, circle);
  host.events.emit('unavailable', { session, status: textOf(child(stanza.element, 'status')) });
}

/** A session that ended without a goodbye: we say it (§4.5.2). */
function vanish(host: Host, directed: Directed, session: Session): void | Promise<void> {
  const stanza = new Stanza(el('presence', { type: 'unavailable' }), session.jid, undefined);
  const goes = (circle: Circle): void => {
    if (session.available !== undefined) becomeUnavailable(host, session, stanza, circle);
    sayGoodbye(host, directed, session, stanza, circle);
  };
  const circle = circleOf(host, session.account);
  if (!(circle instanceof Promise)) return goes(circle);
  // A room must not take this for a word of the next session under the same name, who may come while the store is asked.
  sayGoodbye(host, directed, session, stanza);
  return circle.then(goes);
}

/** §4.6.3: those who were shown presence without being subscribed; `told` are those who heard it as subscribers. */
function sayGoodbye(host: Host, directed: Directed, session: Session, stanza?: Stanza, told?: Circle): void {
  const set = directed.get(session);
  if (set === undefined) return;
  directed.delete(session);
  const goodbye = stanza ?? new Stanza(el('presence', { type: 'unavailable' }), session.jid, undefined);
  const already = new Set(told === undefined ? [] : [...contacts(told, 'from')].map(({ bare }) => bare));
  for (const to of set) {
    const jid = parseJid(to);
    if (!already.has(jid.bare)) host.send(goodbye.for(jid));
  }
}
