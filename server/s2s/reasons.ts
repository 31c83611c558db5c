import type { SrvAnswer } from './attempt.ts';
import type { Facts, ProblemCode } from './problem.ts';
import { dateOf, list, named, quoted } from './words.ts';

/** Why there is no link, for an administrator who is no programmer: plain text, never markup. */
export interface Explanation {
  readonly sentence: string;
  /** What can be done about it; '' when nothing needs to be. */
  readonly remedy: string;
  /** Who can do it. */
  readonly whose: 'ours' | 'theirs' | 'nobody';
}

export interface ReasonContext {
  /** Theirs and ours. */
  readonly domain: string;
  readonly local: string;
  /** Who called; left out, we did. */
  readonly direction?: 'in' | 'out';
  /** What the DNS said, if it was asked. */
  readonly srv?: readonly SrvAnswer[];
  /** Our certificate is of our own authority, which nobody outside knows by itself. */
  readonly ownAuthority?: boolean;
}

interface Problem {
  readonly code: ProblemCode;
  readonly facts: Facts;
}

type Reason = (facts: Facts, context: ReasonContext) => Explanation;

/** Says in words why there is no link. What the other side said is quoted and short; nothing in it is trusted to be a name. */
export function explain(problem: Problem, context: ReasonContext): Explanation {
  const reason: Reason | undefined = Object.hasOwn(REASONS, problem.code) ? REASONS[problem.code] : undefined;
  // What a later version has written down, before somebody went back to this one.
  if (reason === undefined) return nobody(`The link failed: ${quoted(problem.code)}.`);
  return reason(problem.facts, { ...context, domain: named(context.domain), local: named(context.local) });
}

const theirs = (sentence: string, remedy: string): Explanation => ({ sentence, remedy, whose: 'theirs' });
const ours = (sentence: string, remedy: string): Explanation => ({ sentence, remedy, whose: 'ours' });
const nobody = (sentence: string, remedy = ''): Explanation => ({ sentence, remedy, whose: 'nobody' });

const LATER = 'It is tried again by itself while something waits for them.';
const TRUST = 'If you know them, a rule for them may name the certificate of their authority, or let dialback do.';

/** What is to be done first where they do not take our certificate, before the rest. */
function introduced({ ownAuthority = false, local }: ReasonContext, rest: string): string {
  if (!ownAuthority) return rest;
  return `Give them the certificate of our authority (“hallwayctl certificate authority” prints it), for their rule for ${local}: nobody outside knows that authority by itself. If they have it: ${rest.charAt(0).toLowerCase()}${rest.slice(1)}`;
}

/** `port 5269 of chat.example.test (192.0.2.7)`. */
function door({ host, port, address }: Facts, { domain }: ReasonContext): string {
  const name = host === undefined ? domain : named(host);
  const at = address === undefined || address === '' || address === host ? '' : ` (${named(address)})`;
  return `${port === undefined ? 'the server port' : `port ${named(port)}`} of ${name}${at}`;
}

