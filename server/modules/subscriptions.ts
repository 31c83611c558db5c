import type { Arrival, Departure } from '../host/flow.ts';
import type { Host } from '../host/host.ts';
import type { Module } from '../host/module.ts';
import { newContact, pushRoster } from '../host/rosters.ts';
import type { Account } from '../storage/stores/accounts.ts';
import type { RosterItem, Subscription } from '../storage/stores/rosters.ts';
import { el } from '../xmpp/element.ts';
import { type Jid, makeJid, parseJid } from '../xmpp/jid.ts';
import { Stanza } from '../xmpp/stanza.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';

type Item = Omit<RosterItem, 'version'>;

/** What a stanza does to one side's item, and whether it goes on (RFC 6121 §3, appendix A). */
interface Outcome {
  readonly item: Item;
  /** It is routed to the contact, or delivered to the account's sessions. */
  readonly pass: boolean;
  /** The contact may see us from now on, or not any more. */
  readonly sight?: 'shown' | 'hidden';
  /** Our server answers at once in the account's name. */
  readonly reply?: 'subscribed';
}

const TYPES: ReadonlySet<string> = new Set(['subscribe', 'subscribed', 'unsubscribe', 'unsubscribed']);

const sees = (s: Subscription): boolean => s === 'to' || s === 'both';
const seen = (s: Subscription): boolean => s === 'from' || s === 'both';
const make = (to: boolean, from: boolean): Subscription => (to ? (from ? 'both' : 'to') : from ? 'from' : 'none');

/** Presence subscriptions (RFC 6121 §3), pre-approval included (§3.4). */
export const subscriptions: Module = {
  name: 'subscriptions',
  rfc: [6121, '§3'],
  start: (host) => ({
    outbound: { stamp: (departure) => (TYPES.has(departure.stanza.type) ? outbound(host, departure) : undefined) },
    inbound: { deliver: (arrival) => (TYPES.has(arrival.stanza.type) ? inbound(host, arrival) : undefined) },
    on: {
      listening: ({ session, initial }) => (initial ? remind(host, session.account, session.jid) : undefined),
      removed: ({ account }) => forgetRemoved(host, account),
    },
  }),
};

/** Appendix A.2: what the account itself says. */
export function leaving(type: string, item: Item): Outcome {
  const { subscription } = item;
  const [to, from] = [sees(subscription), seen(subscription)];
  switch (type) {
    case 'subscribe': // A.2.1
      return { item: to ? item : { ...item, ask: true, listed: true }, pass: true };
    case 'unsubscribe': // A.2.2
      return { item: { ...item, ask: false, subscription: make(false, from) }, pass: true };
    case 'subscribed': // A.2.3, §3.4.2
      if (from) return { item, pass: false };
      if (item.pendingIn === undefined) return { item: { ...item, approved: true, listed: true }, pass: false };
      return {
        item: { ...item, subscription: make(to, true), pendingIn: undefined, listed: true },
        pass: true,
        sight: 'shown',
      };
    default: // A.2.4, §3.4.2: takes back a pre-approval, too
      return {
        item: { ...item, subscription: make(to, false), pendingIn: undefined, approved: false },
        pass: from || item.pendingIn !== undefined,
        ...(from && { sight: 'hidden' as const }),
      };
  }
}

/** Appendix A.3: what the contact says. */
export function coming(type: string, item: Item, text: string): Outcome {
  const { subscription } = item;
  const [to, from] = [sees(subscription), seen(subscription)];
  switch (type) {
    case 'subscribe': // A.3.1, §3.1.3
      if (from) return { item, pass: false, reply: 'subscribed' };
      if (item.approved) {
        return { item: { ...item, subscription: make(to, true) }, pass: false, sight: 'shown', reply: 'subscribed' };
      }
      return { item: { ...item, pendingIn: text }, pass: item.pendingIn === undefined };
    case 'unsubscribe': // A.3.2
      return {
        item: { ...item, subscription: make(to, false), pendingIn: undefined },
        pass: from || item.pendingIn !== undefined,
        ...(from && { sight: 'hidden' as const }),
      };
    case 'subscribed': // A.3.3: only if it was asked for
      return item.ask
        ? { item: { ...item, ask: false, subscription: make(true, from) }, pass: true }
        : { item, pass: false };
    default: // A.3.4
      return { item: { ...item, ask: false, subscription: make(false, from) }, pass: to || item.ask };
  }
}

