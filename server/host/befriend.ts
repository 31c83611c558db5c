import type { Account } from '../storage/stores/accounts.ts';
import { makeJid } from '../xmpp/jid.ts';
import type { Host } from './host.ts';
import { newContact, pushRoster } from './rosters.ts';

/**
 * Makes two accounts of the house each other's contacts, both ways, and tells their clients at once (XEP-0401 §5.4: by
 * roster pushes). A contact list that is full stays as it is. `name` is what the other is to be called there, if it is new.
 */
export async function befriend(
  host: (domain: string) => Host | undefined,
  one: Account,
  other: Account,
  name = '',
): Promise<void> {
  if (one.id === other.id) return;
  await trust(host, one, other, name);
  await trust(host, other, one, one.name);
  for (const [account, contact] of [
    [one, other],
    [other, one],
  ] as const) {
    host(account.domain)?.events.emit('shown', { account, contact: `${contact.local}@${contact.domain}` });
  }
}

async function trust(
  hostOf: (domain: string) => Host | undefined,
  account: Account,
  contact: Account,
  name: string,
): Promise<void> {
  const host = hostOf(account.domain);
  if (host === undefined) return;
  const jid = makeJid(contact.local, contact.domain).bare;
  await host.changes.run(account.id, async () => {
    const { rosters } = host.house.stores;
    const all = await rosters.all(account.id);
    const before = all.items.get(jid);
    if (before === undefined && all.items.size >= host.house.limits.rosterItemsPerAccount) return;
    const known = before ?? { ...newContact(jid, true), name };
    const item = {
      ...known,
      subscription: 'both',
      ask: false,
      approved: false,
      pendingIn: undefined,
      listed: true,
    } as const;
    const version = await rosters.put(account.id, item);
    pushRoster(host, account, version, jid, item);
  });
}
