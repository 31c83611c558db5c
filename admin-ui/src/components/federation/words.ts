import type {
  FederationAttempt,
  FederationDomain,
  FederationRule,
  FederationWhy,
} from '../../../../server/http/contract/index.ts';
import { date } from '../../format.ts';
import { t } from '../../language.ts';
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
  if (state === 'connected') return { tone: 'ok', label: t('Connected') } as const;
  if (state === 'waiting') return { tone: 'warn', label: t('Trying to connect') } as const;
  return grade === 'F'
    ? ({ tone: 'danger', label: t('Last attempt failed') } as const)
    : ({ tone: 'neutral', label: t('No connection now') } as const);
}

export const verdicts: Record<FederationDomain['verdict'], string> = {
  allow: t('Allowed'),
  deny: t('Denied'),
  ask: t('Not decided'),
};
export const verdictTones = { allow: 'ok', deny: 'danger', ask: 'warn' } as const;

export const proofs: Record<Proof, string> = { certificate: t('by certificate'), dialback: t('by dialback') };
export const whose: Record<FederationAttempt['whose'], string> = {
  ours: t('Yours to mend'),
  theirs: t('Theirs to mend'),
  nobody: '',
};
export const transports = { starttls: 'STARTTLS', tls: t('direct TLS') } as const;

export const leastTlsChoices = [
  { value: 'TLSv1.2', label: t('TLS 1.2 or newer') },
  { value: 'TLSv1.3', label: 'TLS 1.3' },
] as const;
export const proofChoices = [
  { value: 'certificate', label: t('By a certificate') },
  { value: 'dialback', label: t('By a certificate, or by dialback') },
] as const;

/** `TLSv1.3` as people write it. */
export const tlsWords = (protocol: string): string => protocol.replace(/^TLSv/, 'TLS ');

export const serverPath = (domain: string): string => `/federation/${encodeURIComponent(domain)}`;

/** An address with its port, as `[2001:db8::1]:5269`. */
export const placeWords = (host: string, port: number | null): string =>
  `${host.includes(':') ? `[${host}]` : host}${port === null ? '' : `:${port}`}`;

export const waitingWords = (queued: number): string => t('{n} message waits | {n} messages wait', queued);

export const timesWords = (times: number): string => (times === 2 ? t('twice') : t('{n} time | {n} times', times));

/** Why a certificate does not count at this moment, undefined when its time is right. */
export function timeProblem({ notBefore, notAfter }: PeerCertificate, now: number): string | undefined {
  if (now > notAfter) return t('Expired on {date}', { date: date(notAfter) });
  return now < notBefore ? t('Good from {date} on only', { date: date(notBefore) }) : undefined;
}

const usages: Record<string, string> = { server: t('servers'), client: t('clients') };
/** What a certificate may be used for, in words. */
export const usageWords = ({ usage }: PeerCertificate): string =>
  usage.length === 0 ? t('anything') : usage.map((one) => usages[one] ?? shown(one)).join(', ');

/** What became of messages that waited for a decision. */
export function settledWords({ released, dropped }: { released: number; dropped: number }): string {
  if (released > 0) {
    return t('One message that waited is on the way. | {n} messages that waited are on the way.', released);
  }
  return dropped > 0
    ? t('One message that waited was sent back. | {n} messages that waited were sent back.', dropped)
    : '';
}

function untilWords({ until, expired }: FederationRule): string {
  if (until === null) return '';
  const last = date(until - 1);
  return expired ? t('ended after {date}', { date: last }) : t('until {date}', { date: last });
}

/** What a rule says beside its verdict, in short pieces. */
export function ruleNotes(rule: FederationRule): string[] {
  return [
    untilWords(rule),
    rule.leastTls === null ? '' : tlsWords(rule.leastTls),
    rule.proof === null ? '' : rule.proof === 'certificate' ? t('certificate only') : t('dialback will do'),
    rule.address === null ? '' : t('at {address}', { address: shown(rule.address) }),
    rule.authority === null ? '' : t('an authority of their own'),
  ].filter(Boolean);
}

const tried: Record<string, string> = {
  refused: t('refused'),
  unreachable: t('cannot be reached'),
  timeout: t('no answer in time'),
  private: t('in a private network, not tried'),
  'no-address': t('has no address'),
  'dns-timeout': t('the DNS did not answer in time'),
  'dns-failed': t('the DNS has a fault'),
};
/** What became of an address. */
export const triedWords = (failed: string | null): string =>
  failed === null ? t('connected') : (tried[failed] ?? shown(failed));

/** What happened, in a sentence that has no cause to tell. */
export function attemptWords({ direction, outcome }: Pick<FederationAttempt, 'direction' | 'outcome'>): string {
  if (outcome === 'connected')
    return direction === 'out' ? t('This server connected to theirs.') : t('Their server connected to this one.');
  return direction === 'out'
    ? t('This server could not connect to theirs.')
    : t('Their server could not connect to this one.');
}
