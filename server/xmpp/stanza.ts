import { child, type Element, el, escapeAttribute, serializeChildren } from './element.ts';
import type { Jid } from './jid.ts';
import { NS } from './ns.ts';
import { StanzaError } from './stanza-error.ts';

export type StanzaKind = 'message' | 'presence' | 'iq';

/** What all copies of one stanza share: its serialisation without `to`, made once for however many recipients. */
interface Shared {
  rest: string | undefined;
}

/**
 * A stanza on its way: the element with its addresses already read. The walk may change the element until somebody asks
 * for its text; from then on it is fixed.
 */
export class Stanza {
  readonly element: Element;
  readonly kind: StanzaKind;
  /** RFC 6121 §5.2.2: a message without a known type is `normal`; an available presence has the type ''. */
  readonly type: string;
  readonly id: string;
  readonly from: Jid;
  /** Absent: for the sender's own account (RFC 6120 §10.3). */
  readonly to: Jid | undefined;
  readonly #shared: Shared;
  #text: string | undefined;

  constructor(element: Element, from: Jid, to: Jid | undefined, shared: Shared = { rest: undefined }) {
    this.element = element;
    this.kind = element.name as StanzaKind;
    this.from = from;
    this.to = to;
    this.id = element.attrs.id ?? '';
    const type = element.attrs.type ?? '';
    this.type = this.kind === 'message' && !MESSAGE_TYPES.has(type) ? 'normal' : type;
    this.#shared = shared;
  }

  /** One of which nobody on its way reads more than its own tag, which is `element`: what is in it has been written already. */
  static written(element: Element, from: Jid, to: Jid | undefined, children: string): Stanza {
    const rest = `${attributes(element, from)}>${children}</${element.name}>`;
    return new Stanza(element, from, to, { rest });
  }

  /** The stanza as XML, `from` and `to` as routed. Serialised once, whoever asks and however many copies there are. */
  get text(): string {
    if (this.#text === undefined) {
      this.#shared.rest ??= this.#serializeRest();
      this.#text =
        this.to === undefined
          ? `<${this.kind}${this.#shared.rest}`
          : `<${this.kind} to='${escapeAttribute(this.to.full)}'${this.#shared.rest}`;
    }
    return this.#text;
  }

  /** The same stanza for somebody else; what has been serialised is shared. The element must not be changed any more. */
  for(to: Jid): Stanza {
    return new Stanza(this.element, this.from, to, this.#shared);
  }

  /** An IQ, or a message or presence that may be answered with an error: not one that is an error or a result itself. */
  get mayBeAnswered(): boolean {
    return this.type !== 'error' && this.type !== 'result';
  }

  #serializeRest(): string {
    const out = attributes(this.element, this.from);
    if (this.element.children.length === 0) return `${out}/>`;
    return `${out}>${serializeChildren(this.element)}</${this.kind}>`;
  }
}

/** What stands in a stanza's own tag, but for `to`. */
function attributes({ attrs }: Element, from: Jid): string {
  let out = ` from='${escapeAttribute(from.full)}'`;
  for (const key in attrs) {
    if (key !== 'to' && key !== 'from') out += ` ${key}='${escapeAttribute(String(attrs[key]))}'`;
  }
  return out;
}

const MESSAGE_TYPES: ReadonlySet<string> = new Set(['chat', 'error', 'groupchat', 'headline', 'normal']);
const PRESENCE_TYPES: ReadonlySet<string> = new Set(
  ',error,probe,subscribe,subscribed,unavailable,unsubscribe,unsubscribed'.split(','),
);
const IQ_TYPES: ReadonlySet<string> = new Set(['error', 'get', 'result', 'set']);

/**
 * Checks what RFC 6120 §8.2.3 and RFC 6121 §4.7.1 ask of a stanza's own tag. Throws StanzaError `bad-request`, to which the
 * sender may look forward.
 */
export function checkShape(stanza: Stanza): void {
  if (stanza.kind === 'iq') {
    if (!IQ_TYPES.has(stanza.type))
      throw new StanzaError('bad-request', 'An iq has the type get, set, result or error.');
    if (stanza.id === '') throw new StanzaError('bad-request', 'An iq needs an id.');
    if ((stanza.type === 'get' || stanza.type === 'set') && payloads(stanza.element) !== 1) {
      throw new StanzaError('bad-request', 'A request has exactly one payload.');
    }
  } else if (stanza.kind === 'presence' && !PRESENCE_TYPES.has(stanza.type)) {
    throw new StanzaError('bad-request', 'There is no such type of presence.');
  }
}

function payloads(element: Element): number {
  let n = 0;
  for (const node of element.children) if (typeof node !== 'string') n++;
  return n;
}

/** An answer to an IQ: `payload` of undefined gives an empty result. */
export function resultFor(request: Stanza, from: Jid, payload: Element | undefined): Stanza {
  return new Stanza(el('iq', { type: 'result', id: request.id }, payload), from, request.from);
}

/**
 * The stanza sent back as a refusal (RFC 6120 §8.3.1). What it said is not repeated, clients know what they asked; but for the
 * sign by which some of them know who could not enter a room (XEP-0045 §7.2.5 to §7.2.10).
 */
export function errorFor(refused: Stanza, from: Jid, error: StanzaError): Stanza {
  const { kind, id, element } = refused;
  const entering = kind === 'presence' && child(element, 'x', NS.muc) !== undefined;
  const attrs = { type: 'error', id: id === '' ? undefined : id };
  return new Stanza(el(kind, attrs, entering && el('x', { xmlns: NS.muc }), error.toElement()), from, refused.from);
}
