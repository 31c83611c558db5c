import { createHash, type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto';
import ipaddr from 'ipaddr.js';
import { NAME_CONSTRAINTS, nameConstraints } from './constraints.ts';
import {
  bits,
  type Der,
  encode,
  ia5,
  integer,
  octets,
  oid,
  sequence,
  set,
  small,
  subjectOf,
  tagged,
  taggedBytes,
  time,
  truth,
  utf8,
} from './der.ts';
import type { Names } from './names.ts';

const EC_PUBLIC_KEY = '1.2.840.10045.2.1'; // RFC 5480 §2.1.1
const PRIME256V1 = '1.2.840.10045.3.1.7';
const ECDSA_SHA256 = '1.2.840.10045.4.3.2'; // RFC 5758 §3.2
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'; // towards other servers we are the client (XEP-0178)
const DNS_SRV = '1.3.6.1.5.5.7.8.7'; // RFC 4985 §2
const COMMON_NAME = '2.5.4.3';
const ORGANIZATION = '2.5.4.10';
const MAX_COMMON_NAME = 64; // X.520: ub-common-name

/** From when to when a certificate holds, milliseconds since 1970. */
export interface Validity {
  readonly notBefore: number;
  readonly notAfter: number;
}

/** Who signs. */
export interface Signer {
  readonly key: KeyObject;
  readonly certificatePem: string;
}

/** The point of a P-256 key, uncompressed (RFC 5480 §2.2). */
function pointOf(publicKey: KeyObject): Buffer {
  const { crv, x = '', y = '' } = publicKey.export({ format: 'jwk' });
  if (crv !== 'P-256') throw new Error('certificates are made for P-256 keys only');
  return Buffer.concat([Buffer.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
}

/** RFC 7093 §2, method 1. Must never change: what an authority signed names the authority's key by it. */
function keyIdentifier(publicKey: KeyObject): Buffer {
  return createHash('sha256').update(pointOf(publicKey)).digest().subarray(0, 20);
}

function extension(id: string, critical: boolean, value: Der): Der {
  return critical ? sequence(oid(id), truth(), octets(encode(value))) : sequence(oid(id), octets(encode(value)));
}

function distinguishedName(commonName: string): Der {
  const pairs: [string, string][] = [
    [ORGANIZATION, 'Hallway'],
    [COMMON_NAME, commonName],
  ];
  return sequence(...pairs.map(([type, value]) => set(sequence(oid(type), utf8(value)))));
}

/** An authority's subject as it stands there, so that what is compared byte by byte stays the same. */
function nameOf(pem: string): Der {
  const subject = subjectOf(new X509Certificate(pem).raw);
  if (subject === undefined) throw new Error('the certificate has no subject');
  return subject;
}

/** 127 random bits (RFC 5280 §4.1.2.2: positive, 20 bytes at most); the second bit is set, so that no byte can be left out. */
function serialNumber(): Der {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return integer(bytes);
}

/** RFC 5280 §4.1, signed and in PEM. */
function certificate(
  issuer: Der,
  subject: Der,
  publicKey: KeyObject,
  { notBefore, notAfter }: Validity,
  extensions: readonly Der[],
  signingKey: KeyObject,
): string {
  const algorithm = sequence(oid(ECDSA_SHA256));
  const toBeSigned = sequence(
    tagged(0, small(2)), // version 3
    serialNumber(),
    algorithm,
    issuer,
    sequence(time(notBefore), time(notAfter)),
    subject,
    sequence(sequence(oid(EC_PUBLIC_KEY), oid(PRIME256V1)), bits(pointOf(publicKey))),
    tagged(3, sequence(...extensions)),
  );
  const signature = sign('sha256', encode(toBeSigned), signingKey);
  const base64 = encode(sequence(toBeSigned, algorithm, bits(signature))).toString('base64');
  const lines = base64.match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

const serverAndClient = () => extension('2.5.29.37', false, sequence(oid(SERVER_AUTH), oid(CLIENT_AUTH)));

/**
 * An authority's certificate, signed by its own key, good for nothing but TLS and for no name but those in `dns` (with all
 * below them) and private addresses. With `previous`, the same authority is issued anew: its subject is kept.
 */
export function issueAuthority(
  keys: { privateKey: KeyObject; publicKey: KeyObject },
  dns: readonly string[],
  validity: Validity,
  previous?: string,
): string {
  const identifier = keyIdentifier(keys.publicKey);
  const name =
    previous === undefined
      ? distinguishedName(`Hallway authority ${identifier.toString('hex', 0, 4)}`)
      : nameOf(previous);
  return certificate(
    name,
    name,
    keys.publicKey,
    validity,
    [
      extension('2.5.29.19', true, sequence(truth(), small(0))), // basicConstraints: an authority of leafs only
      extension('2.5.29.15', true, bits(Uint8Array.of(0x06), 1)), // keyUsage: keyCertSign, cRLSign
      serverAndClient(),
      extension('2.5.29.14', false, octets(identifier)),
      extension(NAME_CONSTRAINTS, true, nameConstraints(dns)),
    ],
    keys.privateKey,
  );
}

/** RFC 5280 §4.2.1.6: otherName. */
function otherName(type: string, value: Der): Der {
  return tagged(0, oid(type), tagged(0, value));
}

/** No XmppAddr (RFC 6120 §13.7.1.4, for old servers): Debian 12's ejabberd ends the stream of whoever shows one. */
function alternativeNames({ dns, addresses }: Names): Der {
  const ascii = dns[0] ?? '';
  return sequence(
    ...dns.map((name) => taggedBytes(2, name)),
    ...addresses.map((address) => taggedBytes(7, Uint8Array.from(ipaddr.parse(address).toByteArray()))),
    otherName(DNS_SRV, ia5(`_xmpp-client.${ascii}`)),
    otherName(DNS_SRV, ia5(`_xmpp-server.${ascii}`)),
  );
}

/** A domain's certificate. `names.dns` begins with the domain itself. */
export function issueLeaf(signer: Signer, publicKey: KeyObject, names: Names, validity: Validity): string {
  const ascii = names.dns[0] ?? '';
  const authorityKey = new X509Certificate(signer.certificatePem).publicKey;
  return certificate(
    nameOf(signer.certificatePem),
    distinguishedName(ascii.length <= MAX_COMMON_NAME ? ascii : 'Hallway'),
    publicKey,
    validity,
    [
      extension('2.5.29.19', true, sequence()), // basicConstraints: no authority
      extension('2.5.29.15', true, bits(Uint8Array.of(0x80), 7)), // keyUsage: digitalSignature
      serverAndClient(),
      extension('2.5.29.14', false, octets(keyIdentifier(publicKey))),
      extension('2.5.29.35', false, sequence(taggedBytes(0, keyIdentifier(authorityKey)))),
      extension('2.5.29.17', false, alternativeNames(names)),
    ],
    signer.key,
  );
}