/** How the door was found, where that may be the fault: without SRV records it is only a guess. */
function found({ srv = [], domain }: ReasonContext): string {
  const isGuess = srv.length > 0 && srv.every(({ records, problem }) => records.length === 0 && problem === undefined);
  return isGuess ? `There is no SRV record for ${domain}, and ` : '';
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function said({ text }: Facts, words = 'They say'): string {
  return text === undefined || text === '' ? '' : ` ${words}: ${quoted(text)}.`;
}

/** A second thing that is wrong with a certificate: who mends the first should know. */
function also(facts: Facts, context: ReasonContext): string {
  const code = String(facts.also ?? '');
  if (!code.startsWith('certificate-') || !Object.hasOwn(REASONS, code)) return '';
  const { also: _, ...rest } = facts;
  return ` And: ${explain({ code: code as ProblemCode, facts: rest }, context).sentence}`;
}

function certificate(facts: Facts, context: ReasonContext, sentence: string, remedy: string): Explanation {
  return theirs(`${sentence}${also(facts, context)}`, remedy);
}

const REASONS: Readonly<Record<ProblemCode, Reason>> = {
  'no-such-domain': (_, { domain }) =>
    ours(`There is no domain ${domain} in the DNS.`, 'Look whether the name is spelled right.'),
  'no-service': (_, { domain }) =>
    theirs(
      `The DNS says that ${domain} has no chat server that others can reach.`,
      'They do not want to be reached, or have to change their SRV records.',
    ),
  'no-address': ({ host, name }, { domain, srv = [] }) => {
    const target = named(host ?? name ?? domain);
    return target === domain && srv.every(({ records }) => records.length === 0)
      ? theirs(
          `There is no SRV record for ${domain}, and the name itself has no address either.`,
          'They have to add records to their DNS. Look also whether the name is spelled right.',
        )
      : theirs(`Their DNS sends us to ${target}, which has no address.`, 'They have to correct their DNS.');
  },
  'dns-timeout': ({ name }, { domain }) =>
    ours(
      `The DNS did not answer in time when it was asked for ${named(name ?? domain)}.`,
      `Look whether this machine reaches its DNS server. ${LATER}`,
    ),
  'dns-failed': ({ name }, { domain }) =>
    nobody(
      `The DNS could not answer the question for ${named(name ?? domain)}.`,
      `Their DNS, or the one that this machine asks, has a fault. ${LATER}`,
    ),
  'private-address': (facts, context) =>
    ours(
      `Their DNS sends us to ${named(facts.host ?? context.domain)}, which is at ${facts.address === undefined ? 'an address' : named(facts.address)} in a private network. Nothing is connected to there, as it could be a machine of yours.`,
      'If that is right, name the address in a rule for this domain, or allow private addresses for all.',
    ),
  'port-not-allowed': ({ host, port }, { domain }) =>
    theirs(
      `Their DNS sends us to port ${named(port ?? '?')} of ${named(host ?? domain)}, where other services live.`,
      'They have to change their SRV records. If it is right nevertheless, name the address in a rule for this domain.',
    ),
  refused: (facts, context) =>
    theirs(
      `${capital(`${found(context)}${door(facts, context)}`)} was refused: nothing listens there.`,
      `Their server does not run, or is somewhere else. ${LATER}`,
    ),
  unreachable: (facts, context) =>
    nobody(
      `${capital(`${found(context)}${door(facts, context)}`)} cannot be reached from here.`,
      `Look whether this machine has a way out. ${LATER}`,
    ),
  'connect-timeout': (facts, context) =>
    theirs(
      `${capital(`${found(context)}${door(facts, context)}`)} did not answer in time.`,
      `Their server does not run, or a firewall is between, here or there. ${LATER}`,
    ),
  closed: ({ unconfirmed }, { domain }) =>
    nobody(
      unconfirmed === undefined
        ? `The connection with ${domain} was closed before it was ready.`
        : `The connection with ${domain} broke off before they had confirmed all that they were sent.`,
      LATER,
    ),
  'no-answer': ({ seconds }, { domain, direction }) =>
    theirs(
      direction === 'in'
        ? `A server that calls itself ${domain} connected, and did not show who it is${seconds === undefined ? '' : ` within ${named(seconds)} seconds`}.`
        : `The server of ${domain} took the connection, and did not go on${seconds === undefined ? '' : ` within ${named(seconds)} seconds`}.`,
      `Their server is too busy or stuck. ${LATER}`,
    ),
  'not-xmpp': (facts, { domain }) =>
    theirs(
      `What answered for ${domain} is no chat server.${said(facts, 'It says')}`,
      'Their SRV records or the address in the rule may be wrong.',
    ),
  'host-unknown': (facts, { domain, direction, local }) =>
    direction === 'in'
      ? ours(
          `They asked for ${facts.asked === undefined ? 'a domain' : named(facts.asked)}, which is not served here.`,
          `If you want to be reached there, add that domain. ${local} is served.`,
        )
      : theirs(
          `Their server says that it does not know ${domain}.${said(facts)}`,
          'They have to add the domain to their server, or their DNS names the wrong one.',
        ),
  'wrong-from': ({ from }, { domain }) =>
    theirs(
      `The server that should be that of ${domain} calls itself ${from === undefined || from === '' ? 'nothing at all' : quoted(from)}.`,
      'Their SRV records name the wrong server, or it is not set up for this domain.',
    ),
  'stream-error': (facts, { domain }) => {
    const { condition = '' } = facts;
    const known = Object.hasOwn(CONDITIONS, String(condition)) ? CONDITIONS[String(condition)] : undefined;
    const words = known ?? `ended the connection${condition === '' ? '' : ` (${quoted(condition)})`}`;
    return theirs(`The server of ${domain} ${words}.${said(facts)}`, LATER);
  },
  'no-starttls': (_, { domain }) =>
    theirs(
      `The server of ${domain} does not offer encryption. Nothing is sent in the clear.`,
      'They have to switch on TLS.',
    ),
  'tls-failed': (facts, { domain }) =>
    theirs(
      `Encryption with the server of ${domain} could not be agreed on.${said(facts, 'What was wrong')}`,
      'Their settings of TLS are unusual or faulty.',
    ),
  'tls-too-old': ({ text, least }, { domain }) =>
    theirs(
      `The server of ${domain} speaks an old kind of encryption${text === undefined || text === '' ? '' : ` (${quoted(text)})`}${least === undefined ? '' : `; the policy asks for ${named(least)} at least`}.`,
      least === 'TLSv1.3'
        ? 'They have to update their server, or a rule for them may allow TLS 1.2.'
        : 'They have to update their server.',
    ),
  'certificate-missing': (_, { domain, direction }) =>
    theirs(
      direction === 'in'
        ? `The server that calls itself ${domain} showed no certificate.`
        : `The server of ${domain} has no certificate.`,
      'They have to set one up. A rule for them may let dialback do instead.',
    ),
  'certificate-expired': (facts, context) =>
    certificate(
      facts,
      context,
      `Their certificate ${facts.name === undefined ? '' : `(${quoted(facts.name)}) `}expired on ${dateOf(facts.at)}.`,
      'They have to renew it.',
    ),
  'certificate-not-yet': (facts, context) =>
    certificate(
      facts,
      context,
      `Their certificate holds from ${dateOf(facts.at)} on only.`,
      'The clock of one of the two servers is wrong, or they have to wait until then.',
    ),
  'certificate-self-signed': (facts, context) =>
    certificate(
      facts,
      context,
      'Their certificate was made by themselves: nobody else says whose it is.',
      `They should get one that everybody trusts. ${TRUST}`,
    ),
  'certificate-unknown-issuer': (facts, context) =>
    certificate(
      facts,
      context,
      `Their certificate was issued by ${facts.issuer === undefined || facts.issuer === '' ? 'somebody' : quoted(facts.issuer)}, whom this server does not know${Number(facts.sent) === 1 ? '; they sent no certificate between theirs and an authority' : ''}.`,
      Number(facts.sent) === 1 ? `They have to send the whole chain. ${TRUST}` : TRUST,
    ),
  'certificate-wrong-name': (facts, context) =>
    certificate(
      facts,
      context,
      `Their certificate is not for ${context.domain}${facts.names === undefined || facts.names === '' ? ': it names nobody' : `, but for ${quoted(facts.names)}`}.`,
      'They have to get one that has this name, or their DNS names the wrong server.',
    ),
  'certificate-common-name-only': (facts, context) =>
    certificate(
      facts,
      context,
      `Their certificate names ${context.domain} only in a field that counts no more (the common name).`,
      'They have to get one that has it as a "subject alternative name".',
    ),
  'certificate-bad': (facts, context) =>
    certificate(
      facts,
      context,
      `Their certificate is not good.${said(facts, 'What is wrong')}`,
      `They have to get another one. ${TRUST}`,
    ),
  'not-accepted': (facts, context) =>
    ours(
      `The server of ${context.domain} does not accept that we are ${context.local}.${said(facts)}`,
      introduced(
        context,
        `Look whether the certificate of ${context.local} is one that everybody trusts. A rule for them may let dialback do instead.`,
      ),
    ),
  'only-dialback': ({ certificate: code }, context) => {
    const why =
      code === undefined || !Object.hasOwn(REASONS, String(code))
        ? ''
        : ` ${explain({ code: code as ProblemCode, facts: {} }, context).sentence}`;
    return theirs(
      `${capital(context.domain)} can only show by dialback who they are, and the policy asks for a certificate.${why}`,
      'They have to set up a good certificate, or a rule for them may let dialback do.',
    );
  },
  'no-way-to-authenticate': ({ offered }, context) =>
    ours(
      `The server of ${context.domain} offers no way for us to show that we are ${context.local}${offered === undefined || offered === '' ? '' : `: only ${quoted(offered)}`}.`,
      introduced(
        context,
        'They may not take our certificate and not know dialback, or the policy asks for certificates. A rule for them may let dialback do.',
      ),
    ),
  'dialback-refused': (facts, context) =>
    ours(
      `The server of ${context.domain} called back to see whether we are ${context.local}, and was not convinced.${said(facts)}`,
      introduced(
        context,
        `Look whether ${context.local} can be found and reached from outside: its SRV records, and port 5269.`,
      ),
    ),
  'dialback-unverified': (_, { domain }) =>
    theirs(
      `Somebody connected and called themselves ${domain}, but the server of ${domain} does not know of it.`,
      'It was somebody else, or their servers do not know of each other.',
    ),
  'policy-closed': (_, { domain }) =>
    ours(
      `No rule allows ${domain}, and this house talks only with those that one allows.`,
      'Allow the domain if you want to talk with it.',
    ),
  'policy-denied': ({ pattern, reason }, { domain }) =>
    ours(
      `A rule denies ${pattern === undefined ? domain : named(pattern)}${reason === undefined || reason === '' ? '' : `: ${quoted(reason)}`}.`,
      'Change the rule if you want to talk with them.',
    ),
  'policy-expired': ({ at }, { domain }) =>
    ours(
      `The rule that allowed ${domain} held until ${dateOf(at)}.`,
      'Renew the rule if you want to go on talking with them.',
    ),
  'policy-theirs': (facts, { domain, local }) =>
    theirs(`The server of ${domain} does not want to talk with ${local}.${said(facts)}`, `Ask them to allow ${local}.`),
  'too-many': (_, { domain }) =>
    nobody(`There were too many connections at once, so the one with ${domain} had to wait.`, LATER),
  'too-slow': (_, { domain }) => theirs(`The server of ${domain} did not take what it was sent for too long.`, LATER),
  'broke-the-rules': (facts, { domain }) =>
    theirs(
      `The server of ${domain} did something that the protocol does not allow.${said(facts, 'What it was')}`,
      'Their server has a fault: tell them, with the time.',
    ),
  idle: (_, { domain }) =>
    nobody(
      `Nobody had anything to say to ${domain} for a while, so the connection was closed. It comes back when it is needed.`,
    ),
  'closed-by-admin': (_, { domain }) =>
    nobody(`An administrator closed the connection with ${domain}. It comes back when it is needed.`),
  shutdown: (_, { domain }) => nobody(`This server went down, and with it the connection with ${domain}.`),
};

/** All causes that there are words for. */
export const REASON_CODES = Object.keys(REASONS) as ProblemCode[];

/** RFC 6120 §4.9.3: those with which servers end streams that were in order. */
const CONDITIONS: Readonly<Record<string, string>> = {
  'connection-timeout': 'waited for us too long and ended the connection',
  'internal-server-error': 'has a fault and ended the connection',
  'remote-connection-failed': 'could not reach this server to see who we are',
  'resource-constraint': 'is too busy for the connection',
  'system-shutdown': 'is going down',
};

/** What the DNS said, for people. */
export function srvWords(answers: readonly SrvAnswer[]): string[] {
  return answers.map(({ name, records, problem }) => {
    if (problem === 'timeout') return `${named(name)}: no answer in time`;
    if (problem !== undefined) return `${named(name)}: the DNS has a fault`;
    if (records.length === 0) return `${named(name)}: no records`;
    return `${named(name)}: ${list(records.map(({ target, port }) => (target === '.' || target === '' ? 'no service' : `${named(target)}:${port}`)))}`;
  });
}
