import type { ConnectionOptions, TLSSocket, TLSSocketOptions } from 'node:tls';
import type { CertificateSummary } from '../certificates/peer-certificate.ts';
import type { House } from '../host/house.ts';
import type { Statement } from '../storage/database.ts';
import type { StanzaLimits } from '../stream/limits.ts';
import type { Logger } from '../util/log.ts';
import type { Stanza } from '../xmpp/stanza.ts';
import type { Attempt } from './attempt.ts';
import type { Names } from './names.ts';
import type { Judgement } from './policy.ts';
import type { Facts, ProblemCode } from './problem.ts';

/** What the certificate of another server was found to be. */
export interface Examined {
  /** The chain, the leaf first. */
  readonly summaries: readonly CertificateSummary[];
  /** Why it is not good for the domain; undefined when it is. */
  readonly problem: { readonly code: ProblemCode; readonly facts: Facts } | undefined;
}

/** Whose certificates are good; `certificates/peer-chain.ts` has it. */
export interface Trust {
  /** As the other side has sent it, the leaf first; empty when it has shown none. */
  chainOf(tls: TLSSocket): Uint8Array[];
  check(
    chain: readonly Uint8Array[],
    domain: string,
    rule: { readonly authority?: string | undefined },
  ): Promise<Examined>;
}

/** How this house shows itself to other servers; `certificates/link-tls.ts` has it. */
export interface OwnTls {
  outgoing(domain: string, remote: string, direct: boolean): ConnectionOptions;
  incoming(domain: string | undefined): TLSSocketOptions;
  /** Whether the certificate that is shown for a domain of ours is of our own authority. */
  ofOwnAuthority(domain: string): boolean;
}

/** A stanza that waits for another server, as it is on disk. */
export interface QueueRow {
  readonly id: number;
  readonly local: string;
  readonly remote: string;
  /** Bare. */
  readonly sender: string;
  readonly kind: 'message' | 'presence' | 'iq';
  readonly xml: string;
  /** ms since 1970. */
  readonly at: number;
}

/** What waits for other servers, on disk; `storage/stores/federation-queue.ts` has it. */
export interface QueueStore {
  appendStatement(row: QueueRow): Statement;
  remove(ids: readonly number[]): Promise<void>;
  all(): Promise<readonly QueueRow[]>;
}

export interface LinkLimits {
  readonly beforeLogin: StanzaLimits;
  readonly afterLogin: StanzaLimits;
  /** Seconds for a server to show who it is. */
  readonly loginSeconds: number;
  readonly connectionsPerAddress: number;
}

/** What all parts of federation share. */
export interface Context {
  readonly house: House;
  readonly log: Logger;
  readonly limits: LinkLimits;
  readonly names: Names;
  readonly trust: Trust;
  readonly own: OwnTls;
  readonly queue: QueueStore;
  /** What the policy says of another domain now. */
  judge(domain: string): Judgement;
  /** The one place where it is decided whether a stanza may pass between the house and the world. Throws StanzaError. */
  readonly gate: {
    leaves(stanza: Stanza): 'pass' | 'hold';
    enters(stanza: Stanza): 'pass' | 'hold';
    /** This one is our own answer to what was refused. */
    refuses(stanza: Stanza): void;
  };
  /** Keeps what waits for a decision; resolves when it is on disk, rejects with StanzaError when there is no room. */
  hold(stanza: Stanza, direction: 'out' | 'in'): Promise<void>;
  record(attempt: Attempt): void;
  /** Makes dialback keys (XEP-0185). */
  readonly secret: Uint8Array;
}
