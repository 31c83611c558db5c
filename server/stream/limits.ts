/** What one stanza may cost (RFC 6120 §13.12): the same for every transport. */
export interface StanzaLimits {
  /** Bytes on the wire. */
  readonly bytes: number;
  /** Levels of elements, the stanza itself counted. */
  readonly depth: number;
  /** Attributes of one element. */
  readonly attributes: number;
  /** Elements in all. */
  readonly children: number;
  /** Namespace declarations in all. */
  readonly namespaces: number;
}
