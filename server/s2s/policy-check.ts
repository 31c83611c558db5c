import { X509Certificate } from 'node:crypto';
import { hostAndPort } from '../util/host-and-port.ts';
import { JidError, parseJid, prepareDomain } from '../xmpp/jid.ts';
import type { Policy, Rule } from './policy.ts';

/** A policy that cannot be. The message is a sentence for an administrator; `field` says where, as `rules[2].until`. */
export class PolicyError extends Error {
  readonly field: string;

  constructor(field: string, message: string) {
    super(message);
    this.name = 'PolicyError';
    this.field = field;
  }
}

/** What holds while nobody has decided anything: nobody talks with anybody outside. */
export const CLOSED: Policy = Object.freeze({
  default: 'closed',
  leastTls: 'TLSv1.2',
  proof: 'certificate',
  privateAddresses: false,
  outside: 'everyone',
  people: Object.freeze([]),
  departments: Object.freeze([]),
  rules: Object.freeze([]),
});

export const MOST_RULES = 1_000;
export const MOST_PEOPLE = 10_000;
export const MOST_DEPARTMENTS = 1_000;
/** Characters. */
const REASON = 500;
const AUTHOR = 200;
const AUTHORITY = 65_536;
/** Characters of all as JSON: it is read and written as one piece. */
const LONGEST = 2_000_000;
/** The end of the year 9999, which is the last that dates write in the usual way. */
const LATEST = 253_402_300_799_999;
const MOST_CERTIFICATES = 10;
/** IP addresses may be domains (RFC 7622 §3.2), but nothing is below them. */
const ADDRESS = /^(?:\[|\d+(?:\.\d+){3}$)/;

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads a policy that came from anywhere: names are prepared, what is not known is left out, everything is frozen. Throws
 * PolicyError.
 */
export function checkPolicy(input: unknown): Policy {
  if (!isFields(input)) throw new PolicyError('', 'A policy is an object.');
  const policy: Policy = Object.freeze({
    default: oneOf(input, 'default', ['closed', 'ask', 'open']),
    leastTls: oneOf(input, 'leastTls', ['TLSv1.2', 'TLSv1.3']),
    proof: oneOf(input, 'proof', ['certificate', 'dialback']),
    privateAddresses: yesOrNo(input, 'privateAddresses'),
    outside: oneOf(input, 'outside', ['everyone', 'chosen']),
    people: Object.freeze(list(input, 'people', MOST_PEOPLE).map(person)),
    departments: Object.freeze(list(input, 'departments', MOST_DEPARTMENTS).map(department)),
    rules: Object.freeze(list(input, 'rules', MOST_RULES).map(checkRule)),
  });
  noneTwice(policy.people, (n) => `people[${n}]`);
  noneTwice(policy.departments.map(String), (n) => `departments[${n}]`);
  noneTwice(
    policy.rules.map(({ pattern }) => pattern),
    (n) => `rules[${n}].pattern`,
  );
  if (JSON.stringify(policy).length > LONGEST) throw new PolicyError('rules', 'All rules together are too long.');
  return policy;
}

/** A domain, or `*.` and a domain, prepared. Throws PolicyError. */
export function checkPattern(input: string, field: string): string {
  const wild = input.startsWith('*.');
  const name = wild ? input.slice(2) : input;
  if (input.length <= 1_023 && !name.includes('*')) {
    try {
      const domain = prepareDomain(name);
      if (!wild) return domain;
      if (!ADDRESS.test(domain)) return `*.${domain}`;
    } catch (error) {
      if (!(error instanceof JidError)) throw error;
    }
  }
  throw new PolicyError(
    field,
    `“${shown(input)}” is no domain. Write “example.org”, or “*.example.org” for the names below it only.`,
  );
}

function checkRule(input: unknown, n: number): Rule {
  const at = `rules[${n}]`;
  if (!isFields(input)) throw new PolicyError(at, 'A rule is an object.');
  const pattern = checkPattern(text(input, 'pattern', 1_023, at), `${at}.pattern`);
  const { until, leastTls, proof, authority, address } = input;
  return Object.freeze({
    pattern,
    verdict: oneOf(input, 'verdict', ['allow', 'deny'], at),
    ...(until !== undefined && { until: time(input, 'until', at) }),
    ...(leastTls !== undefined && { leastTls: oneOf(input, 'leastTls', ['TLSv1.2', 'TLSv1.3'], at) }),
    ...(proof !== undefined && { proof: oneOf(input, 'proof', ['certificate', 'dialback'], at) }),
    ...(authority !== undefined && { authority: certificates(input, `${at}.authority`) }),
    ...(address !== undefined && { address: place(input, `${at}.address`) }),
    reason: text(input, 'reason', REASON, at),
    author: text(input, 'author', AUTHOR, at),
    at: time(input, 'at', at),
  });
}

function person(input: unknown, n: number): string {
  const field = `people[${n}]`;
  if (typeof input === 'string' && input.length <= 2_047) {
    try {
      const jid = parseJid(input);
      if (jid.local !== '' && jid.resource === '') return jid.bare;
    } catch (error) {
      if (!(error instanceof JidError)) throw error;
    }
  }
  throw new PolicyError(field, `“${shown(String(input))}” is no address of a person, as “juliet@example.org” is.`);
}

function department(input: unknown, n: number): number {
  if (Number.isSafeInteger(input) && (input as number) > 0) return input as number;
  throw new PolicyError(`departments[${n}]`, 'A department is named by its number.');
}

/** One certificate or a few (PEM), each in a text of its own. Throws PolicyError, also when a private key was pasted along. */
export function splitCertificates(pem: unknown, field: string): string[] {
  if (typeof pem !== 'string' || pem.length > AUTHORITY) {
    throw new PolicyError(field, `Certificates of an authority are text with at most ${AUTHORITY} characters.`);
  }
  if (pem.includes('PRIVATE KEY')) {
    throw new PolicyError(field, 'There is a private key in it. Paste the certificate only, and keep the key secret.');
  }
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0 || blocks.length > MOST_CERTIFICATES || !blocks.every(isCertificate)) {
    throw new PolicyError(
      field,
      `Paste 1 to ${MOST_CERTIFICATES} certificates, each from “-----BEGIN CERTIFICATE-----” to its end.`,
    );
  }
  return blocks;
}

