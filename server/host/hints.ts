// XEP-0334 1.0.0, XEP-0085 2.1, XEP-0184 1.4.0, XEP-0333 1.0.0, XEP-0249 1.2
import { child, type Element } from '../xmpp/element.ts';
import { NS } from '../xmpp/ns.ts';
import type { Stanza } from '../xmpp/stanza.ts';

/** A processing hint (XEP-0334). */
export function hint(element: Element, name: 'no-permanent-store' | 'no-store' | 'no-copy' | 'store'): boolean {
  return child(element, name, NS.hints) !== undefined;
}

/**
 * Whether a message only tells how its sender is getting on with the conversation: typing (XEP-0085), received (XEP-0184),
 * seen (XEP-0333), and nothing that somebody wrote. Nobody wants to hear that such a thing did not arrive.
 */
export function onlySignals(stanza: Stanza): boolean {
  if (stanza.kind !== 'message' || (stanza.type !== 'chat' && stanza.type !== 'normal')) return false;
  let signal = false;
  for (const node of stanza.element.children) {
    if (typeof node === 'string') continue;
    const { xmlns } = node.attrs;
    if (xmlns === undefined ? node.name !== 'thread' : !ASIDE.has(xmlns) && !ofRoom(node)) {
      const told =
        xmlns === NS.chatStates ||
        (xmlns === NS.receipts && node.name === 'received') ||
        (xmlns === NS.chatMarkers && node.name !== 'markable');
      if (!told) return false;
      signal = true;
    }
  }
  return signal;
}

/** What a room puts on every private message (XEP-0045 §7.5, XEP-0421): that says nothing. An invitation does. */
function ofRoom({ attrs: { xmlns }, children }: Element): boolean {
  return xmlns === NS.occupantId || (xmlns === NS.mucUser && children.length === 0);
}

/** What may come along with anything. */
const ASIDE: ReadonlySet<string> = new Set([NS.hints, NS.sid]);

/** Payloads that say nothing of their own, or nothing that is true later. */
const PASSING: ReadonlySet<string> = new Set([
  NS.chatStates,
  NS.hints,
  NS.sid,
  NS.delay,
  'http://jabber.org/protocol/nick',
  'http://jabber.org/protocol/pubsub#event',
]);

/**
 * Whether a message is worth keeping, in an archive or for somebody who is away (XEP-0313 §5.1.1, XEP-0160 §3): it is of type
 * chat or normal and says something that lasts, be it a text, a receipt, a marker or something that we do not know.
 * `no-permanent-store` is about archives only (XEP-0334 §4.1, §4.2).
 */
export function worthKeeping(stanza: Stanza, how: 'for-good' | 'until-read' = 'for-good'): boolean {
  if (stanza.kind !== 'message' || (stanza.type !== 'chat' && stanza.type !== 'normal')) return false;
  const { element } = stanza;
  let lasting = false;
  for (const node of element.children) {
    if (typeof node === 'string') continue;
    const { xmlns } = node.attrs;
    if (xmlns === undefined) lasting ||= node.name !== 'thread';
    else if (xmlns === NS.hints) {
      if (node.name === 'no-store') return false;
      if (node.name === 'no-permanent-store' && how === 'for-good') return false;
      lasting ||= node.name === 'store';
    } else lasting ||= !PASSING.has(xmlns) && !ofRoom(node);
  }
  return lasting;
}

/** Whether somebody wrote or decided what is in a message, and would miss it: a text, also an encrypted one, or an invitation. */
export function isWritten({ element }: Stanza): boolean {
  return element.children.some((node) => {
    if (typeof node === 'string') return false;
    const { name, children } = node;
    const { xmlns } = node.attrs;
    if (xmlns === undefined) return (name === 'body' || name === 'subject') && children.some(canBeSeen);
    return name === 'encrypted' || xmlns === NS.conference || (xmlns === NS.mucUser && children.length > 0);
  });
}

/**
 * Whether the sender of a message is told that nobody took it and that it is not kept (RFC 6121 §8.5.2.2.1). What would have been kept
 * for somebody who is away comes back where there is nobody; of what is never kept, only what somebody wrote. All else goes without a
 * word, as it goes to who is there: by what comes back only from who is away, anybody could see when somebody is
 * (RFC 6120 §13.10.2).
 */
export function isMissed(stanza: Stanza): boolean {
  if (stanza.kind !== 'message' || stanza.type === 'headline' || stanza.type === 'error') return false;
  if (stanza.type === 'groupchat') return true; // to an account it goes to nobody, be they there or not
  if (onlySignals(stanza)) return false; // XEP-0085 §5.8, XEP-0160 §3
  if (isWritten(stanza)) return true;
  // To a device it comes to that device or to nobody: whoever knows its name reaches it by other means as well.
  return worthKeeping(stanza, 'until-read');
}

/** A text that is not only spaces and signs that nobody sees. */
function canBeSeen(text: Element | string): boolean {
  return typeof text === 'string' && !/^[\s\p{Cc}\p{Default_Ignorable_Code_Point}]*$/u.test(text);
}
