import { createHash, X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { Logger } from '../util/log.ts';
import { hasConstraints } from './name-reach.ts';
import { type Finding, NotChecked, Openssl } from './openssl.ts';
import { type CertificateSummary, type PeerProblem, summaryOf } from './peer-certificate.ts';
import type { PeerNames } from './peer-names.ts';
import { leadsNowhere, type Named, problemOf } from './peer-problem.ts';
import { pastedCertificates, pemOf } from './pem.ts';
import { TrustAnchors } from './trust-anchors.ts';

const MAX_CERTIFICATES = 10;
const MAX_BYTES = 64 * 1024;
const MAX_KEPT = 500;
const KEPT_MS = 600_000;
/** Of a bad one: whoever mends something here tries again soon. */
const BAD_KEPT_MS = 60_000;

/** What the other side of a connection has shown: the leaf first, in its order; none when it has shown nothing. */
export function chainOf(tls: TLSSocket): Uint8Array[] {
  const chain: Uint8Array[] = [];
  let next = tls.getPeerX509Certificate();
  while (next !== undefined && chain.length < MAX_CERTIFICATES && next.raw.length <= MAX_BYTES) {
    chain.push(next.raw);
    next = next.issuerCertificate;
  }
  return chain;
}

/** What a rule lets an administrator see of the authority in it. */
export interface AuthorityFacts {
  readonly subject: string;
  /** Milliseconds since 1970. */
  readonly notAfter: number;
  /** SHA-256 as browsers show it, `AB:CD:…`. */
  readonly fingerprint: string;
}

/**
 * Looks at what an administrator pasted as the authority for some domains: an authority, one between, or a server's own
 * certificate; at most 5, 32 kB. Throws Error with a sentence to be shown. Whether their time is over is told, and refused by nobody.
 */
export function checkAuthority(pem: string): AuthorityFacts[] {
  return pastedCertificates(pem).map((one) => {
    const { subject, notAfter, fingerprint } = summaryOf(one, undefined);
    return { subject, notAfter, fingerprint };
  });
}

export interface PeerChainsOptions {
  readonly log: Logger;
  /** Default: those that everybody trusts. */
  readonly anchors?: TrustAnchors;
  /** Default: `openssl verify`. */
  readonly openssl?: Openssl;
}

export interface Checked {
  readonly summaries: CertificateSummary[];
  readonly problem: PeerProblem | undefined;
}

interface Kept {
  readonly findings: readonly Finding[];
  /** ms since 1970. */
  readonly until: number;
}

/**
 * Whether what another server shows is good for a domain, whichever of the two has connected.
 *
 * It must be a server's certificate in both directions. Who comes to us is the client of TLS, but says to be the server of a
 * domain, and since 2026 public authorities write nothing but servers into what they sign; while a certificate that is for
 * clients only is what an office's own authority gives to each of its laptops. RFC 6120 §13.7.2 leaves this to RFC 5280.
 */
export class PeerChains implements AsyncDisposable {
  readonly #log: Logger;
  readonly #anchors: TrustAnchors;
  readonly #openssl: Openssl;
  /** Verdicts on chains by what was asked, the oldest first. */
  readonly #kept = new Map<string, Kept>();
  readonly #asking = new Map<string, Promise<readonly Finding[]>>();
  #complained = false;

  constructor({ log, anchors = new TrustAnchors(log), openssl = new Openssl({ anchors }) }: PeerChainsOptions) {
    this.#log = log;
    this.#anchors = anchors;
    this.#openssl = openssl;
  }

  /**
   * Looks at a chain, the leaf first. `authority` (PEM) counts for this domain beside those that everybody trusts. Gives what
   * each certificate says, and the most telling of what is wrong. Never throws: what cannot be looked at is not good.
   */
  async check(
    chain: readonly Uint8Array[],
    domain: string,
    { authority }: { readonly authority?: string | undefined } = {},
  ): Promise<Checked> {
    const { certificates, summaries, names, problem } = await read(chain);
    if (names === undefined) return { summaries, problem };
    try {
      const pinned = authority === undefined ? [] : pastedCertificates(authority);
      const findings = await this.#findings(certificates, pinned);
      const named = await this.#named(certificates, pinned, names, domain);
      return { summaries, problem: problemOf(findings, certificates, names, named) };
    } catch (error) {
      return { summaries, problem: this.#unchecked(error) };
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#openssl[Symbol.asyncDispose]();
  }

  async #findings(
    certificates: readonly X509Certificate[],
    pinned: readonly X509Certificate[],
  ): Promise<readonly Finding[]> {
    const chain = certificates.map(({ raw }) => raw);
    if (pinned.length === 0) return this.#verdict(chain, certificates, undefined);
    const pem = pinned.map(({ raw }) => pemOf(raw)).join('');
    const own = await this.#verdict(chain, [...certificates, ...pinned], pem);
    if (own.length === 0) return own;
    const everybody = await this.#verdict(chain, certificates, undefined);
    // Where the pinned one is theirs, its fault is the one to be told.
    return everybody.length === 0 || own.some(leadsNowhere) ? everybody : own;
  }

  async #named(
    certificates: readonly X509Certificate[],
    pinned: readonly X509Certificate[],
    names: PeerNames,
    domain: string,
  ): Promise<Named> {
    const { inCommonName, isFor } = await import('./peer-names.ts');
    if (isFor({ ...names, srv: [], xmpp: [] }, domain)) return 'named';
    if (!isFor(names, domain)) return inCommonName(names, domain) ? 'in-common-name' : 'other-names';
    const { constrained } = this.#anchors;
    const limited =
      [...certificates.slice(1), ...pinned].some(({ raw }) => hasConstraints(raw)) ||
      certificates.some(({ issuer }) => constrained.has(issuer));
    return limited ? 'beyond' : 'named';
  }

  /** Asks openssl, unless it was asked the same a moment ago; `dated` are those whose dates the answer hangs on. */
  async #verdict(
    chain: readonly Uint8Array[],
    dated: readonly X509Certificate[],
    authority: string | undefined,
  ): Promise<readonly Finding[]> {
    const key = keyOf(chain, authority);
    const kept = this.#kept.get(key);
    if (kept !== undefined && kept.until > Date.now()) return kept.findings;
    const asking = this.#asking.get(key) ?? this.#ask(key, chain, dated, authority);
    this.#asking.set(key, asking);
    return asking;
  }

  async #ask(
    key: string,
    chain: readonly Uint8Array[],
    dated: readonly X509Certificate[],
    authority: string | undefined,
  ): Promise<readonly Finding[]> {
    const now = Date.now();
    try {
      const findings = await this.#openssl.verify(chain, authority);
      const turns = dated.flatMap(({ validFromDate, validToDate }) => [validFromDate.getTime(), validToDate.getTime()]);
      const longest = findings.length === 0 ? KEPT_MS : BAD_KEPT_MS;
      this.#kept.delete(key);
      this.#kept.set(key, { findings, until: Math.min(now + longest, ...turns.filter((at) => at > now)) });
      for (const oldest of this.#kept.keys()) {
        if (this.#kept.size <= MAX_KEPT) break;
        this.#kept.delete(oldest);
      }
      return findings;
    } finally {
      this.#asking.delete(key);
    }
  }

  #unchecked(error: unknown): PeerProblem {
    const why = error instanceof NotChecked ? error.why : 'failed';
    if (why === 'too-many' || why === 'too-slow') return { code: why, facts: {} };
    const text =
      why === 'missing'
        ? 'the program openssl is missing on this machine, so no certificate can be checked'
        : 'it could not be checked';
    if (!this.#complained) this.#log.error({ err: error }, `certificates of other servers: ${text}`);
    this.#complained = true;
    return { code: 'certificate-bad', facts: { text } };
  }
}

