import type { FederationNeeds, RunningFederation, WaitingView } from '../../server/commands/federation-needs.ts';
import type { Attempt } from '../../server/s2s/attempt.ts';
import type { LinkView } from '../../server/s2s/federation.ts';
import { Inbox } from '../../server/s2s/inbox.ts';
import { PolicyBook } from '../../server/s2s/policy-book.ts';
import { Records } from '../../server/s2s/records.ts';
import type { Stores } from '../../server/storage/stores/index.ts';
import { parseStanza } from '../../server/stream/parser.ts';
import type { Stanza } from '../../server/xmpp/stanza.ts';

/** Links as a test says. */
export class FakeLinks implements RunningFederation {
  readonly there: LinkView[] = [];
  readonly waiting: WaitingView[] = [];
  readonly tried: string[] = [];
  /** What becomes of a call. */
  answer: Partial<Attempt> = { outcome: 'connected' };

  links(): LinkView[] {
    return this.there;
  }

  queues(): WaitingView[] {
    return this.waiting;
  }

  async tryNow(local: string, domain: string): Promise<Attempt> {
    this.tried.push(`${local} ${domain}`);
    return { domain, local, direction: 'out', at: 1_700_000_000_000, took: 7, outcome: 'failed', ...this.answer };
  }

  closeNow(domain: string): number {
    const before = this.there.length;
    const left = this.there.filter((link) => link.domain !== domain);
    this.there.splice(0, before, ...left);
    return before - left.length;
  }
}

/** Federation without a network: the links are a test's, and so is what happens with what was held. */
export class FakeFederation implements FederationNeeds {
  readonly book: PolicyBook;
  readonly inbox: Inbox;
  readonly records: Records;
  readonly running = new FakeLinks();
  readonly released: string[] = [];
  readonly refused: string[] = [];

  constructor(stores: Stores) {
    const log = { error: () => {}, warn: () => {} };
    this.book = new PolicyBook(stores.settings, log);
    this.inbox = new Inbox({ store: stores.federationHeld, parse: parseStanza, log });
    this.records = new Records({ store: stores.federationAttempts, log });
  }

  readonly deliver = ({ id }: Stanza): void => void this.released.push(id);
  readonly refuse = ({ id }: Stanza): void => void this.refused.push(id);
}

export function link(domain: string, more: Partial<LinkView> = {}): LinkView {
  return {
    domain,
    local: 'example.test',
    direction: 'out',
    since: 1_700_000_000_000,
    transport: 'starttls',
    address: '192.0.2.7',
    protocol: 'TLSv1.3',
    cipher: 'TLS_AES_256_GCM_SHA384',
    theirs: 'certificate',
    ours: 'certificate',
    bidi: true,
    managed: false,
    sent: 3,
    received: 4,
    unconfirmed: 0,
    ...more,
  };
}
