import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { StreamHeader } from '../stream/parser.ts';
import { XmlStream } from '../stream/stream.ts';
import { child, type Element, elements } from '../xmpp/element.ts';
import { NS } from '../xmpp/ns.ts';
import { isPublic } from './addresses.ts';
import type { Attempt, SrvAnswer, Transport, Try } from './attempt.ts';
import { checkTls } from './checks.ts';
import { connect } from './connect.ts';
import type { Context } from './context.ts';
import { domainIn } from './domain.ts';
import type { Judgement } from './policy.ts';
import { LinkProblem } from './problem.ts';
import { resolve } from './resolve.ts';
import { type Target, targetOf } from './target.ts';
import { nextElement, nextHeader, secured, words } from './wire.ts';

/** An attempt while it is being made. */
export type Draft = { -readonly [Key in keyof Attempt]: Attempt[Key] };

/** A stream that we began, encrypted, with what the other side offers on it. Nobody has shown who they are yet. */
export interface Call {
  readonly stream: XmlStream;
  readonly tls: TLSSocket;
  readonly transport: Transport;
  readonly address: string;
  header: StreamHeader;
  features: Element;
  /** Their certificate is good for their domain. */
  readonly trusted: boolean;
  /** What TLS has failed with, if it has. */
  failure(): string | undefined;
}

/** Our header, and theirs with what they offer. */
async function open(stream: XmlStream, local: string, domain: string, signal: AbortSignal) {
  stream.open({ from: local, to: domain, id: randomBytes(18).toString('base64url') });
  const header = await nextHeader(stream, signal);
  // RFC 6120 §4.7.1: old ones leave it out.
  if (header.from !== '' && domainIn(header.from) !== domain)
    throw new LinkProblem('wrong-from', { from: words(header.from) });
  if (header.version === '') throw new LinkProblem('no-starttls', { domain });
  const features = await nextElement(stream, signal);
  if (features.name !== 'features' || features.attrs.xmlns !== NS.stream) {
    throw new LinkProblem('broke-the-rules', { text: `${words(features.name)} came in the place of features` });
  }
  return { header, features };
}

/** Begins a stream anew, after authentication. */
export async function reopen(call: Call, local: string, domain: string, signal: AbortSignal): Promise<void> {
  call.stream.restart();
  Object.assign(call, await open(call.stream, local, domain, signal));
}

/**
 * Calls the server of another domain as one of ours: finds it, connects, encrypts, and looks at its certificate. What happened
 * is written into the draft, step by step. Throws LinkProblem; nothing is left open then.
 */
export async function callServer(
  context: Context,
  judgement: Judgement,
  draft: Draft,
  signal: AbortSignal,
): Promise<Call> {
  const { names } = context;
  const { domain } = draft;
  const tries: Try[] = [];
  draft.tries = tries;
  let targets: readonly Target[];
  if (judgement.address !== undefined) targets = [targetOf(judgement.address)!];
  else {
    const found = await resolve(names, domain, signal).catch((error: unknown) => {
      if (error instanceof LinkProblem && 'srv' in error) draft.srv = error.srv as readonly SrvAnswer[];
      throw error;
    });
    draft.srv = found.srv;
    targets = found.targets;
  }
  const anywhere = judgement.address !== undefined || judgement.privateAddresses;
  const mayUse = (address: string): boolean => anywhere || isPublic(address);
  let first: LinkProblem | undefined;
  for (let rest = targets; ; ) {
    const connected = await connect(names, rest, { signal, mayUse, tried: tries, domain }).catch((error: unknown) => {
      // What a machine of theirs said tells more than that the others cannot be reached.
      throw first ?? error;
    });
    rest = connected.rest;
    draft.address = connected.address;
    draft.port = connected.target.port;
    draft.transport = connected.target.transport;
    const silence = AbortSignal.timeout(SILENCE);
    try {
      return await encrypt(context, judgement, draft, connected, AbortSignal.any([signal, silence]));
    } catch (caught) {
      connected.socket.destroy();
      if (signal.aborted) throw signal.reason;
      const error = silence.aborted ? new LinkProblem('no-answer', { domain, seconds: SILENCE / 1_000 }) : caught;
      // Another machine of theirs may be in order (RFC 6120 §3.2.1); what they say themselves holds for all.
      if (!(error instanceof LinkProblem) || !NEXT.has(error.code)) throw error;
      if (rest.length === 0) throw first ?? error;
      first ??= error;
    }
  }
}

