import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  bits,
  type Der,
  decode,
  encode,
  ia5,
  integer,
  octets,
  oid,
  sequence,
  set,
  small,
  tagged,
  taggedBytes,
  time,
  truth,
  utf8,
} from '../../server/certificates/der.ts';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** RFC 5280 §4.2.1.12; anything else is written as it is, a dotted number. */
const USAGES: Readonly<Record<string, string>> = {
  server: '1.3.6.1.5.5.7.3.1',
  client: '1.3.6.1.5.5.7.3.2',
  any: '2.5.29.37.0',
};
/** RFC 5758 §3.2, RFC 8017 appendix C, RFC 8410 §3. */
const SIGNATURES: Readonly<Record<string, { readonly algorithm: () => Der; readonly hash: string | null }>> = {
  ec: { algorithm: () => sequence(oid('1.2.840.10045.4.3.2')), hash: 'sha256' },
  rsa: { algorithm: () => sequence(oid('1.2.840.113549.1.1.11'), decode(Uint8Array.of(5, 0))), hash: 'sha256' },
  ed25519: { algorithm: () => sequence(oid('1.3.101.112')), hash: null },
};

/** What a certificate is to say. Whatever is left out is as a public authority would have it for a server, or empty. */
export interface CertificateOptions {
  /** Who signs; default: its own key. */
  readonly issuer?: TestCertificate;
  /** Common name; default: the first name. `''`: none. */
  readonly cn?: string;
  readonly ou?: string;
  /** subjectAltName, as it stands there: ASCII for `dns`, `_xmpp-server.example.test` for `srv`. Without any there is none. */
  readonly dns?: readonly string[];
  readonly srv?: readonly string[];
  readonly xmpp?: readonly string[];
  /** Bytes of addresses. */
  readonly ip?: readonly Uint8Array[];
  /** Further GeneralNames: broken ones, say. */
  readonly names?: readonly Der[];
  /** ms since 1970; default: from an hour ago for 90 days. */
  readonly notBefore?: number;
  readonly notAfter?: number;
  /** Extended key usage: `server`, `client`, `any`, dotted numbers; default: `server`, for an authority none. `[]`: none. */
  readonly eku?: readonly string[];
  readonly ca?: boolean;
  /** Of an authority: how many more may stand below it. */
  readonly pathLength?: number;
  /** Of an authority: the DNS names (with all below) for which alone it may speak. */
  readonly permitted?: readonly string[];
  readonly key?: 'ec' | 'rsa' | 'ed25519';
  /** Further extensions, as they stand there. */
  readonly extensions?: readonly Der[];
}

/** A certificate with its key. */
export class TestCertificate {
  readonly der: Buffer;
  readonly privateKey: KeyObject;
  readonly issuer: TestCertificate | undefined;

  constructor(der: Buffer, privateKey: KeyObject, issuer: TestCertificate | undefined) {
    this.der = der;
    this.privateKey = privateKey;
    this.issuer = issuer;
  }

  /** The certificate alone. */
  get pem(): string {
    return new X509Certificate(this.der).toString();
  }

  get keyPem(): string {
    return this.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  }

  /** Itself, then the authorities between it and the root, in the order in which they are sent. */
  get chain(): readonly TestCertificate[] {
    const between = this.issuer === undefined ? [] : this.issuer.chain;
    return [this, ...between.filter((one) => one.issuer !== undefined)];
  }

  /** The chain as servers want it in their file: the leaf first, without the root. */
  get chainPem(): string {
    return this.chain.map((one) => one.pem).join('');
  }

  get root(): TestCertificate {
    return this.issuer === undefined ? this : this.issuer.root;
  }

  /** A certificate signed by this one. */
  issue(options: Omit<CertificateOptions, 'issuer'>): TestCertificate {
    return certificate({ ...options, issuer: this });
  }

  /**
   * Writes `NAME.crt` (the chain), `NAME.key` and `NAME.ca.crt` (the root) into a folder, which is made if it is not there,
   * and gives their paths. `mode` is that of the key: servers with a user of their own may have to read it.
   */
  writePem(folder: string, name: string, mode = 0o600): { certificate: string; key: string; authority: string } {
    mkdirSync(folder, { recursive: true });
    const paths = {
      certificate: join(folder, `${name}.crt`),
      key: join(folder, `${name}.key`),
      authority: join(folder, `${name}.ca.crt`),
    };
    writeFileSync(paths.certificate, this.chainPem);
    writeFileSync(paths.key, this.keyPem, { mode });
    writeFileSync(paths.authority, this.root.pem);
    return paths;
  }
}

