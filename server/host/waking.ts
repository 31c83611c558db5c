import { child, elements, textOf } from '../xmpp/element.ts';
import { NS } from '../xmpp/ns.ts';
import type { Stanza } from '../xmpp/stanza.ts';

/** Payloads that are a text nobody but the recipient can read: those of OMEMO, OpenPGP (XEP-0373) and its older form (XEP-0027). */
const ENCRYPTED: ReadonlySet<string> = new Set([
  'eu.siacs.conversations.axolotl',
  'urn:xmpp:omemo:1',
  NS.encrypted,
  'urn:xmpp:openpgp:0',
  'jabber:x:encrypted',
]);

/** What somebody who is away is to be woken for. */
export interface Wake {
  /** A call rings now and must not wait; anything else may, for a moment. */
  readonly what: 'call' | 'message';
  /** What was written, '' when it cannot be read by us. */
  readonly body: string;
}

/**
 * Whether a message is worth waking a phone that lies there: something was written, somebody calls (XEP-0353 §3.1) or invites
 * to a room (XEP-0045 §7.8, XEP-0249). Undefined for what only tells how others are getting on.
 */
export function wakes({ kind, type, element }: Stanza): Wake | undefined {
  if (kind !== 'message' || type === 'error' || type === 'headline') return undefined;
  let body: string | undefined;
  let secret = false;
  for (const node of element.children) {
    if (typeof node === 'string') continue;
    const { xmlns } = node.attrs;
    if (xmlns === undefined) {
      if (node.name === 'body') body ??= textOf(node);
    } else if (ENCRYPTED.has(xmlns)) {
      // Without a payload it only exchanges keys (XEP-0384 §5.5.3), and nobody has written anything.
      secret ||= node.name !== 'encrypted' || child(node, 'payload') !== undefined;
    } else if (xmlns === NS.jingleMessage) {
      if (node.name === 'propose') return { what: 'call', body: '' };
    } else if (xmlns === NS.conference) body ??= '';
    else if (xmlns === NS.mucUser && elements(node).some(({ name }) => name === 'invite')) body ??= '';
  }
  if (secret) return { what: 'message', body: '' };
  return body === undefined ? undefined : { what: 'message', body };
}
