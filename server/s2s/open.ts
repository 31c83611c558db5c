import { incomingTls, outgoingTls } from '../certificates/link-tls.ts';
import { chainOf, PeerChains } from '../certificates/peer-chain.ts';
import type { SecureContexts } from '../certificates/secure-context.ts';
import type { House } from '../host/house.ts';
import type { Logger } from '../util/log.ts';
import type { Context, LinkLimits, QueueStore } from './context.ts';
import { Federation } from './federation.ts';
import { Gate } from './gate.ts';
import type { Names } from './names.ts';
import type { PolicyBook } from './policy-book.ts';

export interface FederationNeeds {
  readonly house: House;
  readonly log: Logger;
  readonly limits: LinkLimits;
  readonly names: Names;
  readonly contexts: SecureContexts;
  readonly book: PolicyBook;
  readonly hold: Context['hold'];
  readonly record: Context['record'];
  /** Makes dialback keys; the same over restarts, as others may ask about keys of a moment ago. */
  readonly secret: Uint8Array;
}

/** Puts federation together, and takes up what waited when the server went down. Whatever is for no domain of ours goes there. */
export async function openFederation(needs: FederationNeeds): Promise<Federation & AsyncDisposable> {
  const { house, log, contexts, book } = needs;
  const queue: QueueStore = house.stores.federationQueue;
  const chains = new PeerChains({ log });
  const federation = new Federation({
    house,
    log,
    limits: needs.limits,
    names: needs.names,
    trust: { chainOf, check: (chain, domain, rule) => chains.check(chain, domain, rule) },
    own: {
      outgoing: (domain, remote, direct) => outgoingTls(contexts, domain, remote, direct),
      incoming: (domain) => incomingTls(contexts, domain),
    },
    queue,
    judge: (domain) => book.judge(domain),
    gate: new Gate({ book, router: house.router }),
    hold: needs.hold,
    record: needs.record,
    secret: needs.secret,
  });
  federation.restore(await queue.all());
  house.router.fallback = federation.remotes;
  const unwatch = book.changed(() => federation.decided());
  return Object.assign(federation, {
    [Symbol.asyncDispose]: async () => {
      unwatch();
      await federation.close();
      house.router.fallback = undefined;
      await chains[Symbol.asyncDispose]();
    },
  });
}
