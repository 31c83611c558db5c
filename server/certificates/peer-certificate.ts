import type { X509Certificate } from 'node:crypto';
import { keyOf } from './inspect.ts';
import type { PeerNames } from './peer-names.ts';

/** What one certificate of another server says, for people who want to know why it is not trusted. */
export interface CertificateSummary {
  readonly subject: string;
  readonly issuer: string;
  readonly serial: string;
  /** Names for which it is (RFC 9525): DNS-ID, SRV-ID, XmppAddr; at most 100 of each are looked at. */
  readonly dns: readonly string[];
  readonly srv: readonly string[];
  readonly xmpp: readonly string[];
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** Extended key usage in words: `server`, `client`, or a dotted number; empty where it says nothing. */
  readonly usage: readonly string[];
  /** `EC prime256v1`, `RSA 2048`. */
  readonly key: string;
  /** SHA-256 as browsers show it, `AB:CD:…`. */
  readonly fingerprint: string;
}

/** Whatever can be wrong with what another server shows, or with looking at it; each is a ProblemCode of links. */
export type PeerProblemCode =
  | 'certificate-missing'
  | 'certificate-expired'
  | 'certificate-not-yet'
  | 'certificate-self-signed'
  | 'certificate-unknown-issuer'
  | 'certificate-wrong-name'
  | 'certificate-common-name-only'
  | 'certificate-bad'
  | 'too-many'
  | 'too-slow';

/**
 * Facts: `name` and `at` (ms since 1970) of a certificate whose time is over or has not come; `issuer` that nobody here knows,
 * and `sent`, how many certificates came; `names` it has; `text` in English; `also`, the code of what is wrong besides.
 */
export interface PeerProblem {
  readonly code: PeerProblemCode;
  readonly facts: Readonly<Record<string, string | number>>;
}

const MAX_TEXT = 300;
const MAX_USAGES = 20;
const USAGES: Readonly<Record<string, string>> = {
  '1.3.6.1.5.5.7.3.1': 'server',
  '1.3.6.1.5.5.7.3.2': 'client',
};

/** `CN=a, O=b` in one line; OpenSSL has written control characters as numbers. */
export function oneLine(distinguishedName: string | undefined): string {
  return (distinguishedName ?? '').trim().split('\n').join(', ').slice(0, MAX_TEXT);
}

/** What a certificate says. `names` of it are read by whoever calls, as reading them may fail. */
export function summaryOf(certificate: X509Certificate, names: PeerNames | undefined): CertificateSummary {
  let key = 'unknown';
  try {
    key = keyOf(certificate);
  } catch {
    // A kind of key that this Node does not know.
  }
  return {
    subject: oneLine(certificate.subject),
    issuer: oneLine(certificate.issuer),
    serial: certificate.serialNumber.slice(0, MAX_TEXT),
    dns: names?.dns ?? [],
    srv: names?.srv ?? [],
    xmpp: names?.xmpp ?? [],
    notBefore: certificate.validFromDate.getTime(),
    notAfter: certificate.validToDate.getTime(),
    usage: (certificate.keyUsage ?? []).slice(0, MAX_USAGES).map((id) => USAGES[id] ?? id.slice(0, MAX_TEXT)),
    key,
    fingerprint: certificate.fingerprint256,
  };
}
