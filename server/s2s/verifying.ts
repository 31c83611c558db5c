// XEP-0220 1.1.1
import { addressGroup } from '../util/address-group.ts';
import { TokenBuckets } from '../util/token-bucket.ts';
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
/** Calls for this at the same time, and of those for one address: who has shown nothing yet must not make us call the whole world. */
const AT_ONCE = 100;
const AT_ONCE_FOR_ONE = 20;
/** Calls for one address, and how many more a second after that. */
const CALLS = { capacity: 200, perSecond: 2, keys: 2_000 };

/** The calls that claims of others make us make. */
export class Inquiries {
  readonly #pace = new TokenBuckets(CALLS);
  readonly #running = new Map<string, number>();
  #all = 0;

  /** `address`: of who claims. Gives what is to be called when it is over; throws LinkProblem `too-many`. */
  begin(address: string, domain: string): () => void {
    const group = addressGroup(address);
    const running = this.#running.get(group) ?? 0;
    if (this.#all >= AT_ONCE || running >= AT_ONCE_FOR_ONE || this.#pace.take(group) > 0) {
      throw new LinkProblem('too-many', { domain });
    }
    this.#all++;
    this.#running.set(group, running + 1);
    return () => {
      this.#all--;
      const left = (this.#running.get(group) ?? 1) - 1;
      if (left === 0) this.#running.delete(group);
      else this.#running.set(group, left);
    };
  }
}

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
  }
}

/** Whether a key is ours (XEP-0220 §2.3); undefined for what is no question. Asked by whoever: it says nothing that they do not know. */
export function answerFor({ house, secret }: Context, element: Element): string | undefined {
  const { name, attrs } = element;
  const to = tryParseJid(attrs.to)?.full;
  const from = tryParseJid(attrs.from)?.full;
  const id = String(attrs.id ?? '');
  if (name !== 'verify' || attrs.type !== undefined || to === undefined || from === undefined) return undefined;
  if (/\s/.test(from)) return undefined; // that is no domain
  const valid = house.router.has(to) && id !== '' && sameKey(textOf(element), dialbackKey(secret, from, to, id));
  return dialback('verify', { from: to, to: from, id, type: valid ? 'valid' : 'invalid' });
}
