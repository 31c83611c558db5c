import type { CertificateSummary } from '../certificates/peer-certificate.ts';
import type { Facts, ProblemCode } from './problem.ts';

/** How TLS begins: within the stream (RFC 6120 §5), or before it (XEP-0368). */
export type Transport = 'starttls' | 'tls';

/** What one question to the DNS gave. */
export interface SrvAnswer {
  readonly name: string;
  readonly records: readonly {
    readonly target: string;
    readonly port: number;
    readonly priority: number;
    readonly weight: number;
  }[];
  /** Absent where there was an answer, be it that there are no records. */
  readonly problem?: 'timeout' | 'failed';
  /** How many records there were beside those, which nobody looked at. */
  readonly more?: number;
}

/** One address that was tried. */
export interface Try {
  readonly host: string;
  /** Empty where the host has none, or it could not be found out. */
  readonly address: string;
  readonly port: number;
  readonly transport: Transport;
  /** ms until it was connected or failed. */
  readonly took: number;
  /** `refused`, `unreachable`, `timeout`, `private`, `no-address`, `dns-timeout`, `dns-failed`; absent for the one that was connected. */
  readonly failed?: string;
}

/** How a side has shown who it is. */
export type Proof = 'certificate' | 'dialback';

/** All that is known of one attempt to have a link, kept for 30 days to explain it. Nothing in it is secret. */
export interface Attempt {
  /** Theirs and ours. */
  readonly domain: string;
  readonly local: string;
  readonly direction: 'out' | 'in';
  /** ms since 1970, and ms from there until it was up or failed. */
  readonly at: number;
  readonly took: number;
  readonly outcome: 'connected' | 'failed';
  readonly problem?: { readonly code: ProblemCode; readonly facts: Facts };
  readonly srv?: readonly SrvAnswer[];
  readonly tries?: readonly Try[];
  /** Where it was connected to, or from. */
  readonly address?: string;
  readonly port?: number;
  readonly transport?: Transport;
  readonly tls?: { readonly protocol: string; readonly cipher: string };
  /** Their chain, the leaf first. */
  readonly chain?: readonly CertificateSummary[];
  /** Ours is of our own authority, which nobody outside knows by itself. */
  readonly ownAuthority?: boolean;
  /** Why they did not take our certificate, in their words. */
  readonly refused?: string;
  /** What is wrong with it, also where dialback made up for it. */
  readonly certificate?: { readonly code: ProblemCode; readonly facts: Facts };
  /** How they have shown who they are, and how we have. */
  readonly theirs?: Proof;
  readonly ours?: Proof;
  /** XEP-0288, XEP-0198. */
  readonly bidi?: boolean;
  readonly managed?: boolean;
}
