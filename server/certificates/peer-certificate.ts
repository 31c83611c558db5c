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