/** What is of one machine. */
const NEXT: ReadonlySet<string> = new Set(['closed', 'not-xmpp', 'tls-failed', 'broke-the-rules', 'no-answer']);
/** ms that one machine has to encrypt a stream, so that another one gets its turn where it says nothing. */
const SILENCE = 15_000;

async function encrypt(
  context: Context,
  judgement: Judgement,
  draft: Draft,
  { socket, target, address }: Awaited<ReturnType<typeof connect>>,
  signal: AbortSignal,
): Promise<Call> {
  const { local, domain } = draft;
  const direct = target.transport === 'tls';
  const secure = (plain: Socket): TLSSocket =>
    connectTls({ ...context.own.outgoing(local, domain, direct), socket: plain });
  let failure: string | undefined;
  let stream: XmlStream;
  let tls: TLSSocket;
  signal.throwIfAborted();
  const drop = (): void => void socket.destroy();
  signal.addEventListener('abort', drop, { once: true });
  try {
    if (direct) {
      tls = secure(socket);
      await secured(tls, signal);
      stream = new XmlStream(tls, NS.server, context.limits.beforeLogin);
    } else {
      stream = new XmlStream(socket, NS.server, context.limits.beforeLogin);
      const { features } = await open(stream, local, domain, signal);
      if (child(features, 'starttls', NS.tls) === undefined) throw new LinkProblem('no-starttls', { domain });
      stream.send(`<starttls xmlns='${NS.tls}'/>`);
      const answer = await nextElement(stream, signal);
      if (answer.name !== 'proceed' || answer.attrs.xmlns !== NS.tls) throw new LinkProblem('no-starttls', { domain });
      tls = stream.replaceDuplex((plain) => secure(plain as Socket)) as TLSSocket;
      await secured(tls, signal);
    }
    tls.on('error', (error: NodeJS.ErrnoException) => {
      failure ??= error.message;
    });
    draft.tls = { protocol: tls.getProtocol() ?? '', cipher: tls.getCipher().name };
    checkTls(judgement, tls.getProtocol() ?? '');
    const { summaries, problem } = await context.trust.check(context.trust.chainOf(tls), domain, judgement);
    draft.chain = summaries;
    if (problem !== undefined) {
      draft.certificate = problem;
      if (judgement.proof === 'certificate') throw new LinkProblem(problem.code, problem.facts);
    }
    const opened = await open(stream, local, domain, signal).catch((error: unknown) => {
      // TLS 1.3 tells who has called last that its certificate is not liked, when all seems to be well.
      if (!(error instanceof LinkProblem) || error.code !== 'closed' || failure === undefined) throw error;
      throw new LinkProblem('not-accepted', { text: words(failure) });
    });
    return {
      stream,
      tls,
      transport: target.transport,
      address,
      ...opened,
      trusted: problem === undefined,
      failure: () => failure,
    };
  } finally {
    signal.removeEventListener('abort', drop);
  }
}

/** The ways of SASL that a server offers (RFC 6120 §6.4.1). */
export function mechanismsOf(features: Element): string[] {
  const mechanisms = child(features, 'mechanisms', NS.sasl);
  return mechanisms === undefined
    ? []
    : elements(mechanisms).flatMap((one) => (one.name === 'mechanism' ? [one.text()] : []));
}
