import { X509Certificate } from 'node:crypto';

/** What a certificate says. */
export interface CertificateFacts {
  /** One `NAME=value` a line, as X509Certificate writes it. */
  readonly subject: string;
  readonly issuer: string;
  readonly serial: string;
  readonly authority: boolean;
  /** DNS names, in ASCII and lower case. */
  readonly dns: readonly string[];
  readonly addresses: readonly string[];
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** `EC prime256v1`, `RSA 3072`, `ed25519`. */
  readonly key: string;
  /** SHA-256 as browsers show it, `AB:CD:…`. */
  readonly fingerprint: string;
}

/** `DNS:a, IP Address:b, DNS:"odd, name"`: a name that could be taken for several is in quotes (as JSON). */
const ALTERNATIVE = /(?:^|, )([^:,]+):("(?:[^"\\]|\\.)*"|[^,]*)/g;

function alternatives(text: string, kind: string): string[] {
  return [...text.matchAll(ALTERNATIVE)]
    .filter(([, label]) => label === kind)
    .map(([, , value = '']) => (value.startsWith('"') ? String(JSON.parse(value)) : value));
}

/** `EC prime256v1`, `RSA 3072`, `ed25519`. */
export function keyOf(certificate: X509Certificate): string {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = certificate.publicKey;
  if (type === 'ec') return `EC ${details?.namedCurve ?? ''}`;
  if (type === 'rsa') return `RSA ${details?.modulusLength ?? ''}`;
  return type ?? 'unknown';
}

/** `fe80:0:…` as OpenSSL prints it and `fe80::…` as people do are the same address. */
function shortAddress(address: string): string {
  return address.includes(':') ? new URL(`http://[${address}]/`).hostname.slice(1, -1) : address;
}

/** What the first certificate of a PEM text says. Throws Error when there is none. */
export function inspect(pem: string): CertificateFacts {
  const certificate = new X509Certificate(pem);
  const names = certificate.subjectAltName ?? '';
  return {
    subject: certificate.subject,
    issuer: certificate.issuer,
    serial: certificate.serialNumber,
    authority: certificate.ca,
    dns: alternatives(names, 'DNS').map((name) => name.toLowerCase()),
    addresses: alternatives(names, 'IP Address').map(shortAddress),
    notBefore: certificate.validFromDate.getTime(),
    notAfter: certificate.validToDate.getTime(),
    key: keyOf(certificate),
    fingerprint: certificate.fingerprint256,
  };
}