async function outbound(host: Host, departure: Departure): Promise<'stop' | undefined> {
  const { stanza, session } = departure;
  if (stanza.kind !== 'presence') return undefined;
  if (stanza.to === undefined) throw new StanzaError('bad-request', 'A subscription has an address.');
  const contact = makeJid(stanza.to.local, stanza.to.domain);
  const self = makeJid(session.jid.local, host.domain);
  if (contact.bare === self.bare) throw new StanzaError('not-allowed', 'One sees oneself already.');
  const outcome = await apply(host, session.account, contact, (item) =>
    isByRule(host, session.account, item, stanza.type) ? { item, pass: false } : leaving(stanza.type, item),
  );
  // §3.1.5: the contact's client learns of the subscription first, and sees us then.
  departure.ledger.after.push(() => tell(host, session.account, contact, outcome));
  if (!outcome.pass) return 'stop';
  departure.stanza = new Stanza(stanza.element, self, contact); // §3.1.2: in the name of the account, to the account
  return undefined;
}

/**
 * What the departments let somebody see needs no asking and no leave, and nothing of it is kept: it would hold on when the departments do
 * not any more.
 */
function isByRule(host: Host, account: Account, { jid, pendingIn }: Item, type: string): boolean {
  if (type !== 'subscribe' && type !== 'subscribed') return false;
  const ruled = host.contacts.ruled(account, jid)?.subscription ?? 'none';
  return type === 'subscribe' ? sees(ruled) : seen(ruled) && pendingIn === undefined;
}

async function inbound(host: Host, arrival: Arrival): Promise<'stop' | undefined> {
  const { stanza, account } = arrival;
  if (stanza.kind !== 'presence') return undefined;
  const self = makeJid(account.local, host.domain);
  const contact = makeJid(stanza.from.local, stanza.from.domain);
  const outcome = await apply(host, account, contact, (item) => coming(stanza.type, item, stanza.text));
  if (outcome.reply !== undefined) await host.sent(new Stanza(el('presence', { type: outcome.reply }), self, contact));
  tell(host, account, contact, outcome);
  return outcome.pass ? undefined : 'stop';
}

/** What else follows from it: the contact sees us, or does not any more. */
function tell(host: Host, account: Account, contact: Jid, { sight }: Outcome): void {
  if (sight !== undefined && !host.contacts.isShown(account, contact.bare))
    host.events.emit(sight, { account, contact: contact.bare });
}

/** Changes one item as told, one change of a roster at a time. */
async function apply(host: Host, account: Account, contact: Jid, change: (item: Item) => Outcome): Promise<Outcome> {
  return host.changes.run(account.id, async () => {
    const { rosters } = host.house.stores;
    const all = await rosters.all(account.id);
    const before = all.items.get(contact.bare);
    const result = change(before ?? newContact(contact.bare, false));
    if (same(before, result.item)) return result;
    if (before === undefined && all.items.size >= host.house.limits.rosterItemsPerAccount) {
      throw new StanzaError('resource-constraint', 'The contact list is full.');
    }
    const { listed, pendingIn, name, groups } = result.item;
    // What somebody calls a contact that they have by their department is kept, though it is none of their own.
    const empty = !listed && pendingIn === undefined && name === '' && groups.length === 0;
    const version = empty ? await rosters.remove(account.id, contact.bare) : await rosters.put(account.id, result.item);
    if (result.item.listed) pushRoster(host, account, version, contact.bare, result.item);
    return result;
  });
}

function same(before: Item | undefined, after: Item): boolean {
  if (before === undefined) return !after.listed && after.pendingIn === undefined;
  return (
    before.subscription === after.subscription &&
    before.ask === after.ask &&
    before.approved === after.approved &&
    before.listed === after.listed &&
    before.pendingIn === after.pendingIn
  );
}

/** §3.1.3: requests that wait for an answer are shown at each login until there is one. */
async function remind(host: Host, account: Account, jid: Jid): Promise<void> {
  const all = await host.house.stores.rosters.all(account.id);
  for (const item of all.items.values()) {
    if (item.pendingIn === undefined) continue;
    const session = host.sessions.get(jid);
    if (session === undefined) return;
    session.deliver(new Stanza(host.house.parse(item.pendingIn), parseJid(item.jid), jid));
  }
}

/**
 * Whoever had a removed account in the contact list is told that it ended both ways: somebody who gets the name later must
 * not inherit what it was allowed to see (SECURITY 50).
 */
async function forgetRemoved(host: Host, removed: Account): Promise<void> {
  const { accounts, rosters } = host.house.stores;
  const from = makeJid(removed.local, removed.domain);
  for (const id of await rosters.holders(from.bare)) {
    const holder = await accounts.byId(id);
    if (holder === undefined) continue;
    const to = makeJid(holder.local, holder.domain);
    for (const type of ['unsubscribe', 'unsubscribed']) host.send(new Stanza(el('presence', { type }), from, to));
  }
}
