import { isCopy } from '../host/delivery.ts';
import type { Arrival, Departure } from '../host/flow.ts';
import { hint, worthKeeping } from '../host/hints.ts';
import type { Host } from '../host/host.ts';
import type { IqRequest } from '../host/iq.ts';
import type { Module } from '../host/module.ts';
import type { Session } from '../host/session.ts';
import { child, el, elements, escapeAttribute, insertLast, removeChildren, withNamespace } from '../xmpp/element.ts';
import { makeJid } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';
import { Stanza } from '../xmpp/stanza.ts';

/** Message carbons (XEP-0280): every device of a person sees both sides of a conversation. */
export const carbons: Module = {
  name: 'carbons',
  xep: [280, '1.0.1'],
  also: [[297, '1.0']],
  start: (host) => ({
    features: [NS.carbons, 'urn:xmpp:carbons:rules:0'],
    accountFeatures: [NS.carbons, 'urn:xmpp:carbons:rules:0'],
    iq: [
      { type: 'set', scope: 'own', xmlns: NS.carbons, name: 'enable', handle: (request) => turn(request, true) },
      { type: 'set', scope: 'own', xmlns: NS.carbons, name: 'disable', handle: (request) => turn(request, false) },
    ],
    outbound: { stamp: stripForged, copy: (departure) => copySent(host, departure) },
    inbound: { copy: (arrival) => copyReceived(host, arrival) },
  }),
};

function turn({ session }: IqRequest, on: boolean): undefined {
  if (session !== undefined) session.carbons = on;
}

/** Only an account's own server makes carbons (§11, SECURITY 39): what a client made itself does not leave. */
function stripForged({ stanza }: Departure): void {
  if (stanza.kind !== 'message') return;
  removeChildren(
    stanza.element,
    ({ name, attrs }) => attrs.xmlns === NS.carbons && (name === 'received' || name === 'sent'),
  );
}

/** §6.1: what is of interest to one's other devices. Whether it shall be stored is another question. */
function eligible(stanza: Stanza): boolean {
  const { kind, type, element } = stanza;
  if (kind !== 'message' || type === 'groupchat' || type === 'headline' || type === 'error') return false;
  if (child(element, 'private', NS.carbons) !== undefined || hint(element, 'no-copy')) return false; // §9
  if (child(element, 'x', NS.mucUser) !== undefined && child(element, 'body') !== undefined && type === 'chat')
    return false;
  if (type === 'chat' || child(element, 'body') !== undefined) return true;
  return elements(element).some(({ attrs }) => attrs.xmlns === NS.chatStates) || worthKeeping(stanza);
}

function copySent(host: Host, { stanza, session, ledger }: Departure): void {
  const all = host.sessions.of(session.jid.bare);
  if (all.length < 2 || !eligible(stanza)) return;
  const others = all.filter((other) => other !== session && other.carbons);
  if (others.length === 0) return;
  // A message to oneself reaches the others by itself.
  if (stanza.to!.bare === session.jid.bare) return;
  const id = ledger.archiveId === 0 ? '' : archivedAs(session.jid.bare, ledger.archiveId);
  const text = id === '' ? stanza.text : insertLast(stanza.text, id);
  // Not before it has arrived: of one that bounces nobody would tell the other devices (§6.1 has the error copied, too).
  ledger.after.push(() => {
    const there = others.filter((other) => host.sessions.get(other.jid) === other);
    if (there.length > 0) copy(host, 'sent', stanza, text, there);
  });
}

function copyReceived(host: Host, { stanza, bare, recipients, extra }: Arrival): void {
  const all = host.sessions.of(bare);
  if (all.length < 2 || recipients.length === all.length || !eligible(stanza)) return;
  const others = all.filter((other) => other.carbons && !recipients.includes(other));
  if (others.length === 0 || recipients.length === 0) return;
  copy(host, 'received', stanza, extra === '' ? stanza.text : insertLast(stanza.text, extra), others);
}

/** XEP-0359: which id the message has in an archive. */
function archivedAs(by: string, id: number): string {
  return `<stanza-id xmlns='${NS.sid}' by='${escapeAttribute(by)}' id='${id}'/>`;
}

/** §6, §7: the message, forwarded by the account itself; put into words once for all devices. */
function copy(host: Host, kind: 'sent' | 'received', stanza: Stanza, text: string, to: readonly Session[]): void {
  const { local } = to[0]!.jid;
  const bare = makeJid(local, host.domain);
  const inner = withNamespace(text, NS.client);
  const envelope = new Stanza(el('message', { type: stanza.type === 'normal' ? 'normal' : 'chat' }), bare, undefined);
  const wrapped = `<${kind} xmlns='${NS.carbons}'><forwarded xmlns='${NS.forward}'>${inner}</forwarded></${kind}>`;
  for (const session of to) {
    const own = envelope.for(session.jid);
    if (kind === 'received') isCopy(own, { stanza, text });
    session.deliver(own, insertLast(own.text, wrapped));
  }
}
