import { type Element, el } from './element.ts';
import { NS } from './ns.ts';

/** RFC 6120 §8.3.3: every condition with the type that it usually has. */
const TYPES = {
  'bad-request': 'modify',
  conflict: 'cancel',
  'feature-not-implemented': 'cancel',
  forbidden: 'auth',
  gone: 'cancel',
  'internal-server-error': 'cancel',
  'item-not-found': 'cancel',
  'jid-malformed': 'modify',
  'not-acceptable': 'modify',
  'not-allowed': 'cancel',
  'not-authorized': 'auth',
  'policy-violation': 'modify',
  'recipient-unavailable': 'wait',
  redirect: 'modify',
  'registration-required': 'auth',
  'remote-server-not-found': 'cancel',
  'remote-server-timeout': 'wait',
  'resource-constraint': 'wait',
  'service-unavailable': 'cancel',
  'subscription-required': 'auth',
  'undefined-condition': 'cancel',
  'unexpected-request': 'wait',
} as const;

export type StanzaErrorCondition = keyof typeof TYPES;
export type StanzaErrorType = 'auth' | 'cancel' | 'continue' | 'modify' | 'wait';

/** A refusal of one stanza (RFC 6120 §8.3): thrown by whoever refuses, put in its envelope by the host. */
export class StanzaError extends Error {
  readonly condition: StanzaErrorCondition;
  readonly type: StanzaErrorType;
  /** An application-specific condition (§8.3.4). */
  readonly detail: Element | undefined;
  /** The number that errors once had (XEP-0086), for the few answers in which a client still looks for it. */
  readonly code: number | undefined;
  /** Where to go instead, of `gone` and `redirect`: a URI (§8.3.3.5, §8.3.3.14). */
  readonly address: string | undefined;

  constructor(
    condition: StanzaErrorCondition,
    text = '',
    options: { type?: StanzaErrorType; detail?: Element; code?: number; address?: string } = {},
  ) {
    super(text);
    this.name = 'StanzaError';
    this.condition = condition;
    this.type = options.type ?? TYPES[condition];
    this.detail = options.detail;
    this.code = options.code;
    this.address = options.address;
  }

  toElement(): Element {
    return el(
      'error',
      { type: this.type, code: this.code },
      el(this.condition, { xmlns: NS.stanzas }, this.address),
      this.message !== '' && el('text', { xmlns: NS.stanzas, 'xml:lang': 'en' }, this.message),
      this.detail,
    );
  }
}
