import { domainToASCII } from 'node:url';
import { incomingTls, outgoingTls } from '../certificates/link-tls.ts';
import { chainOf, PeerChains } from '../certificates/peer-chain.ts';
import type { SecureContexts } from '../certificates/secure-context.ts';
import type { House } from '../host/house.ts';
import type { Logger } from '../util/log.ts';
import type { LinkLimits, QueueStore } from './context.ts';
import { dialbackSecret } from './dialback-key.ts';
import { Federation } from './federation.ts';
import { Gate } from './gate.ts';
import { Inbox } from './inbox.ts';
import type { Names } from './names.ts';
import type { PolicyBook } from './policy-book.ts';
import { Records } from './records.ts';

export interface FederationNeeds {
  readonly house: House;
  readonly log: Logger;
  readonly limits: LinkLimits;
  readonly names: Names;
  readonly contexts: SecureContexts;
  readonly book: PolicyBook;
}

/** Federation, running. */
export interface OpenFederation extends AsyncDisposable {
  readonly links: Federation;
  readonly inbox: Inbox;
  readonly gate: Gate;
  readonly records: Records;
}

/** Puts federation together, and takes up what waited when the server went down. Whatever is for no domain of ours goes there. */
export async function openFederation(needs: FederationNeeds): Promise<OpenFederation> {
  const { house, log, contexts, book } = needs;
  const queue: QueueStore = house.stores.federationQueue;
  const chains = new PeerChains({ log });
  const inbox = new Inbox({ store: house.stores.federationHeld, parse: house.parse, log });
  const records = new Records({ store: house.stores.federationAttempts, log });
  records.start();
  const gate = new Gate({ book, router: house.router });
  const federation = new Federation({
    house,
    log,
    limits: needs.limits,
    names: needs.names,
    trust: { chainOf, check: (chain, domain, rule) => chains.check(chain, domain, rule) },
    own: {
      outgoing: (domain, remote, direct) => outgoingTls(contexts, domain, remote, direct),
      incoming: (domain) => incomingTls(contexts, domain),
      ofOwnAuthority: (domain) => contexts.ofOwnAuthority(domainToASCII(domain)),
    },
    queue,
    judge: (domain) => book.judge(domain),
    gate,
    hold: (stanza, direction) => inbox.hold(stanza, direction),
    record: (attempt) => records.add(attempt),
    secret: await dialbackSecret(house.stores.settings),
  });
  federation.restore(await queue.all());
  house.router.fallback = federation.remotes;
  const unwatch = book.changed(() => federation.decided());
  return {
    links: federation,
    inbox,
    gate,
    records,
    [Symbol.asyncDispose]: async () => {
      unwatch();
      await federation.close();
      house.router.fallback = undefined;
      await records.close();
      await chains[Symbol.asyncDispose]();
    },
  };
}
