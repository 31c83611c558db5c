// XEP-0220 1.1.1
import { type Element, textOf } from '../xmpp/element.ts';
import { tryParseJid } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';
import { callServer, type Draft } from './calling.ts';
import type { Context } from './context.ts';
import { dialbackKey, sameKey } from './dialback-key.ts';
import { LinkProblem } from './problem.ts';
import { dialback, nextElement } from './wire.ts';

/** ms that the server of a domain has to say whether a key is its own. */
const PATIENCE = 40_000;
/** Calls for this at the same time; who has shown nothing yet must not make us call the whole world. */
const AT_ONCE = 50;

let asking = 0;

/**
 * Asks the server that answers for a domain whether it made a key (§2.1.2, §2.3). What was found on the way there is written
 * into the draft. Resolves when it did; throws LinkProblem when it did not, could not be asked, or is not trusted.
 */
export async function verifyKey(
  context: Context,
  draft: Draft,
  { id, key }: { readonly id: string; readonly key: string },
  ended: AbortSignal,
): Promise<void> {
  if (asking >= AT_ONCE) throw new LinkProblem('too-many', { domain: draft.domain });
  asking++;
  const patience = AbortSignal.timeout(PATIENCE);
  const signal = AbortSignal.any([ended, patience]);
  const { local, domain } = draft;
  try {
    const { stream } = await callServer(context, context.judge(domain), draft, signal);
    const drop = (): void => stream.destroy();
    signal.addEventListener('abort', drop, { once: true });
    try {
      stream.send(dialback('verify', { from: local, to: domain, id }, key));
      for (;;) {
        const { name, attrs } = await nextElement(stream, signal);
        if (name !== 'verify' || attrs.xmlns !== NS.dialback || attrs.id !== id || attrs.from !== domain) continue;
        if (attrs.type === 'valid' && attrs.to === local) return;
        throw new LinkProblem('dialback-unverified', { domain, type: String(attrs.type ?? '') });
      }
    } finally {
      signal.removeEventListener('abort', drop);
      stream.close();
    }
  } catch (error) {
    if (patience.aborted && !ended.aborted) throw new LinkProblem('no-answer', { domain, seconds: PATIENCE / 1_000 });
    throw error;
  } finally {
    asking--;
  }
}

/** Whether a key is ours (XEP-0220 §2.3); undefined for what is no question. Asked by whoever: it says nothing that they do not know. */
export function answerFor({ house, secret }: Context, element: Element): string | undefined {
  const { name, attrs } = element;
  const to = tryParseJid(attrs.to)?.full;
  const from = tryParseJid(attrs.from)?.full;
  const id = String(attrs.id ?? '');
  if (name !== 'verify' || attrs.type !== undefined || to === undefined || from === undefined) return undefined;
  const valid = house.router.has(to) && id !== '' && sameKey(textOf(element), dialbackKey(secret, from, to, id));
  return dialback('verify', { from: to, to: from, id, type: valid ? 'valid' : 'invalid' });
}
