import { createPrivateKey, generateKeyPair, type KeyObject, X509Certificate } from 'node:crypto';
import { promisify } from 'node:util';
import type { StoredAuthority, StoredCertificate } from '../storage/stores/certificates.ts';
import { inspect } from './inspect.ts';
import { type Names, within } from './names.ts';

const DAY_MS = 86_400_000;
const AUTHORITY_DAYS = 20 * 365;
/** Apple takes no more than 398 days. */
export const LEAF_DAYS = 397;
/** The clocks of clients may be behind ours. */
const BACKDATE_MS = 3_600_000;
const AUTHORITY = 'internal';

const generate = promisify(generateKeyPair);

/** P-256: a handshake costs a tenth of what it costs with RSA. */
function newKeys(): Promise<{ publicKey: KeyObject; privateKey: KeyObject }> {
  return generate('ec', { namedCurve: 'P-256' });
}

function pemOf(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function validity(now: number, days: number): { notBefore: number; notAfter: number } {
  return { notBefore: now - BACKDATE_MS, notAfter: now - BACKDATE_MS + days * DAY_MS };
}

/**
 * The house's authority for these DNS names: the one given, when its constraints cover them and it outlives a new leaf;
 * else one with the same key and subject, a new serial number and constraints for these names only; else, when
 * there was none, a new one.
 *
 * Who installed the certificate of before keeps trusting what that one covers, and must
 * install the new one to trust the domains that came later: that is what the constraints are for.
 */
export async function authorityFor(
  current: StoredAuthority | undefined,
  dns: readonly string[],
  now: number,
): Promise<StoredAuthority> {
  // What builds ASN.1 is loaded only when something is to be issued: most starts issue nothing.
  const { permittedNames } = await import('./constraints.ts');
  const { issueAuthority } = await import('./issue.ts');
  if (current === undefined) {
    const keys = await newKeys();
    const certificatePem = issueAuthority(keys, dns, validity(now, AUTHORITY_DAYS));
    return { name: AUTHORITY, keyPem: pemOf(keys.privateKey), certificatePem, createdAt: now };
  }
  const permitted = permittedNames(current.certificatePem);
  const covered = dns.every((name) => permitted.some((parent) => within(name, parent)));
  if (covered && inspect(current.certificatePem).notAfter > now + LEAF_DAYS * DAY_MS) return current;
  return anew(current, dns, now);
}

/** The authority for these DNS names and no other: the one given, when it is so; else one with the same key and subject. */
export async function narrowedFor(
  current: StoredAuthority,
  dns: readonly string[],
  now: number,
): Promise<StoredAuthority> {
  const { permittedNames, widest } = await import('./constraints.ts');
  const wanted = new Set(widest(dns));
  return permittedNames(current.certificatePem).every((name) => wanted.has(name)) ? current : anew(current, dns, now);
}

async function anew(current: StoredAuthority, dns: readonly string[], now: number): Promise<StoredAuthority> {
  const { issueAuthority } = await import('./issue.ts');
  const privateKey = createPrivateKey(current.keyPem);
  const { publicKey } = new X509Certificate(current.certificatePem);
  const until = validity(now, AUTHORITY_DAYS);
  const certificatePem = issueAuthority({ privateKey, publicKey }, dns, until, current.certificatePem);
  return { ...current, certificatePem, createdAt: now };
}

/** A new key and certificate for a domain. The authority must cover the names. */
export async function leafFor(authority: StoredAuthority, names: Names, now: number): Promise<StoredCertificate> {
  const { issueLeaf } = await import('./issue.ts');
  const { privateKey, publicKey } = await newKeys();
  const signer = { key: createPrivateKey(authority.keyPem), certificatePem: authority.certificatePem };
  const dates = validity(now, LEAF_DAYS);
  return {
    domain: names.domain,
    chainPem: issueLeaf(signer, publicKey, names, dates),
    keyPem: pemOf(privateKey),
    notAfter: dates.notAfter,
    source: AUTHORITY,
    createdAt: now,
  };
}