function keysOf(kind: 'ec' | 'rsa' | 'ed25519'): { privateKey: KeyObject; publicKey: KeyObject } {
  if (kind === 'rsa') return generateKeyPairSync('rsa', { modulusLength: 2048 });
  if (kind === 'ed25519') return generateKeyPairSync('ed25519');
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

function identifier(publicKey: KeyObject): Buffer {
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest()
    .subarray(0, 20);
}

function extension(id: string, critical: boolean, value: Der): Der {
  return sequence(oid(id), ...(critical ? [truth()] : []), octets(encode(value)));
}

function distinguishedName(cn: string, ou: string | undefined): Der {
  const pairs: [string, string][] = [];
  if (ou !== undefined) pairs.push(['2.5.4.11', ou]);
  if (cn !== '') pairs.push(['2.5.4.3', cn]);
  return sequence(...pairs.map(([type, value]) => set(sequence(oid(type), utf8(value)))));
}

/** otherName (RFC 5280 §4.2.1.6) of any kind. */
export function otherName(type: string, value: Der): Der {
  return tagged(0, oid(type), tagged(0, value));
}

/** A subjectAltName of DNS, SRV and XMPP names. */
function alternativeNames({ dns = [], srv = [], xmpp = [], ip = [], names = [] }: CertificateOptions): Der[] {
  return [
    ...dns.map((name) => taggedBytes(2, name)),
    ...srv.map((name) => otherName('1.3.6.1.5.5.7.8.7', ia5(name))),
    ...xmpp.map((name) => otherName('1.3.6.1.5.5.7.8.5', utf8(name))),
    ...ip.map((bytes) => taggedBytes(7, bytes)),
    ...names,
  ];
}

function extensionsOf(options: CertificateOptions, publicKey: KeyObject, issuerKey: KeyObject): Der[] {
  const { ca = false, pathLength, permitted, eku = ca ? [] : ['server'] } = options;
  const found = [
    extension(
      '2.5.29.19',
      true,
      ca ? sequence(truth(), ...(pathLength === undefined ? [] : [small(pathLength)])) : sequence(),
    ),
    extension('2.5.29.15', true, ca ? bits(Uint8Array.of(0x06), 1) : bits(Uint8Array.of(0xa0), 5)),
    extension('2.5.29.14', false, octets(identifier(publicKey))),
    extension('2.5.29.35', false, sequence(taggedBytes(0, identifier(issuerKey)))),
  ];
  if (eku.length > 0) found.push(extension('2.5.29.37', false, sequence(...eku.map((one) => oid(USAGES[one] ?? one)))));
  if (permitted !== undefined) {
    const trees = permitted.map((name) => sequence(taggedBytes(2, name)));
    found.push(extension('2.5.29.30', true, sequence(tagged(0, ...trees))));
  }
  const names = alternativeNames(options);
  if (names.length > 0) found.push(extension('2.5.29.17', false, sequence(...names)));
  return [...found, ...(options.extensions ?? [])];
}

/** Makes a key and a certificate. Takes about a millisecond, with an RSA key a tenth of a second. */
export function certificate(options: CertificateOptions): TestCertificate {
  const { issuer, dns = [], xmpp = [], srv = [], ou, key = 'ec' } = options;
  const { privateKey, publicKey } = keysOf(key);
  const signingKey = issuer?.privateKey ?? privateKey;
  const subject = distinguishedName(options.cn ?? dns[0] ?? xmpp[0] ?? srv[0] ?? '', ou);
  const issued = issuer === undefined ? undefined : new X509Certificate(issuer.der);
  const { algorithm, hash } = SIGNATURES[signingKey.asymmetricKeyType ?? 'ec']!;
  const serial = randomBytes(16);
  serial[0] = (serial[0]! & 0x7f) | 0x40;
  const notBefore = options.notBefore ?? Date.now() - HOUR_MS;
  const toBeSigned = sequence(
    tagged(0, small(2)), // version 3
    integer(serial),
    algorithm(),
    issuer === undefined ? subject : subjectOf(issuer),
    sequence(time(notBefore), time(options.notAfter ?? notBefore + 90 * DAY_MS)),
    subject,
    decode(publicKey.export({ type: 'spki', format: 'der' })),
    tagged(3, sequence(...extensionsOf(options, publicKey, issued?.publicKey ?? publicKey))),
  );
  const signature = sign(hash, encode(toBeSigned), signingKey);
  return new TestCertificate(encode(sequence(toBeSigned, algorithm(), bits(signature))), privateKey, issuer);
}

function subjectOf({ der }: TestCertificate): Der {
  const [toBeSigned] = decode(der).value as Der[];
  return (toBeSigned!.value as Der[])[5]!;
}

/** A root. */
export function authority(cn = 'Test authority', options: Omit<CertificateOptions, 'cn' | 'ca'> = {}): TestCertificate {
  return certificate({ notAfter: Date.now() + 3_650 * DAY_MS, ...options, cn, ca: true });
}
