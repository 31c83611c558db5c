import type { Attempt } from '../s2s/attempt.ts';
import type { LinkView } from '../s2s/federation.ts';
import type { Deliver, Inbox } from '../s2s/inbox.ts';
import type { PolicyBook } from '../s2s/policy-book.ts';
import type { Records } from '../s2s/records.ts';

/** What waits for another domain. */
export interface WaitingView {
  readonly domain: string;
  readonly local: string;
  /** Stanzas. */
  readonly waiting: number;
  /** ms since 1970. */
  readonly oldest: number | undefined;
}

/** What commands need of the running links; `s2s/federation.ts` has it. */
export interface RunningFederation {
  links(): readonly LinkView[];
  queues(): readonly WaitingView[];
  /** Calls a domain now, as one of ours. */
  tryNow(local: string, domain: string): Promise<Attempt>;
  /** Ends all links with a domain. Gives how many there were. */
  closeNow(domain: string): number;
}

/** What the hall gives the commands of federation. */
export interface FederationNeeds {
  readonly book: PolicyBook;
  readonly inbox: Inbox;
  readonly records: Records;
  readonly running: RunningFederation;
  /** Takes what was held further, or tells who said it that it will not be sent; `s2s/held.ts` has both. */
  readonly deliver: Deliver;
  readonly refuse: Deliver;
}
