import { type KeyObject, X509Certificate } from 'node:crypto';
import { rootCertificates } from 'node:tls';
import { covers, missingNames } from './cover.ts';
import { type CertificateFacts, inspect } from './inspect.ts';
import type { Names } from './names.ts';
import { pastedCertificates } from './pem.ts';
import { readPkcs12 } from './pkcs12.ts';
import { fits, keyBlocks, readKey, weakness } from './private-key.ts';
import { CertificateRefusal } from './refusal.ts';

const DAY_MS = 86_400_000;
const SOON_MS = 14 * DAY_MS;
/** By so much clocks may differ. */
const CLOCK_MS = 5 * 60_000;
const MOST_CERTIFICATES = 10;
const LONGEST_TEXT = 60_000;
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const ANY_USE = '2.5.29.37.0';

/** What somebody gives: texts in PEM, or a file of the kind .p12. */
export interface Given {
  /** The certificate with those between it and the root, in whatever order; the key may stand in the same text. */
  readonly chain?: string | undefined;
  readonly key?: string | undefined;
  readonly passphrase?: string | undefined;
  readonly pkcs12?: Uint8Array | undefined;
}

/** A certificate that may be shown from now on. */
export interface Accepted {
  /** The leaf first, without the root. */
  readonly chainPem: string;
  readonly keyPem: string;
  readonly facts: CertificateFacts;
  /** Names that clients or other servers may ask for and that it does not have. */
  readonly missing: readonly string[];
  /** What whoever gave it should know; nothing is wrong. */
  readonly notes: readonly string[];
}

/**
 * Checks all of what was given, and changes nothing. `waiting` is the key of a request that was made here: then the answer needs
 * none. Throws CertificateRefusal with a sentence and what is at fault.
 */
export function checkGiven(given: Given, names: Names, now: number, waiting?: KeyObject): Accepted {
  const { certificates, key } = read(given, waiting);
  const field = given.pkcs12 === undefined ? 'chain' : 'pkcs12';
  const weak = weakness(key);
  if (weak !== undefined)
    throw new CertificateRefusal(given.pkcs12 === undefined ? 'key' : 'pkcs12', `This key is not good enough. ${weak}`);
  const leaf = certificates.find((one) => fits(one, key));
  if (leaf === undefined)
    throw new CertificateRefusal(given.key === undefined ? field : 'key', whyNoFit(given, names, certificates));
  const { chain, spare } = inOrder(leaf, certificates);
  checkUse(leaf, field);
  checkDates(chain, now, field);
  checkSignatures(chain, field);
  const facts = inspect(leaf.toString());
  if (!covers(facts, names.dns[0] ?? '')) {
    const has = facts.dns.length === 0 ? 'no names at all' : facts.dns.slice(0, 5).join(', ');
    throw new CertificateRefusal(field, `This certificate is not for ${names.domain}: it has ${has}.`);
  }
  return {
    chainPem: chain.map((one) => one.toString()).join(''),
    keyPem: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    facts,
    missing: missingNames(facts, names),
    notes: notesOn(chain, spare, facts, now),
  };
}

function read(
  given: Given,
  waiting: KeyObject | undefined,
): { certificates: readonly X509Certificate[]; key: KeyObject } {
  if (given.pkcs12 !== undefined) {
    const bag = readPkcs12(given.pkcs12, given.passphrase ?? '');
    if (bag.certificates.length === 0) throw new CertificateRefusal('pkcs12', 'There is no certificate in this file.');
    tooMany(bag.certificates.length, 'pkcs12');
    return bag;
  }
  const text = given.chain ?? '';
  for (const field of ['chain', 'key'] as const) {
    if ((given[field] ?? '').length > LONGEST_TEXT)
      throw new CertificateRefusal(field, `This is longer than ${LONGEST_TEXT / 1_000} kB.`);
  }
  const inside = keyBlocks(text);
  // Some authorities, and many people, keep both in one file.
  const keyText = (given.key ?? '').trim() === '' ? inside.join('\n') : given.key!;
  const certificates = certificatesIn(inside.reduce((rest, block) => rest.replace(block, ''), text));
  if (keyText === '') {
    if (waiting !== undefined) return { certificates, key: waiting };
    throw new CertificateRefusal('key', 'The private key is needed, too: the certificate is of no use without it.');
  }
  return { certificates, key: readKey(keyText, given.passphrase) };
}

function certificatesIn(text: string): readonly X509Certificate[] {
  try {
    return pastedCertificates(text, { longest: LONGEST_TEXT, most: MOST_CERTIFICATES });
  } catch (error) {
    throw new CertificateRefusal('chain', (error as Error).message, { cause: error });
  }
}

function tooMany(count: number, field: 'chain' | 'pkcs12'): void {
  if (count > MOST_CERTIFICATES)
    throw new CertificateRefusal(field, `These are more than ${MOST_CERTIFICATES} certificates.`);
}

function whyNoFit(given: Given, { domain }: Names, certificates: readonly X509Certificate[]): string {
  if (given.key === undefined && given.pkcs12 === undefined && keyBlocks(given.chain ?? '').length === 0) {
    return `This is not the answer to the request that was made here for ${domain}: its key is another one.`;
  }
  return certificates.length === 1
    ? 'The key does not fit the certificate: they are not of the same pair.'
    : 'The key fits none of these certificates.';
}