interface Read {
  readonly certificates: readonly X509Certificate[];
  readonly summaries: CertificateSummary[];
  /** Of the leaf; undefined where there is a problem. */
  readonly names: PeerNames | undefined;
  readonly problem: PeerProblem | undefined;
}

/** Reads what was sent up to the first that cannot be read. */
async function read(chain: readonly Uint8Array[]): Promise<Read> {
  // What reads ASN.1 is loaded for the first link only.
  const { namesOf } = await import('./peer-names.ts');
  const certificates: X509Certificate[] = [];
  const summaries: CertificateSummary[] = [];
  let names: PeerNames | undefined;
  let text = 'it is damaged or too large';
  for (const der of chain.slice(0, MAX_CERTIFICATES)) {
    const certificate = certificateIn(der);
    if (certificate === undefined) break;
    let own: PeerNames | undefined;
    try {
      own = namesOf(certificate.raw);
    } catch (error) {
      // Of those above the leaf the names are only shown.
      if (certificates.length === 0) text = (error as Error).message;
    }
    if (certificates.length === 0) names = own;
    certificates.push(certificate);
    summaries.push(summaryOf(certificate, own));
  }
  if (names !== undefined) return { certificates, summaries, names, problem: undefined };
  const problem: PeerProblem =
    chain.length === 0 ? { code: 'certificate-missing', facts: {} } : { code: 'certificate-bad', facts: { text } };
  return { certificates, summaries, names, problem };
}

function certificateIn(der: Uint8Array): X509Certificate | undefined {
  if (der.length > MAX_BYTES) return undefined;
  try {
    return new X509Certificate(der);
  } catch {
    return undefined;
  }
}

/** Each part with its length, so that no two questions look alike. */
function keyOf(chain: readonly Uint8Array[], authority: string | undefined): string {
  const hash = createHash('sha256');
  for (const part of [...chain, Buffer.from(authority ?? '')]) hash.update(`${part.length} `).update(part);
  return hash.digest('base64');
}
