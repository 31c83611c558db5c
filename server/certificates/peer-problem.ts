import type { X509Certificate } from 'node:crypto';
import type { Finding } from './openssl.ts';
import { oneLine, type PeerProblem } from './peer-certificate.ts';
import type { PeerNames } from './peer-names.ts';

/** Numbers of OpenSSL's x509_vfy.h. */
const SELF_SIGNED = 18;
const NO_ISSUER: ReadonlySet<number> = new Set([2, 19, 20, 21, 27]);
const NOT_YET = 9;
const EXPIRED = 10;
const PURPOSE = 26;
/** In words for people, of those that come up; OpenSSL's own for the others. */
const WORDS: Readonly<Record<number, string>> = {
  7: 'a signature in its chain is wrong',
  24: 'it was signed by a certificate that is no authority',
  25: 'there are more authorities between than one of them allows',
  32: 'it was signed by a certificate that is no authority',
  47: 'its authority may not speak for its names',
  48: 'its authority may not speak for its names',
  66: 'its key is too weak',
  67: 'the key of its authority is too weak',
  68: 'it is signed in a way that is too weak',
  79: 'it was signed by a certificate that is no authority',
};
/** More names than these help nobody to see for whom it is. */
const SHOWN_NAMES = 10;
const MAX_NAME = 100;

/** Whether there is no way from the leaf to an authority, so that another authority may help. */
export function leadsNowhere({ code }: Finding): boolean {
  return code === SELF_SIGNED || NO_ISSUER.has(code);
}

/** The leaf and those above it, each one signed in the name of the next. */
function line(certificates: readonly X509Certificate[]): X509Certificate[] {
  const found: X509Certificate[] = [];
  let next = certificates[0];
  while (next !== undefined) {
    found.push(next);
    const { issuer } = next;
    next = certificates.find((one) => one.subject === issuer && !found.includes(one));
  }
  return found;
}

/** What people call it. */
function titleOf(certificate: X509Certificate): string {
  const name = /(?:^|\n)CN=([^\n]*)/.exec(certificate.subject ?? '')?.[1] ?? oneLine(certificate.subject);
  return name.slice(0, MAX_NAME);
}

function dated(code: typeof NOT_YET | typeof EXPIRED, certificate: X509Certificate | undefined): PeerProblem {
  const expired = code === EXPIRED;
  // One of ours, then: nothing that they can mend.
  if (certificate === undefined) {
    const text = expired ? 'the time of its authority is over' : 'the time of its authority has not come';
    return { code: 'certificate-bad', facts: { text } };
  }
  const at = (expired ? certificate.validToDate : certificate.validFromDate).getTime();
  return {
    code: expired ? 'certificate-expired' : 'certificate-not-yet',
    facts: { name: titleOf(certificate), at },
  };
}

function problemOfFinding({ code, depth, text }: Finding, certificates: readonly X509Certificate[]): PeerProblem {
  const above = line(certificates);
  if (code === SELF_SIGNED) return { code: 'certificate-self-signed', facts: { name: titleOf(certificates[0]!) } };
  if (NO_ISSUER.has(code)) {
    const issuer = oneLine(above.at(-1)?.issuer);
    return { code: 'certificate-unknown-issuer', facts: { issuer, sent: certificates.length } };
  }
  if (code === NOT_YET || code === EXPIRED) return dated(code, above[depth]);
  const words = code === PURPOSE ? 'it does not say that it is for servers' : (WORDS[code] ?? text);
  const whose = depth === 0 ? '' : ` (${above[depth] === undefined ? 'its authority' : titleOf(above[depth])})`;
  return { code: 'certificate-bad', facts: { text: `${words}${whose}` } };
}

/** The lower, the more the rest hangs on it: a new date helps nobody whose authority is not known. */
function rank({ code }: Finding): number {
  if (code === SELF_SIGNED) return 0;
  if (NO_ISSUER.has(code)) return 1;
  return code === NOT_YET || code === EXPIRED ? 2 : 3;
}

/** The names in a certificate, for a sentence. */
function shown({ dns, srv, xmpp }: PeerNames): string {
  const all = [...new Set([...dns, ...xmpp, ...srv])];
  return all.slice(0, SHOWN_NAMES).join(', ') + (all.length > SHOWN_NAMES ? ', …' : '');
}

/**
 * Where a domain stands in the leaf. `beyond`: where the constraints of its authority do not reach (name-reach.ts).
 */
export type Named = 'named' | 'in-common-name' | 'other-names' | 'beyond';

function problemOfName(named: Named, names: PeerNames): PeerProblem[] {
  if (named === 'named') return [];
  if (named === 'in-common-name') return [{ code: 'certificate-common-name-only', facts: {} }];
  if (named === 'other-names') return [{ code: 'certificate-wrong-name', facts: { names: shown(names) } }];
  const text = 'its authority may speak for some DNS names only, and the domain is not among its DNS names';
  return [{ code: 'certificate-bad', facts: { text } }];
}

/** The most telling of all that is wrong with a chain, with the code of what comes next as `also`; undefined when nothing is. */
export function problemOf(
  findings: readonly Finding[],
  certificates: readonly X509Certificate[],
  names: PeerNames,
  named: Named,
): PeerProblem | undefined {
  const [first, ...others] = [
    ...findings.toSorted((a, b) => rank(a) - rank(b)).map((one) => problemOfFinding(one, certificates)),
    ...problemOfName(named, names),
  ];
  const next = others.find(({ code }) => code !== first?.code);
  if (first === undefined || next === undefined) return first;
  return { code: first.code, facts: { ...next.facts, ...first.facts, also: next.code } };
}
