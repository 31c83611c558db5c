// XEP-0178 1.2, XEP-0220 1.1.1, XEP-0288 1.0.1
import { child, type Element, elements, textOf } from '../xmpp/element.ts';
import { NS } from '../xmpp/ns.ts';
import { type Call, callServer, type Draft, mechanismsOf, reopen } from './calling.ts';
import { checkPolicy } from './checks.ts';
import type { Context } from './context.ts';
import { dialbackKey } from './dialback-key.ts';
import { Link, PAIRS, type Pace, pairOf } from './link.ts';
import type { Judgement } from './policy.ts';
import { LinkProblem } from './problem.ts';
import { dialback, nextElement, words } from './wire.ts';

/** ms for all of it: a server that is asked for a dialback calls us first. */
const PATIENCE = 60_000;

export interface Callers {
  readonly pace: Pace;
  readonly answered: (id: string) => boolean;
}

/**
 * Makes a link from a domain of ours to another: calls, and shows who we are, by certificate (XEP-0178) where they take it,
 * else by dialback. The draft tells afterwards what happened. Throws LinkProblem.
 */
export async function makeLink(context: Context, callers: Callers, draft: Draft, aborted: AbortSignal): Promise<Link> {
  const { domain, local } = draft;
  const judgement = context.judge(domain);
  checkPolicy(judgement, domain);
  if (context.own.ofOwnAuthority(local)) draft.ownAuthority = true;
  const patience = AbortSignal.timeout(PATIENCE);
  const signal = AbortSignal.any([aborted, patience]);
  try {
    let link = await introduce(context, callers, judgement, draft, signal, true);
    // They have hung up on our certificate: once more, without it.
    link ??= await introduce(context, callers, judgement, draft, signal, false);
    return link!;
  } catch (error) {
    if (patience.aborted && !aborted.aborted) throw new LinkProblem('no-answer', { domain, seconds: PATIENCE / 1_000 });
    throw error;
  }
}

/** Undefined when they refused our certificate and may still take dialback. */
async function introduce(
  context: Context,
  callers: Callers,
  judgement: Judgement,
  draft: Draft,
  signal: AbortSignal,
  external: boolean,
): Promise<Link | undefined> {
  const { local, domain } = draft;
  const call = await callServer(context, judgement, draft, signal);
  const drop = (): void => call.stream.destroy();
  signal.addEventListener('abort', drop, { once: true });
  try {
    const bidi = call.trusted && child(call.features, 'bidi', NS.bidiFeature) !== undefined;
    if (bidi) call.stream.send(`<bidi xmlns='${NS.bidi}'/>`);
    const byCertificate = external && mechanismsOf(call.features).includes('EXTERNAL');
    const byDialback = child(call.features, 'dialback', NS.dialbackFeature) !== undefined;
    if (byCertificate) {
      const refused = await byExternal(call, local, domain, signal);
      if (refused !== undefined) {
        call.stream.destroy();
        draft.refused = refused;
        if (!byDialback) throw new LinkProblem('not-accepted', { text: refused });
        return undefined;
      }
      draft.ours = 'certificate';
    } else if (byDialback || mechanismsOf(call.features).length === 0) {
      await byKey(context, call, local, domain, signal);
      draft.ours = 'dialback';
    } else throw new LinkProblem('no-way-to-authenticate', { offered: words(mechanismsOf(call.features).join(', ')) });
    call.stream.limits = context.limits.afterLogin;
    const { transport, address, tls } = call;
    const link = new Link(context, call.stream, { direction: 'out', transport, address, tls }, callers);
    link.streamId = call.header.id;
    link.ours = draft.ours;
    link.theirs = call.trusted ? 'certificate' : 'dialback';
    draft.theirs = link.theirs;
    link.bidi = bidi;
    draft.bidi = bidi;
    if (bidi) link.entering.add(pairOf(local, domain));
    if (child(call.features, 'sm', NS.sm) !== undefined) link.enable();
    draft.managed = link.managed;
    return link;
  } catch (error) {
    call.stream.destroy();
    if (signal.aborted) throw signal.reason;
    const failure = call.failure();
    // What TLS said in the end tells more than that the connection ended: they did not like our certificate.
    if (error instanceof LinkProblem && error.code === 'closed' && failure !== undefined) {
      throw new LinkProblem('not-accepted', { text: words(failure) });
    }
    throw error;
  } finally {
    signal.removeEventListener('abort', drop);
  }
}

/** SASL EXTERNAL (XEP-0178 §3). Gives why it was refused, undefined when it was not. */
async function byExternal(call: Call, local: string, domain: string, signal: AbortSignal): Promise<string | undefined> {
  const { stream } = call;
  stream.send(`<auth xmlns='${NS.sasl}' mechanism='EXTERNAL'>${Buffer.from(local).toString('base64')}</auth>`);
  for (;;) {
    const answer = await nextElement(stream, signal);
    if (answer.attrs.xmlns !== NS.sasl) throw new LinkProblem('broke-the-rules', { text: words(answer.name) });
    if (answer.name === 'challenge') stream.send(`<response xmlns='${NS.sasl}'/>`);
    else if (answer.name === 'success') {
      await reopen(call, local, domain, signal);
      return undefined;
    } else {
      const condition = elements(answer).find(({ name }) => name !== 'text')?.name ?? 'not-authorized';
      const text = textOf(child(answer, 'text'));
      return words(text === '' ? condition : text);
    }
  }
}

/** Dialback (XEP-0220 §2.1.1): they ask at our address whether the key is ours. */
async function byKey(context: Context, call: Call, local: string, domain: string, signal: AbortSignal): Promise<void> {
  const { stream, header } = call;
  stream.send(dialback('result', { from: local, to: domain }, dialbackKey(context.secret, domain, local, header.id)));
  for (;;) {
    const answer = await nextElement(stream, signal);
    if (!isAnswer(answer, local, domain)) continue;
    if (answer.attrs.type === 'valid') return;
    const condition = elements(answer)[0];
    const reason = condition === undefined ? '' : (elements(condition)[0]?.name ?? '');
    throw new LinkProblem('dialback-refused', { text: words(reason) });
  }
}

function isAnswer({ name, attrs }: Element, local: string, domain: string): boolean {
  return (
    name === 'result' &&
    attrs.xmlns === NS.dialback &&
    attrs.from === domain &&
    attrs.to === local &&
    attrs.type !== undefined
  );
}

/**
 * Shows one more of our domains on a stream to a server that knows us by keys already (XEP-0220 §2.6.1). True when it was taken;
 * false where it is not, and a stream of its own may do better.
 */
export async function joinLink(
  context: Context,
  link: Link,
  local: string,
  domain: string,
  signal: AbortSignal,
): Promise<boolean> {
  const pair = pairOf(local, domain);
  if (link.ended || link.asked.has(pair) || link.asked.size + link.leaving.size >= PAIRS) return false;
  const answered = new Promise<boolean>((resolve) => {
    link.asked.set(pair, (type) => resolve(type === 'valid'));
    const over = (): void => resolve(false);
    signal.addEventListener('abort', over, { once: true });
    link.stream.duplex.once('close', over);
  });
  try {
    link.stream.send(
      dialback('result', { from: local, to: domain }, dialbackKey(context.secret, domain, local, link.streamId)),
    );
    return (await answered) && !link.ended;
  } finally {
    link.asked.delete(pair);
  }
}
