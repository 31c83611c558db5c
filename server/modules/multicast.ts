import { enter } from '../host/entrance.ts';
import type { Departure } from '../host/flow.ts';
import type { Host } from '../host/host.ts';
import type { Module } from '../host/module.ts';
import { child, clone, type Element, elements, removeChildren, serialize } from '../xmpp/element.ts';
import { type Jid, tryParseJid } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';
import { Stanza } from '../xmpp/stanza.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';

/** §9: more than 20 and less than 100. */
const MOST_ADDRESSES = 50;
/** Characters that one stanza may become: a text for fifty, or a picture in it for a few. */
const MOST_CHARACTERS = 2_000_000;

/** Who gets a copy; the others (replyto, replyroom, noreply, ofrom) are for clients to read (§4.6). */
const RECIPIENTS: ReadonlySet<string> = new Set(['to', 'cc', 'bcc']);
const HINTS: ReadonlySet<string> = new Set(['replyto', 'replyroom', 'noreply', 'ofrom']);

/**
 * Extended stanza addressing (XEP-0033): one message or presence for several people, given to the domain. Every copy walks
 * all stages like one that the client itself sent: it is counted, archived, refused by who has blocked the sender.
 */
export const multicast: Module = {
  name: 'multicast',
  xep: [33, '1.2.1'],
  start: (host) => ({
    features: [NS.addresses],
    outbound: { guard: (departure) => spread(host, departure) },
    atHost: (stanza) => spreadForStranger(host, stanza),
  }),
};

function spread(host: Host, { stanza, session }: Departure): undefined | Promise<'stop'> {
  const { to } = stanza;
  if (to === undefined || to.local !== '' || to.domain !== host.domain || to.resource !== '') return undefined;
  const copies = copiesOf(stanza);
  if (copies === undefined) return undefined;
  return (async () => {
    for (const [, copy] of copies) await host.receive(session, copy);
    return 'stop' as const;
  })();
}

/**
 * Another server hands one stanza over for several of our people (§7 step 11). It is passed on to nobody else, and when
 * somebody else is asked for, to nobody at all (§2.2).
 */
function spreadForStranger(host: Host, stanza: Stanza): undefined | Promise<void> {
  const copies = copiesOf(stanza);
  if (copies === undefined) return undefined;
  if (copies.some(([{ local, domain }]) => local === '' || domain !== host.domain)) {
    throw new StanzaError('forbidden', 'This server passes nothing on for others.');
  }
  return (async () => {
    for (const [to, element] of copies) {
      await enter(host.house, new Stanza(element, stanza.from, to), (refusal) => host.send(refusal));
    }
  })();
}

/** The copies to be made, or undefined when the stanza asks for none. Throws StanzaError. */
function copiesOf({ element, kind, type }: Stanza): [Jid, Element][] | undefined {
  const header = child(element, 'addresses', NS.addresses);
  if (header === undefined || kind === 'iq' || type === 'error') return undefined;
  if (kind === 'presence' && type !== '' && type !== 'unavailable') {
    throw new StanzaError('bad-request', 'Presence of this type is for one address.');
  }
  const { named, blind } = readAddresses(element, header);
  const people = [...named.values(), ...blind.map(({ jid }) => jid)];
  if (people.length === 0) return undefined;
  if (serialize(element).length * people.length > MOST_CHARACTERS) {
    throw new StanzaError('policy-violation', 'This is too much for so many people.');
  }
  // §7 steps 6 and 7: what all may see is the same for all, and says that it was seen to, so that it goes round in no circle.
  const plain = clone(element);
  const shown = child(plain, 'addresses', NS.addresses)!;
  removeChildren(shown, ({ attrs }) => attrs.type === 'bcc');
  for (const { attrs } of elements(shown)) if (RECIPIENTS.has(attrs.type)) attrs.delivered = 'true';
  const copies = [...named.values()].map((jid): [Jid, Element] => [jid, addressed(plain, jid)]);
  for (const { jid, address } of blind) {
    const copy = addressed(plain, jid);
    const own = clone(address); // §7 step 8: each sees that they were meant, and nobody else
    own.attrs.delivered = 'true';
    child(copy, 'addresses', NS.addresses)!.append(own);
    copies.push([jid, copy]);
  }
  return copies;
}

function addressed(element: Element, to: Jid): Element {
  const copy = clone(element);
  copy.attrs.to = to.full;
  return copy;
}

interface Addresses {
  /** By full address, so that nobody gets it twice. */
  readonly named: ReadonlyMap<string, Jid>;
  readonly blind: readonly { readonly jid: Jid; readonly address: Element }[];
}

/** §4, §9. Those that are marked as delivered are left out. Throws StanzaError. */
function readAddresses(element: Element, header: Element): Addresses {
  if (elements(element).some((one) => one !== header && one.name === 'addresses' && one.attrs.xmlns === NS.addresses)) {
    throw new StanzaError('bad-request', 'There is one list of addresses only.'); // who is in a second one would be seen
  }
  const all = elements(header);
  if (all.length > MOST_ADDRESSES) {
    throw new StanzaError('not-acceptable', `At most ${MOST_ADDRESSES} addresses, please.`);
  }
  const named = new Map<string, Jid>();
  const blind = new Map<string, { jid: Jid; address: Element }>();
  for (const address of all) {
    const { type, jid: text, uri, delivered } = address.attrs;
    const known = RECIPIENTS.has(type) || HINTS.has(type);
    if (address.name !== 'address' || !known || (text !== undefined && uri !== undefined)) {
      throw new StanzaError('bad-request', 'There is an address that cannot be read.');
    }
    if (!RECIPIENTS.has(type) || delivered === 'true') continue;
    const jid = text === undefined ? undefined : tryParseJid(text);
    if (jid === undefined) throw new StanzaError('jid-malformed', `“${text ?? uri ?? ''}” is no address known here.`);
    if (type === 'bcc') blind.set(jid.full, { jid, address });
    else named.set(jid.full, jid);
  }
  return { named, blind: [...blind.values()].filter(({ jid }) => !named.has(jid.full)) };
}
