// XEP-0227 1.1, XEP-0313 1.1.3, XEP-0203 2.0

import { PIE } from '../stream/portable-words.ts';
import { parseDateTime } from '../xmpp/delay.ts';
import { child, type Element, elements, removeChildren, serialize } from '../xmpp/element.ts';
import { NS } from '../xmpp/ns.ts';
import type { Person } from './person.ts';

export interface Said {
  /** When, in ms since 1970. */
  readonly time: number;
  /** With whom: a bare address. */
  readonly peer: string;
  readonly stanza: string;
}

/** The stanza with the addresses of today, without what the old server has put on it for itself. */
function message(person: Person, element: Element): { from: string; to: string; element: Element } | string {
  if (element.name !== 'message' || !['', PIE, NS.client, NS.server].includes(element.attrs.xmlns ?? ''))
    return 'no message';
  // A stanza has no namespace here (xmpp/element.ts).
  delete element.attrs.xmlns;
  element.parent = null;
  const own = person.jid.bare;
  const [from, to] = [person.address(element.attrs.from ?? own), person.address(element.attrs.to ?? own)];
  if (from === undefined || to === undefined) return 'a message with a damaged address';
  element.attrs.from = from.full;
  element.attrs.to = to.full;
  removeChildren(element, (node) => isServers(person, node));
  return { from: from.bare, to: to.bare, element };
}

/** XEP-0359 §3: who has put a stanza id on says what it is an id of, and the old archive is there no more. */
function isServers(person: Person, { name, attrs }: Element): boolean {
  const stamps =
    (name === 'stanza-id' && attrs.xmlns === NS.sid) || (name === 'archived' && attrs.xmlns === 'urn:xmpp:mam:tmp');
  const by = stamps ? person.address(attrs.by) : undefined;
  return stamps && (by === undefined || by.bare === person.jid.bare || by.full === person.jid.domain);
}

/** One entry of an archive (XEP-0227 §3.11), or what it is that cannot be taken. */
export function readArchived(person: Person, result: Element): Said | string {
  const forwarded = result.name === 'result' ? child(result, 'forwarded', NS.forward) : undefined;
  const inner = forwarded && elements(forwarded).find(({ name }) => name === 'message');
  if (forwarded === undefined || inner === undefined) return 'an entry of the archive that holds no message';
  const time = parseDateTime(child(forwarded, 'delay', NS.delay)?.attrs.stamp ?? '');
  if (time === undefined) return 'an entry of the archive that says no time';
  const read = message(person, inner);
  if (typeof read === 'string') return read;
  const { from, to, element } = read;
  const own = person.jid.bare;
  if (from !== own && to !== own) {
    // What a room says has no other address of theirs in some archives than the one in the room.
    if (element.attrs.type !== 'groupchat') return 'a message of the archive that is of others';
    return { time, peer: from, stanza: serialize(element) };
  }
  return { time, peer: from === own ? to : from, stanza: serialize(element) };
}

/** One message that waits for somebody (XEP-0227 §3.5). What says no time has come just now. */
export function readWaiting(person: Person, element: Element, now: number): Said | string {
  const read = message(person, element);
  if (typeof read === 'string') return read === 'no message' ? 'something that waits and is no message' : read;
  const delays = elements(element).filter(({ name, attrs }) => name === 'delay' && attrs.xmlns === NS.delay);
  const kept = delays.find(({ attrs }) => person.address(attrs.from)?.full === person.jid.domain) ?? delays.at(-1);
  const time = parseDateTime(kept?.attrs.stamp ?? '') ?? now;
  // It is this domain from now on that says so (XEP-0203 §4).
  if (kept !== undefined) kept.attrs.from = person.jid.domain;
  return { time, peer: read.from, stanza: serialize(element) };
}
