import type { Account } from '../storage/stores/accounts.ts';
import type { Stanza } from '../xmpp/stanza.ts';
import type { Ledger } from './ledger.ts';
import type { Step } from './pipeline.ts';
import type { Session } from './session.ts';

/**
 * The order of things, on one page (see docs/FLOW.md). A stanza of ours walks the outbound stages on its sender's side, is
 * routed, and walks the inbound stages on its recipient's, be they in the same house or not.
 */
export const OUTBOUND = [
  'guard', // may it leave? blocking, limits
  'stamp', // take off what only we may say, put on what we vouch for
  'archive', // the sender's archive
  'copy', // the sender's other devices
  'broadcast', // what is addressed to nobody: presence for all who may see it
] as const;

export const INBOUND = [
  'guard', // may it come in? blocking
  'stamp',
  'archive', // the recipient's archive
  'copy', // the recipient's other devices
  'deliver', // RFC 6121 §8, the host's own step the last
  'fallback', // nobody there: offline, else bounced
] as const;

export type OutboundStage = (typeof OUTBOUND)[number];
export type InboundStage = (typeof INBOUND)[number];

/** A stanza that leaves a session of ours. */
export interface Departure {
  /** A step may put another in its place. */
  stanza: Stanza;
  readonly session: Session;
  readonly ledger: Ledger;
}

/** A stanza that reaches an account of ours. */
export interface Arrival {
  stanza: Stanza;
  readonly account: Account;
  /** The account's bare address. */
  readonly bare: string;
  /** The sessions that RFC 6121 §8.5 gives it to. */
  recipients: readonly Session[];
  /** XML put at the end of what is delivered and not part of what is archived: what only this recipient is told. */
  extra: string;
  readonly ledger: Ledger;
}

export type OutboundSteps = { readonly [Stage in OutboundStage]?: Step<Departure> };
export type InboundSteps = { readonly [Stage in InboundStage]?: Step<Arrival> };
