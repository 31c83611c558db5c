import type { SrvAnswer, Transport } from './attempt.ts';
import { NameError, type Names, type SrvRecord } from './names.ts';
import { type Facts, LinkProblem, type ProblemCode } from './problem.ts';
import { inOrder, type Random } from './srv-order.ts';
import { asciiName, isPortAllowed, literalOf, SERVER_PORT, type Target } from './target.ts';

/** So many targets are looked at; whoever publishes more gets no more of our time. */
export const MAX_TARGETS = 16;

const SERVICES: readonly (readonly [service: string, transport: Transport])[] = [
  ['_xmpps-server._tcp', 'tls'],
  ['_xmpp-server._tcp', 'starttls'],
];

export interface Resolved {
  /** In the order in which they are to be tried, one at least. */
  readonly targets: readonly Target[];
  readonly srv: readonly SrvAnswer[];
}

/** Why no target was found, and what the DNS said on the way. */
export class ResolveProblem extends LinkProblem {
  readonly srv: readonly SrvAnswer[];

  constructor(code: ProblemCode, facts: Facts, srv: readonly SrvAnswer[]) {
    super(code, facts);
    this.srv = srv;
  }
}

type Offer = SrvRecord & { readonly transport: Transport };

interface Asked {
  readonly answer: SrvAnswer;
  readonly offers: readonly Offer[];
}

/**
 * Where the servers of a domain are (RFC 6120 §3.2, with direct TLS as XEP-0368 has it). Throws ResolveProblem, or the
 * reason of the signal.
 */
export async function resolve(names: Names, domain: string, signal: AbortSignal, random?: Random): Promise<Resolved> {
  const literal = literalOf(domain);
  if (literal !== undefined) {
    return { targets: [{ host: literal, port: SERVER_PORT, transport: 'starttls' }], srv: [] };
  }
  const ascii = asciiName(domain);
  if (ascii === undefined) throw new ResolveProblem('no-such-domain', { domain }, []);
  const asked = await Promise.all(
    SERVICES.map(([name, transport]) => ask(names, `${name}.${ascii}`, transport, signal)),
  );
  const srv = asked.map(({ answer }) => answer);
  const offers = asked.flatMap((one) => one.offers);
  // XEP-0368 §4 rule 1: both kinds are one set.
  const usable = offers.filter(({ target, port }) => target !== '.' && asciiName(target) !== undefined && port > 0);
  const allowed = usable.filter(({ port }) => isPortAllowed(port));
  if (allowed.length > 0) return { targets: inOrder(allowed, MAX_TARGETS, random).map(targetOf), srv };
  const unanswered =
    srv.find(({ problem }) => problem === 'timeout') ?? srv.find(({ problem }) => problem !== undefined);
  if (unanswered?.problem !== undefined) {
    throw new ResolveProblem(`dns-${unanswered.problem}`, { domain, name: unanswered.name }, srv);
  }
  const [refused] = usable;
  if (refused !== undefined) {
    throw new ResolveProblem('port-not-allowed', { domain, host: refused.target, port: refused.port }, srv);
  }
  // §3.2.1, and XEP-0368 §6: whoever publishes records, be it a `.`, is not looked for elsewhere.
  if (offers.length > 0) throw new ResolveProblem('no-service', { domain }, srv);
  return { targets: await fallback(names, domain, ascii, srv, signal), srv };
}

function targetOf({ target, port, transport }: Offer): Target {
  return { host: asciiName(target)!, port, transport };
}

async function ask(names: Names, name: string, transport: Transport, signal: AbortSignal): Promise<Asked> {
  try {
    const { records, more } = await names.srv(name, signal);
    const shown = records.slice(0, MAX_TARGETS);
    const unseen = more + records.length - shown.length;
    return {
      answer: unseen === 0 ? { name, records } : { name, records: shown, more: unseen },
      offers: records.map((record) => ({ ...record, transport })),
    };
  } catch (error) {
    if (!(error instanceof NameError)) throw error;
    const { failure } = error;
    const nothing = { name, records: [] };
    return {
      answer: failure === 'timeout' || failure === 'failed' ? { ...nothing, problem: failure } : nothing,
      offers: [],
    };
  }
}

/** RFC 6120 §3.2.2: the domain itself, if it has an address. */
async function fallback(
  names: Names,
  domain: string,
  host: string,
  srv: readonly SrvAnswer[],
  signal: AbortSignal,
): Promise<readonly Target[]> {
  try {
    await names.addresses(host, signal);
    return [{ host, port: SERVER_PORT, transport: 'starttls' }];
  } catch (error) {
    if (!(error instanceof NameError)) throw error;
    const codes = {
      'no-name': 'no-such-domain',
      'no-record': 'no-address',
      timeout: 'dns-timeout',
      failed: 'dns-failed',
    } as const;
    throw new ResolveProblem(codes[error.failure], { domain, host, name: host }, srv);
  }
}
