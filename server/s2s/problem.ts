/** Whatever can keep two servers apart. `reasons.ts` has a sentence for each of them. */
export type ProblemCode =
  // names
  | 'no-such-domain'
  | 'no-service'
  | 'no-address'
  | 'dns-timeout'
  | 'dns-failed'
  | 'private-address'
  | 'port-not-allowed'
  // connecting
  | 'refused'
  | 'unreachable'
  | 'connect-timeout'
  | 'closed'
  // streams
  | 'no-answer'
  | 'not-xmpp'
  | 'host-unknown'
  | 'wrong-from'
  | 'stream-error'
  // TLS
  | 'no-starttls'
  | 'tls-failed'
  | 'tls-too-old'
  // certificates
  | 'certificate-missing'
  | 'certificate-expired'
  | 'certificate-not-yet'
  | 'certificate-self-signed'
  | 'certificate-unknown-issuer'
  | 'certificate-wrong-name'
  | 'certificate-common-name-only'
  | 'certificate-bad'
  // who is who
  | 'not-accepted'
  | 'only-dialback'
  | 'no-way-to-authenticate'
  | 'dialback-refused'
  | 'dialback-unverified'
  // policy and limits
  | 'policy-closed'
  | 'policy-denied'
  | 'policy-expired'
  | 'policy-theirs'
  | 'too-many'
  | 'too-slow'
  | 'broke-the-rules'
  // no fault of anybody
  | 'idle'
  | 'closed-by-admin'
  | 'shutdown';

/** What belongs into the sentence of a problem: names, ports, dates in ms since 1970, words of the other side. */
export type Facts = Readonly<Record<string, string | number>>;

/** Why there is no link to another server, or not any more. */
export class LinkProblem extends Error {
  readonly code: ProblemCode;
  readonly facts: Facts;
  /** Trying again soon will not help: somebody has to change something first. */
  readonly lasting: boolean;

  constructor(code: ProblemCode, facts: Facts = {}, lasting = LASTING.has(code)) {
    super(code);
    this.name = 'LinkProblem';
    this.code = code;
    this.facts = facts;
    this.lasting = lasting;
  }
}

const LASTING: ReadonlySet<ProblemCode> = new Set<ProblemCode>([
  'no-such-domain',
  'no-service',
  'private-address',
  'port-not-allowed',
  'host-unknown',
  'no-starttls',
  'tls-too-old',
  'certificate-missing',
  'certificate-expired',
  'certificate-not-yet',
  'certificate-self-signed',
  'certificate-unknown-issuer',
  'certificate-wrong-name',
  'certificate-common-name-only',
  'certificate-bad',
  'not-accepted',
  'only-dialback',
  'no-way-to-authenticate',
  'policy-closed',
  'policy-denied',
  'policy-expired',
  'policy-theirs',
]);
