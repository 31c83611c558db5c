import type { Held } from '../storage/stores/federation-held.ts';
import { KeyedMutex } from '../util/keyed-mutex.ts';
import type { FederationNeeds } from './federation-needs.ts';
import { checkDomain } from './names.ts';

/** What became of things that waited for a decision. */
export interface Settled {
  /** Delivered, or on the way. */
  readonly released: number;
  /** Of domains that are denied now, or refused in spite of the permission, as of somebody who may not talk outside. */
  readonly dropped: number;
}

export interface HeldView {
  readonly id: number;
  /** `in`: they wrote to one of ours. */
  readonly direction: 'in' | 'out';
  /** Bare addresses. */
  readonly sender: string;
  readonly recipient: string;
  /** `request`: somebody wants to be a contact. */
  readonly what: 'message' | 'request';
  readonly at: number;
}

const SHOWN = 100;

/**
 * What waits until somebody decides about its domain: who to whom and when, not what was said, which is nobody else's. It is acted
 * on as soon as the policy speaks of the domain, in whatever way that came.
 */
export class FederationInbox {
  readonly #needs: FederationNeeds;
  readonly #mutex = new KeyedMutex<''>();

  constructor(needs: FederationNeeds) {
    this.#needs = needs;
  }

  /** The domains of which something waits. */
  async list() {
    const domains = await this.#needs.inbox.domains();
    return { domains, total: domains.reduce((sum, { count }) => sum + count, 0) };
  }

  /** What waits of one, the first first, at most 100. Throws CommandError. */
  async of(input: string): Promise<{ domain: string; held: HeldView[] }> {
    const domain = checkDomain(input, 'domain');
    return { domain, held: (await this.#needs.inbox.of(domain, SHOWN)).map(view) };
  }

  /** Acts on all that the policy speaks of by now: releases what is allowed, drops what is denied. */
  settle(): Promise<Settled> {
    const { book, inbox, deliver, refuse } = this.#needs;
    return this.#mutex.run('', async () => {
      let released = 0;
      let dropped = 0;
      for (const { domain } of await inbox.domains()) {
        const { verdict } = book.judge(domain);
        if (verdict === 'allow') {
          const { delivered, refused } = await inbox.release(domain, deliver);
          released += delivered;
          dropped += refused;
        } else if (verdict === 'deny') dropped += await inbox.drop(domain, refuse);
      }
      return { released, dropped };
    });
  }
}

function view({ id, direction, sender, recipient, kind, at }: Held): HeldView {
  const bare = (full: string): string => full.split('/')[0] ?? full;
  const what = kind === 'presence' ? 'request' : 'message';
  return { id, direction, sender: bare(sender), recipient: bare(recipient), what, at };
}