/** The same as one text, without whatever stood around. */
function certificates(rule: Fields, field: string): string {
  return splitCertificates(rule.authority, field)
    .map((block) => `${block}\n`)
    .join('');
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).fingerprint256 !== '';
  } catch {
    return false;
  }
}

function place(rule: Fields, field: string): string {
  const read = typeof rule.address === 'string' ? hostAndPort(rule.address) : undefined;
  if (read?.port === undefined) {
    throw new PolicyError(
      field,
      'An address is a name and a port, as “chat.example.org:5269” or “[2001:db8::1]:5269”.',
    );
  }
  return read.host.includes(':') ? `[${read.host}]:${read.port}` : `${read.host}:${read.port}`;
}

function isFields(input: unknown): input is Fields {
  return typeof input === 'object' && input !== null && !Array.isArray(input);
}

function nameOf(name: string, at: string): string {
  return at === '' ? name : `${at}.${name}`;
}

function oneOf<const T extends string>(input: Fields, name: string, values: readonly T[], at = ''): T {
  const found = values.find((value) => value === input[name]);
  if (found === undefined) throw new PolicyError(nameOf(name, at), `“${name}” is one of: ${values.join(', ')}.`);
  return found;
}

function yesOrNo(input: Fields, name: string): boolean {
  const value = input[name];
  if (typeof value !== 'boolean') throw new PolicyError(name, `“${name}” is true or false.`);
  return value;
}

function text(input: Fields, name: string, most: number, at: string): string {
  const value = input[name];
  if (typeof value !== 'string' || value.length > most || /\p{Cc}/u.test(value) || !value.isWellFormed()) {
    throw new PolicyError(nameOf(name, at), `“${name}” is one line of at most ${most} characters.`);
  }
  return value;
}

function time(input: Fields, name: string, at: string): number {
  const value = input[name];
  if (!Number.isInteger(value) || (value as number) < 0 || (value as number) > LATEST) {
    throw new PolicyError(nameOf(name, at), `“${name}” is a time in milliseconds since 1970.`);
  }
  return value as number;
}

function list(input: Fields, name: string, most: number): readonly unknown[] {
  const value = input[name];
  if (!Array.isArray(value)) throw new PolicyError(name, `“${name}” is a list.`);
  if (value.length > most) throw new PolicyError(name, `“${name}” has at most ${most} entries.`);
  return value;
}

function noneTwice(values: readonly string[], field: (n: number) => string): void {
  const seen = new Set<string>();
  values.forEach((value, n) => {
    if (seen.has(value)) throw new PolicyError(field(n), `“${shown(value)}” is there twice.`);
    seen.add(value);
  });
}

function shown(value: string): string {
  return value.length > 80 ? `${value.slice(0, 80).toWellFormed()}…` : value.toWellFormed();
}
