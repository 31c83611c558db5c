import { escapeText } from './element.ts';
import { NS } from './ns.ts';

/** RFC 6120 §4.9.3. */
export type StreamErrorCondition =
  | 'bad-format'
  | 'bad-namespace-prefix'
  | 'conflict'
  | 'connection-timeout'
  | 'host-gone'
  | 'host-unknown'
  | 'improper-addressing'
  | 'internal-server-error'
  | 'invalid-from'
  | 'invalid-namespace'
  | 'invalid-xml'
  | 'not-authorized'
  | 'not-well-formed'
  | 'policy-violation'
  | 'remote-connection-failed'
  | 'reset'
  | 'resource-constraint'
  | 'restricted-xml'
  | 'system-shutdown'
  | 'undefined-condition'
  | 'unsupported-encoding'
  | 'unsupported-feature'
  | 'unsupported-stanza-type'
  | 'unsupported-version';

/** What ends a stream (RFC 6120 §4.9): there is no way back from one. */
export class StreamError extends Error {
  readonly condition: StreamErrorCondition;
  /** A serialised application-specific condition (§4.9.4), '' for none. */
  readonly detail: string;

  constructor(condition: StreamErrorCondition, text = '', detail = '') {
    super(text);
    this.name = 'StreamError';
    this.condition = condition;
    this.detail = detail;
  }

  toXml(): string {
    const text =
      this.message === '' ? '' : `<text xmlns='${NS.streams}' xml:lang='en'>${escapeText(this.message)}</text>`;
    return `<stream:error><${this.condition} xmlns='${NS.streams}'/>${text}${this.detail}</stream:error>`;
  }
}
