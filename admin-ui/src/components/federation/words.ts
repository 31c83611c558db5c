import type {
  FederationAttempt,
  FederationDomain,
  FederationRule,
  FederationWhy,
} from '../../../../server/http/contract/index.ts';
import { count, date } from '../../format.ts';
import { nameShown } from '../files/words.ts';

/** Words of another server, with a sign for what would turn the order of letters round or cannot be seen. */
export const shown = nameShown;

/** What a certificate of another server says. */
export type PeerCertificate = FederationAttempt['chain'][number];
export type ServerLink = FederationWhy['links'][number];
export type Proof = 'certificate' | 'dialback';
export type LeastTls = 'TLSv1.2' | 'TLSv1.3';
export type Verdict = 'allow' | 'deny';

/** How it is with another server, as it is shown. */
export function stateOf({ state, grade }: Pick<FederationDomain, 'state' | 'grade'>) {
  if (state === 'connected') return { tone: 'ok', label: 'Connected' } as const;
  if (state === 'waiting') return { tone: 'warn', label: 'Trying to connect' } as const;
  return grade === 'F'
    ? ({ tone: 'danger', label: 'Last attempt failed' } as const)
    : ({ tone: 'neutral', label: 'No connection now' } as const);
}

export const verdicts: Record<FederationDomain['verdict'], string> = {
  allow: 'Allowed',
  deny: 'Denied',
  ask: 'Not decided',
};
export const verdictTones = { allow: 'ok', deny: 'danger', ask: 'warn' } as const;

export const proofs: Record<Proof, string> = { certificate: 'by certificate', dialback: 'by dialback' };
export const whose: Record<FederationAttempt['whose'], string> = {
  ours: 'Yours to mend',
  theirs: 'Theirs to mend',
  nobody: '',
};
export const transports = { starttls: 'STARTTLS', tls: 'direct TLS' } as const;

export const leastTlsChoices = [
  { value: 'TLSv1.2', label: 'TLS 1.2 or newer' },
  { value: 'TLSv1.3', label: 'TLS 1.3' },
] as const;
export const proofChoices = [
  { value: 'certificate', label: 'By a certificate' },
  { value: 'dialback', label: 'By a certificate, or by dialback' },
] as const;

/** `TLSv1.3` as people write it. */
export const tlsWords = (protocol: string): string => protocol.replace(/^TLSv/, 'TLS ');

export const serverPath = (domain: string): string => `/federation/${encodeURIComponent(domain)}`;

/** An address with its port, as `[2001:db8::1]:5269`. */
export const placeWords = (host: string, port: number | null): string =>
  `${host.includes(':') ? `[${host}]` : host}${port === null ? '' : `:${port}`}`;

export const waitingWords = (queued: number): string =>
  `${count(queued)} ${queued === 1 ? 'message waits' : 'messages wait'}`;

export const timesWords = (times: number): string => (times === 2 ? 'twice' : `${count(times)} times`);

/** Why a certificate does not count at this moment, undefined when its time is right. */
export function timeProblem({ notBefore, notAfter }: PeerCertificate, now: number): string | undefined {
  if (now > notAfter) return `Expired on ${date(notAfter)}`;
  return now < notBefore ? `Good from ${date(notBefore)} on only` : undefined;
}

const usages: Record<string, string> = { server: 'servers', client: 'clients' };
/** What a certificate may be used for, in words. */
export const usageWords = ({ usage }: PeerCertificate): string =>
  usage.length === 0 ? 'anything' : usage.map((one) => usages[one] ?? shown(one)).join(', ');

/** The day after one that was chosen (`2026-01-31`, in the browser's time zone) in ms: it counts to its end. */
export function endOfDay(day: string): number {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number);
  return new Date(year, month - 1, date + 1).getTime();
}

/** The last day on which something holds that ends at a moment, as an input of a day has it. */
export function lastDay(until: number): string {
  const last = new Date(until - 1);
  const two = (part: number): string => String(part).padStart(2, '0');
  return `${last.getFullYear()}-${two(last.getMonth() + 1)}-${two(last.getDate())}`;
}

/** What became of messages that waited for a decision. */
export function settledWords({ released, dropped }: { released: number; dropped: number }): string {
  const words = (number: number): string => (number === 1 ? 'One message' : `${count(number)} messages`);
  if (released > 0) return `${words(released)} that waited ${released === 1 ? 'is' : 'are'} on the way.`;
  return dropped > 0 ? `${words(dropped)} that waited ${dropped === 1 ? 'was' : 'were'} sent back.` : '';
}

/** What a rule says beside its verdict, in short pieces. */
export function ruleNotes(rule: FederationRule): string[] {
  return [
    rule.until === null ? '' : `${rule.expired ? 'ended after' : 'until'} ${date(rule.until - 1)}`,
    rule.leastTls === null ? '' : tlsWords(rule.leastTls),
    rule.proof === null ? '' : rule.proof === 'certificate' ? 'certificate only' : 'dialback will do',
    rule.address === null ? '' : `at ${shown(rule.address)}`,
    rule.authority === null ? '' : 'an authority of their own',
  ].filter(Boolean);
}

const tried: Record<string, string> = {
  refused: 'refused',
  unreachable: 'cannot be reached',
  timeout: 'no answer in time',
  private: 'in a private network, not tried',
  'no-address': 'has no address',
  'dns-timeout': 'the DNS did not answer in time',
  'dns-failed': 'the DNS has a fault',
};
/** What became of an address. */
export const triedWords = (failed: string | null): string =>
  failed === null ? 'connected' : (tried[failed] ?? shown(failed));

/** What happened, in a sentence that has no cause to tell. */
export function attemptWords({ direction, outcome }: Pick<FederationAttempt, 'direction' | 'outcome'>): string {
  if (outcome === 'connected')
    return direction === 'out' ? 'This server connected to theirs.' : 'Their server connected to this one.';
  return direction === 'out'
    ? 'This server could not connect to theirs.'
    : 'Their server could not connect to this one.';
}
