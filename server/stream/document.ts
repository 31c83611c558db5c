import { Element } from '../xmpp/element.ts';
import { NS } from '../xmpp/ns.ts';
import { StreamError } from '../xmpp/stream-error.ts';
import type { StanzaLimits } from './limits.ts';
import { StreamParser } from './parser.ts';

const LT = 0x3c;

/**
 * Reads one element that is a document of its own, as a message of a WebSocket is (RFC 7395 §3.3). One without a namespace
 * is taken for jabber:client, as some clients leave that out. Throws StreamError.
 */
export function readDocument(bytes: Buffer, limits: StanzaLimits): Element {
  if (bytes[0] !== LT) throw new StreamError('bad-format', 'A message begins with an element.');
  let found: Element | undefined;
  const emit = (item: unknown): void => {
    if (found !== undefined || !(item instanceof Element)) {
      throw new StreamError('bad-format', 'A message holds one element.');
    }
    found = item;
  };
  const parser = new StreamParser(NS.client, limits, emit, 'none');
  parser.write(bytes);
  if (found === undefined || !parser.whole) throw new StreamError('bad-format', 'A message holds one whole element.');
  return found;
}

const STANZAS = ['<message', '<presence', '<iq'];
const OF_THE_STREAM = '<stream:';

/**
 * A serialised element with the namespaces declared that the header of an XML stream would have declared for it. Stanzas are
 * serialised once for all who get them, so this only puts a few characters in.
 */
export function toDocument(xml: string): string {
  for (const start of STANZAS) {
    if (!xml.startsWith(start)) continue;
    const next = xml.charCodeAt(start.length);
    if (next === 0x20 || next === 0x2f || next === 0x3e) {
      return `${start} xmlns='${NS.client}'${xml.slice(start.length)}`;
    }
  }
  if (!xml.startsWith(OF_THE_STREAM)) return xml;
  const end = xml.search(/[\s/>]/);
  return `${xml.slice(0, end)} xmlns:stream='${NS.stream}'${xml.slice(end)}`;
}
