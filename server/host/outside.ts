/** Who of the house may talk with people of other servers; `s2s/policy-book.ts` knows. */
export interface OutsideRule {
  /** Not everybody may: some were chosen. */
  readonly chosen: boolean;
  /** Whether the person of this bare address may. */
  mayTalkOutside(bareJid: string): boolean;
  /** Tells when it changes. */
  changed(listener: () => void): () => void;
}
