import { once } from 'node:events';
import type { TLSSocket } from 'node:tls';
import { StreamHeader } from '../stream/parser.ts';
import type { XmlStream } from '../stream/stream.ts';
import { Element, elements, escapeAttribute, escapeText, textOf } from '../xmpp/element.ts';
import { NS } from '../xmpp/ns.ts';
import { StreamError } from '../xmpp/stream-error.ts';
import { LinkProblem } from './problem.ts';

/** Words of the other side that are kept, in characters. */
const WORDS = 300;

/** What the other side said, so that it fits into a record and on a page: nothing in it turns what stands beside it around. */
export function words(text: string): string {
  const plain = text.replaceAll(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ').trim();
  return plain.length > WORDS ? `${plain.slice(0, WORDS)}…` : plain;
}

/** An element of dialback (XEP-0220), by the prefix that everybody understands. */
export function dialback(name: 'result' | 'verify', attributes: Readonly<Record<string, string>>, key = ''): string {
  let out = `<db:${name}`;
  for (const [attribute, value] of Object.entries(attributes)) out += ` ${attribute}='${escapeAttribute(value)}'`;
  return key === '' ? `${out}/>` : `${out}>${escapeText(key)}</db:${name}>`;
}

/** What the other side's `<stream:error/>` means to us. */
export function problemOf(error: Element): LinkProblem {
  const all = elements(error).filter(({ attrs }) => attrs.xmlns === NS.streams);
  const condition = all.find(({ name }) => name !== 'text')?.name ?? 'undefined-condition';
  const text = words(textOf(all.find(({ name }) => name === 'text')));
  if (condition === 'host-unknown' || condition === 'host-gone') return new LinkProblem('host-unknown', { text });
  if (condition === 'policy-violation') return new LinkProblem('policy-theirs', { text });
  if (condition === 'not-authorized') return new LinkProblem('not-accepted', { text: text === '' ? condition : text });
  return new LinkProblem('stream-error', { condition, text });
}

/** The next that comes, for who leads a conversation; `first`: nothing of XMPP was read before it. Throws LinkProblem when it is over, whoever ended it. */
export async function next(stream: XmlStream, signal: AbortSignal, first = false): Promise<StreamHeader | Element> {
  let result: IteratorResult<StreamHeader | Element | 'close'>;
  try {
    result = await stream.items.next();
  } catch (error) {
    if (!(error instanceof StreamError)) throw error;
    const text = words(error.message);
    throw new LinkProblem(first ? 'not-xmpp' : 'broke-the-rules', { text });
  }
  if (signal.aborted) throw signal.reason;
  if (result.done === true || result.value === 'close') throw new LinkProblem('closed');
  const item = result.value;
  if (item instanceof Element && item.name === 'error' && item.attrs.xmlns === NS.stream) throw problemOf(item);
  return item;
}

/** The next header. */
export async function nextHeader(stream: XmlStream, signal: AbortSignal): Promise<StreamHeader> {
  const item = await next(stream, signal, true);
  if (item instanceof StreamHeader) return item;
  throw new LinkProblem('broke-the-rules', { text: `${item.name} came before the stream` });
}

/** The next element. */
export async function nextElement(stream: XmlStream, signal: AbortSignal): Promise<Element> {
  const item = await next(stream, signal);
  if (item instanceof StreamHeader) throw new LinkProblem('broke-the-rules', { text: 'the stream began twice' });
  return item;
}

/** Waits until TLS is there. Throws LinkProblem `tls-failed` with what OpenSSL says. */
export async function secured(tls: TLSSocket, signal: AbortSignal): Promise<void> {
  try {
    await once(tls, 'secureConnect', { signal });
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw tlsProblem(error as NodeJS.ErrnoException);
  }
}

/** What went wrong with TLS, in its own words. */
export function tlsProblem({ code = '', message }: NodeJS.ErrnoException): LinkProblem {
  // `…:error:0A000102:SSL routines:ssl_choose_client_version:unsupported protocol:…`
  const reason = /:error:[0-9A-F]+:[^:]*:[^:]*:([^:]+)/.exec(message)?.[1] ?? message;
  if (
    /PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|VERSION_TOO_LOW|NO_PROTOCOLS/.test(code) ||
    /protocol version|unsupported protocol/.test(reason)
  ) {
    return new LinkProblem('tls-too-old', { text: words(reason) });
  }
  if (code === 'ECONNRESET') return new LinkProblem('tls-failed', { text: 'the connection was closed' });
  return new LinkProblem('tls-failed', { text: words(reason) });
}
