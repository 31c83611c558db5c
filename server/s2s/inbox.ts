import { LRUCache } from 'lru-cache';
import type { FederationHeld, Held, HeldDomain } from '../storage/stores/federation-held.ts';
import type { Element } from '../xmpp/element.ts';
import { parseJid } from '../xmpp/jid.ts';
import { errorFor, Stanza } from '../xmpp/stanza.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';

export type Direction = 'in' | 'out';

/** Characters of one stanza that is held: a first word is short. */
const LONGEST = 16_384;
/** For how long nothing is asked of the store once it was full, in ms. */
const FULL_FOR = 5_000;
const PAGE = 50;

export interface InboxOptions {
  readonly store: Pick<FederationHeld, 'add' | 'of' | 'domains' | 'count' | 'remove'>;
  /** Reads one stanza that was serialised by us. */
  readonly parse: (xml: string) => Element;
  readonly log: { error(facts: object, text: string): void };
  readonly now?: () => number;
}

/**
 * Takes one stanza further, which was said at this time (ms since 1970). Throws StanzaError for what was refused, of which its sender
 * was told; all else that it throws is logged. The next one has its turn.
 */
export type Deliver = (stanza: Stanza, direction: Direction, at: number) => void | Promise<void>;

/** How many stanzas went on, and how many did not. */
export interface Released {
  readonly delivered: number;
  readonly refused: number;
}

/** What waits until an administrator has decided about a domain (the policy's "ask"). */
export class Inbox {
  readonly #options: InboxOptions;
  readonly #full = new LRUCache<string, true>({ max: 1_000, ttl: FULL_FOR });

  constructor(options: InboxOptions) {
    this.#options = options;
  }

  /**
   * Keeps what the gate said to hold; resolves when it is on disk. Throws StanzaError when it cannot be kept: too long, or too
   * much waits already.
   */
  async hold(stanza: Stanza, direction: Direction): Promise<void> {
    const { store, now = Date.now } = this.#options;
    const [theirs, ours] = direction === 'in' ? [stanza.from, stanza.to!] : [stanza.to!, stanza.from];
    const { domain } = theirs;
    if (stanza.text.length > LONGEST) {
      throw new StanzaError(
        'policy-violation',
        `An administrator decides first whether this server talks with ${domain}: a first message has at most ${LONGEST} characters.`,
      );
    }
    const key = `${direction} ${domain}`;
    const added =
      !this.#full.has(key) &&
      (await store.add({
        domain,
        direction,
        sender: stanza.from.full,
        recipient: stanza.to!.full,
        ours: ours.bare,
        kind: stanza.kind === 'presence' ? 'presence' : 'message',
        xml: stanza.text,
        at: now(),
      }));
    if (added) return;
    this.#full.set(key, true);
    throw new StanzaError(
      'resource-constraint',
      `An administrator decides first whether this server talks with ${domain}, and enough waits for that already.`,
    );
  }

  /** Of which domains something waits. */
  domains(): Promise<HeldDomain[]> {
    return this.#options.store.domains();
  }

  /** What waits of one, in the order in which it was said. */
  of(domain: string, limit: number): Promise<Held[]> {
    return this.#options.store.of(domain, limit);
  }

  count(): Promise<number> {
    return this.#options.store.count();
  }

  /**
   * The domain was allowed: gives what waits of it to `deliver`, one after the other in the order in which it was said. What was
   * taken over is forgotten afterwards: should the server stop in between, it comes twice, but it does not get lost.
   */
  release(domain: string, deliver: Deliver): Promise<Released> {
    return this.#empty(domain, async (stanza, { direction, at }) => {
      await deliver(stanza, direction, at);
    });
  }

  /** The domain was denied: `tell` gets an error for each who waits for an answer. Resolves with how many stanzas it was. */
  async drop(domain: string, tell: Deliver): Promise<number> {
    const { delivered, refused } = await this.#empty(domain, async (stanza, { direction, at }) => {
      if (!stanza.mayBeAnswered) return;
      const text = `An administrator of ${direction === 'in' ? stanza.to!.domain : 'this server'} has decided that it does not talk with ${domain}.`;
      await tell(errorFor(stanza, stanza.to!, new StanzaError('not-allowed', text)), direction, at);
    });
    return delivered + refused;
  }

  async #empty(domain: string, task: (stanza: Stanza, held: Held) => Promise<void>): Promise<Released> {
    const { store, parse, log } = this.#options;
    let delivered = 0;
    let refused = 0;
    for (let page = await store.of(domain, PAGE); page.length > 0; page = await store.of(domain, PAGE)) {
      for (const held of page) {
        let done = true;
        try {
          await task(new Stanza(parse(held.xml), parseJid(held.sender), parseJid(held.recipient)), held);
        } catch (error) {
          done = false;
          if (!(error instanceof StanzaError)) log.error({ err: error, domain }, 'what was held could not be handled');
        }
        if (!(await store.remove(held.id))) continue;
        if (done) delivered++;
        else refused++;
      }
    }
    for (const direction of ['in', 'out']) this.#full.delete(`${direction} ${domain}`);
    return { delivered, refused };
  }
}
