import { delayXml } from '../xmpp/delay.ts';
import { elements } from '../xmpp/element.ts';
import { tryParseJid } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';
import type { Stanza } from '../xmpp/stanza.ts';
import type { Waiting } from './remote.ts';

/** ms after which it matters when something was said. */
const LATE = 5_000;
const END = '</message>';

/** A stanza as it is sent now: a message that has waited says when it was said (XEP-0203), or archives there would have another time. */
export function textAt(now: number, { stanza, at }: Waiting): string {
  const { text, kind, type, from } = stanza;
  if (now - at < LATE || kind !== 'message' || type === 'error' || !text.endsWith(END) || isStamped(stanza))
    return text;
  return `${text.slice(0, -END.length)}${delayXml(from.domain, at)}${END}`;
}

/** Somebody of our domain, it or a room or the writer, has said it already. */
function isStamped({ element, from, text }: Stanza): boolean {
  if (element.children.length === 0) return text.includes(NS.delay); // written already
  return elements(element).some(
    ({ name, attrs }) =>
      name === 'delay' && attrs.xmlns === NS.delay && tryParseJid(attrs.from ?? '')?.domain === from.domain,
  );
}
