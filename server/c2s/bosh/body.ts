import type { StanzaLimits } from '../../stream/limits.ts';
import { StreamParser } from '../../stream/parser.ts';
import { Element, el, serialize } from '../../xmpp/element.ts';
import { NS } from '../../xmpp/ns.ts';
import { StreamError } from '../../xmpp/stream-error.ts';

/** Elements that one request may carry. */
const MOST_ELEMENTS = 256;
/** Bytes that the wrapper may have beside what it carries, before the login. */
const WRAPPER = 4_096;

/** What a client says with one HTTP request (XEP-0124 §5). */
export interface BoshRequest {
  readonly rid: number;
  /** '' in the request for a session. */
  readonly sid: string;
  readonly to: string;
  readonly from: string;
  readonly lang: string;
  /** Of XMPP, in the request for a session; '' when it is not there (XEP-0206 §2). */
  readonly version: string;
  readonly ver: string;
  readonly wait: number;
  readonly hold: number;
  /** Seconds of silence that the client announces (XEP-0124 §10). */
  readonly pause: number | undefined;
  readonly restart: boolean;
  readonly terminate: boolean;
  readonly elements: readonly Element[];
  /** What is wrong with something inside the wrapper: the elements are those before it. */
  readonly error: StreamError | undefined;
}

/**
 * Reads the body of one request; `limitsOf` gives what holds for a session. Throws StreamError when not even the wrapper can
 * be read.
 */
export function readBody(bytes: Buffer, limitsOf: (sid: string) => StanzaLimits): BoshRequest {
  let wrapper: Element | undefined;
  let closed = false;
  let error: StreamError | undefined;
  const elements: Element[] = [];
  const lowest = limitsOf('');
  const parser = new StreamParser(
    NS.client,
    lowest,
    (item) => {
      if (item === 'close') closed = true;
      if (!(item instanceof Element)) return;
      if (wrapper === undefined) {
        wrapper = item;
        const limits = limitsOf(item.attrs.sid ?? '');
        parser.limits = limits;
        // Before the login little is read at all (SECURITY 3); after it, the route bounds what comes at once.
        if (limits === lowest && bytes.length > limits.bytes + WRAPPER) tooMuch();
        return;
      }
      if (elements.length === MOST_ELEMENTS) tooMuch();
      // What inherits the namespace of the wrapper was meant to be a stanza: clients of old leave its own out.
      if (item.attrs.xmlns === NS.bosh) delete item.attrs.xmlns;
      elements.push(item);
    },
    'body',
  );
  try {
    parser.write(bytes);
    if (!closed || !parser.whole) throw new StreamError('bad-format', 'A request is one whole <body>.');
  } catch (caught) {
    if (!(caught instanceof StreamError) || wrapper === undefined) throw caught;
    error = caught;
  }
  if (wrapper === undefined) throw new StreamError('bad-format', 'A request is a <body>.');
  return { ...attributes(wrapper), elements, error };
}

function tooMuch(): never {
  throw new StreamError('policy-violation', 'That is too much for one request.');
}

function attributes({ attrs }: Element) {
  const rid = whole(attrs.rid);
  if (rid === undefined || rid > Number.MAX_SAFE_INTEGER) {
    throw new StreamError('bad-format', 'A request has a number.'); // XEP-0124 §14.1
  }
  return {
    rid,
    sid: attrs.sid ?? '',
    to: attrs.to ?? '',
    from: attrs.from ?? '',
    lang: attrs['xml:lang'] ?? '',
    version: ofXmpp(attrs, 'version'),
    ver: attrs.ver ?? '',
    wait: whole(attrs.wait) ?? Number.MAX_SAFE_INTEGER,
    hold: whole(attrs.hold) ?? 1,
    pause: whole(attrs.pause),
    restart: /^(?:true|1)$/.test(ofXmpp(attrs, 'restart')),
    terminate: attrs.type === 'terminate',
  };
}

function whole(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,16}$/.test(text) ? Number(text) : undefined;
}

/** An attribute in the namespace of XEP-0206, whatever its prefix. */
function ofXmpp(attrs: Readonly<Record<string, string>>, name: string): string {
  for (const key in attrs) {
    const [prefix, local] = key.split(':');
    if (local === name && prefix !== 'xmlns' && attrs[`xmlns:${prefix}`] === NS.xbosh) return attrs[key] ?? '';
  }
  return '';
}

type Attributes = Record<string, string | number | undefined>;

/** One answer. `inner` is serialised elements, each with its namespaces declared. */
export function answerBody(attrs: Attributes, inner = ''): string {
  const xml = serialize(el('body', { xmlns: NS.bosh, ...attrs }));
  return inner === '' ? xml : `${xml.slice(0, -2)}>${inner}</body>`;
}

/** What ends a session, or refuses to begin one (XEP-0124 §17.2). */
export function terminalBody(condition: string): string {
  return answerBody({ type: 'terminate', condition });
}
