import type { ArchiveIds } from '../storage/archive-id.ts';
import type { Database } from '../storage/database.ts';
import type { Account } from '../storage/stores/accounts.ts';
import type { Stores } from '../storage/stores/index.ts';
import type { Element } from '../xmpp/element.ts';

/** What moving people in needs of the house. */
export interface MovingNeeds {
  readonly db: Database;
  readonly stores: Stores;
  readonly archiveIds: ArchiveIds;
  /** Asks for something in the name of somebody, as their own client would. Throws StanzaError. */
  ask(account: Account, payload: Element): Promise<Element | undefined>;
  readonly limits: { readonly rosterItemsPerAccount: number; readonly offlineMessagesPerAccount: number };
}
