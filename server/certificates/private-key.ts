import { createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto';
import { asksTooMuch } from './key-effort.ts';
import { CertificateRefusal } from './refusal.ts';

const KEY = /-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----[\s\S]*?-----END \1-----/g;
const CURVES: ReadonlySet<string> = new Set(['prime256v1', 'secp384r1', 'secp521r1']);
const LEAST_RSA = 2_048;
/** Every handshake is made with it: one of 16,384 bits would take most of a second. */
const MOST_RSA = 8_192;
const DAMAGED = 'This private key is damaged, or of a kind that is not known here.';

/** The blocks of private keys in a text. */
export function keyBlocks(text: string): string[] {
  return text.match(KEY) ?? [];
}

/** A private key in PEM, with the passphrase that it is locked with, if it is. Throws CertificateRefusal. */
export function readKey(text: string, passphrase: string | undefined): KeyObject {
  const [block, ...more] = keyBlocks(text);
  if (block === undefined) {
    const sentences = ['There is no private key in this.', 'It begins with a line like -----BEGIN PRIVATE KEY-----.'];
    if (text.includes('PUBLIC KEY')) sentences.push('A public key is not enough.');
    throw new CertificateRefusal('key', sentences.join(' '));
  }
  if (more.length > 0) throw new CertificateRefusal('key', 'There are several private keys in this: give only one.');
  const locked = block.includes('ENCRYPTED');
  if (locked && (passphrase ?? '') === '') {
    throw new CertificateRefusal('passphrase', 'This key is locked: enter the passphrase that opens it.');
  }
  if (block.startsWith('-----BEGIN ENCRYPTED') && tooLocked(block)) {
    throw new CertificateRefusal(
      'key',
      'This key is locked in a way that would take too long to open. Export it anew with the usual settings, or unlock it first.',
    );
  }
  try {
    return createPrivateKey({ key: block, format: 'pem', ...(locked && { passphrase: passphrase! }) });
  } catch (cause) {
    if (locked) throw new CertificateRefusal('passphrase', 'This passphrase does not open the key.', { cause });
    throw new CertificateRefusal('key', DAMAGED, { cause });
  }
}

function tooLocked(block: string): boolean {
  try {
    return asksTooMuch(Buffer.from(block.replace(/-----[^\n]*-----/g, ''), 'base64'));
  } catch (cause) {
    throw new CertificateRefusal('key', DAMAGED, { cause });
  }
}

/** Why a key is not good enough to be shown to clients, a sentence; undefined when it is. */
export function weakness(key: KeyObject): string | undefined {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type === 'rsa') {
    const length = details?.modulusLength ?? 0;
    if (length < LEAST_RSA) return `An RSA key of ${length} bits can be broken; it needs ${LEAST_RSA} at least.`;
    if (length > MOST_RSA) return `An RSA key of ${length} bits makes every login slow; ${MOST_RSA} are enough.`;
    return undefined;
  }
  if (type === 'ec') {
    const curve = details?.namedCurve ?? 'unknown';
    return CURVES.has(curve) ? undefined : `Apps cannot use the elliptic curve ${curve}; take P-256 (prime256v1).`;
  }
  return `Many apps cannot use a key of the kind ${type ?? 'unknown'}; take EC P-256, or RSA of ${LEAST_RSA} bits or more.`;
}

/** Whether this key is the one of the certificate. */
export function fits(certificate: X509Certificate, key: KeyObject): boolean {
  return certificate.checkPrivateKey(key);
}
