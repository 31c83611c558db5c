import type { TestContext } from 'node:test';
import type { Database } from '../../../server/storage/database.ts';
import type { Account } from '../../../server/storage/stores/accounts.ts';
import { openStores, type Stores } from '../../../server/storage/stores/index.ts';
import type { RosterItem } from '../../../server/storage/stores/rosters.ts';
import { opened } from '../support.ts';

export interface House extends Stores {
  readonly db: Database;
  /** A second set of stores on the same database, which remembers nothing yet: what is really stored. */
  afresh(): Stores;
  person(local: string, domain?: string): Promise<Account>;
}

export async function house(t: TestContext): Promise<House> {
  const db = await opened(t);
  const stores = openStores(db);
  const person = (local: string, domain = 'office.test') => stores.accounts.create({ domain, local, credentials: [] });
  return { ...stores, db, afresh: () => openStores(db), person };
}

export function contact(jid: string, more: Partial<RosterItem> = {}): Omit<RosterItem, 'version'> {
  const plain = { name: '', groups: [], subscription: 'none', ask: false, approved: false, listed: true } as const;
  return { jid, ...plain, pendingIn: undefined, ...more };
}