/** The leaf, and above it whoever signed what stands before, as far as they are there. A root is not sent: who trusts it has it. */
function inOrder(
  leaf: X509Certificate,
  all: readonly X509Certificate[],
): { chain: readonly X509Certificate[]; spare: number } {
  const chain = [leaf];
  for (;;) {
    const last = chain.at(-1)!;
    if (isRoot(last)) break;
    const next = all.find(
      (one) => !chain.some((known) => known.raw.equals(one.raw)) && last.checkIssued(one) && last.verify(one.publicKey),
    );
    if (next === undefined) break;
    chain.push(next);
  }
  const used = chain.length;
  if (chain.length > 1 && isRoot(chain.at(-1)!)) chain.pop();
  const different = new Set(all.map((one) => one.fingerprint256)).size;
  return { chain, spare: different - used };
}

function isRoot(one: X509Certificate): boolean {
  return one.subject === one.issuer && one.verify(one.publicKey);
}

function checkUse(leaf: X509Certificate, field: 'chain' | 'pkcs12'): void {
  if (leaf.ca && !isRoot(leaf)) {
    throw new CertificateRefusal(field, 'This is the certificate of an authority, not of a server: apps refuse it.');
  }
  const uses: readonly string[] | undefined = leaf.keyUsage;
  if (uses !== undefined && !uses.includes(SERVER_AUTH) && !uses.includes(ANY_USE)) {
    throw new CertificateRefusal(
      field,
      'This certificate may not be used for a server: its “extended key usage” says so.',
    );
  }
}

const day = (date: Date): string => date.toISOString().slice(0, 10);

function checkDates(chain: readonly X509Certificate[], now: number, field: 'chain' | 'pkcs12'): void {
  for (const [at, one] of chain.entries()) {
    if (Number.isNaN(one.validToDate.getTime()) || Number.isNaN(one.validFromDate.getTime())) {
      throw new CertificateRefusal(field, 'A date in this certificate is none: it is damaged.');
    }
    const until = day(one.validToDate);
    const from = day(one.validFromDate);
    if (one.validToDate.getTime() <= now) {
      throw new CertificateRefusal(
        field,
        at === 0 ? `This certificate ended on ${until}.` : `Certificate ${at + 1} of the chain ended on ${until}.`,
      );
    }
    if (one.validFromDate.getTime() > now + CLOCK_MS) {
      throw new CertificateRefusal(
        field,
        at === 0
          ? `This certificate holds from ${from} only. Is the clock of this machine right?`
          : `Certificate ${at + 1} of the chain holds from ${from} only. Is the clock of this machine right?`,
      );
    }
  }
}

function checkSignatures(chain: readonly X509Certificate[], field: 'chain' | 'pkcs12'): void {
  for (const [at, one] of chain.entries()) {
    const how = one.signatureAlgorithm ?? '';
    if (/md[245]|sha1(?!\d)/i.test(how) && !isRoot(one)) {
      throw new CertificateRefusal(
        field,
        at === 0
          ? `This certificate is signed with ${how}, which can be forged: apps refuse it.`
          : `Certificate ${at + 1} of the chain is signed with ${how}, which can be forged: apps refuse it.`,
      );
    }
    const weak = weakness(one.publicKey);
    if (weak !== undefined) {
      throw new CertificateRefusal(
        field,
        at === 0
          ? `The key of this certificate is not good enough. ${weak}`
          : `The key of certificate ${at + 1} of the chain is not good enough. ${weak}`,
      );
    }
  }
}

function notesOn(
  chain: readonly X509Certificate[],
  spare: number,
  facts: CertificateFacts,
  now: number,
): readonly string[] {
  const last = chain.at(-1)!;
  const notes: string[] = [];
  if (facts.notAfter - now < SOON_MS)
    notes.push(`It ends soon, on ${new Date(facts.notAfter).toISOString().slice(0, 10)}.`);
  if (isRoot(last)) {
    notes.push('It signed itself: every device must be told to trust it, and other servers will not.');
  } else if (!isPublic(last)) {
    notes.push(
      `The chain ends below “${nameOf(last.issuer)}”, which is none of the authorities that devices know: either a certificate between them is missing, or devices must be told to trust that authority.`,
    );
  }
  if (spare > 0) {
    notes.push(
      spare === 1
        ? 'One certificate in it does not belong to the chain and is left out.'
        : `${spare} certificates in it do not belong to the chain and are left out.`,
    );
  }
  return notes;
}

/** The last part of a name that says something. */
function nameOf(distinguished: string): string {
  const lines = distinguished.split('\n');
  const found = lines.find((line) => line.startsWith('CN=')) ?? lines.at(-1) ?? '';
  return found.replace(/^[A-Z]+=/, '').slice(0, 100);
}

/** Whether an authority that Node knows could have signed it. Looked at only when something is given, as there are 140 of them. */
function isPublic(last: X509Certificate): boolean {
  return rootCertificates.some((pem) => {
    const root = new X509Certificate(pem);
    return last.checkIssued(root) && last.verify(root.publicKey);
  });
}
