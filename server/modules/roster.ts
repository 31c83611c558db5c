import { type ContactList, changesBetween } from '../host/contacts.ts';
import type { Host } from '../host/host.ts';
import type { IqRequest } from '../host/iq.ts';
import type { Module } from '../host/module.ts';
import { itemElement, newContact, pushRoster, rosterPush } from '../host/rosters.ts';
import type { Account } from '../storage/stores/accounts.ts';
import type { RosterItem } from '../storage/stores/rosters.ts';
import { type Element, el, elements, textOf } from '../xmpp/element.ts';
import { type Jid, makeJid, tryParseJid } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';
import { Stanza } from '../xmpp/stanza.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';

const NAME_LIMIT = 1_023;
const GROUPS_LIMIT = 50;
/** Changes that are told one by one to who comes back; of more the whole list is shorter. */
const PUSHES = 50;
const BY_DEPARTMENT = 'This contact is in the list because of the departments, which an administrator arranges.';

/** Roster management (RFC 6121 §2), with versions (§2.6). Subscriptions are subscriptions.ts's. */
export const roster: Module = {
  name: 'roster',
  rfc: [6121, '§2'],
  start: (host) => ({
    accountFeatures: [NS.roster],
    iq: [
      { type: 'get', scope: 'own', xmlns: NS.roster, name: 'query', handle: (request) => get(host, request) },
      { type: 'set', scope: 'own', xmlns: NS.roster, name: 'query', handle: (request) => set(host, request) },
    ],
  }),
};

async function get(host: Host, { account, session, payload }: IqRequest): Promise<Element | undefined> {
  if (session !== undefined) session.interested = true; // §2.2
  const known: string | undefined = payload.attrs.ver;
  const list = await host.contacts.all(account!);
  const news = known === undefined ? undefined : await changedSince(host, account!, list, known);
  if (news !== undefined && news.size <= PUSHES) {
    // §2.6.3: an empty result, then the changes as pushes. Only with the last of them the client has what the version stands for.
    if (session !== undefined && news.size > 0) {
      const { version } = list;
      host.contacts.remember(list.view);
      setImmediate(() => {
        let left = news.size;
        for (const jid of news) {
          const item = list.get(jid);
          const push = rosterPush(host, account!, --left === 0 ? version : known!, itemElement(jid, visible(item)));
          host.sessions.get(session.jid)?.deliver(push.for(session.jid));
        }
      });
    }
    return undefined;
  }
  host.contacts.remember(list.view);
  const items: Element[] = [];
  for (const item of list) if (item.listed) items.push(itemElement(item.jid, item));
  return el('query', { xmlns: NS.roster, ver: list.version }, ...items);
}

const visible = (item: RosterItem | undefined): RosterItem | undefined => (item?.listed ? item : undefined);

/** Addresses of contacts that may look different than in a version that a client knows; undefined: nobody knows any more. */
async function changedSince(
  host: Host,
  account: Account,
  list: ContactList,
  known: string,
): Promise<ReadonlySet<string> | undefined> {
  const [, own, tag = ''] = /^(\d{1,15})(?:-([\w-]{16}))?$/.exec(known) ?? [];
  if (own === undefined) return undefined;
  const changes = await host.house.stores.rosters.changes(account.id, Number(own));
  if (changes === 'full') return undefined;
  const found = new Set([...changes.items.map(({ jid }) => jid), ...changes.removed]);
  if (tag === (list.view?.tag ?? '')) return found;
  const before = host.contacts.recall(tag);
  if (before === undefined) return undefined;
  for (const jid of changesBetween(before.view, list.view)) {
    if (before.view?.items.get(jid)?.listed || list.ruled(jid)?.listed) found.add(jid);
  }
  found.delete(`${account.local}@${account.domain}`);
  return found;
}

async function set(host: Host, { account, payload, stanza }: IqRequest): Promise<undefined> {
  const items = elements(payload);
  const [item] = items;
  if (items.length !== 1 || item!.name !== 'item') throw new StanzaError('bad-request', 'A roster set has one item.'); // §2.3.3
  const jid = tryParseJid(item!.attrs.jid ?? '');
  if (jid === undefined) throw new StanzaError('jid-malformed');
  const { bare } = stanza.from;
  if (jid.bare === bare) throw new StanzaError('not-allowed', 'One cannot be a contact of oneself.');
  const remove = item!.attrs.subscription === 'remove';
  const name: string = item!.attrs.name ?? '';
  const groups = remove ? [] : readGroups(item!, name);
  await host.changes.run(account!.id, async () => {
    if (remove) await removeContact(host, account!, jid);
    else await putContact(host, account!, jid, name, groups);
  });
  return undefined;
}

function readGroups(item: Element, name: string): string[] {
  if (Buffer.byteLength(name) > NAME_LIMIT) throw new StanzaError('not-acceptable', 'The name is too long.'); // §2.3.3
  const groups = elements(item)
    .filter((node) => node.name === 'group')
    .map(textOf);
  if (new Set(groups).size !== groups.length) throw new StanzaError('bad-request', 'A group stands twice.');
  if (groups.length > GROUPS_LIMIT) throw new StanzaError('not-acceptable', 'These are too many groups.');
  if (groups.some((group) => group === '' || Buffer.byteLength(group) > NAME_LIMIT)) {
    throw new StanzaError('not-acceptable', 'The name of a group is empty or too long.');
  }
  return groups;
}

async function putContact(
  host: Host,
  account: Account,
  { bare: jid }: Jid,
  name: string,
  groups: readonly string[],
): Promise<void> {
  const { rosters } = host.house.stores;
  const all = await rosters.all(account.id);
  const before = all.items.get(jid);
  const ruled = visible(host.contacts.ruled(account, jid));
  const item = { ...(before ?? newContact(jid, ruled === undefined)), ...ownPart(ruled, before, name, groups) };
  if (before === undefined && isNothing(item)) return pushRoster(host, account, all.version, jid, undefined);
  if (before === undefined && all.items.size >= host.house.limits.rosterItemsPerAccount) {
    throw new StanzaError('resource-constraint', 'The contact list is full.');
  }
  pushRoster(host, account, await rosters.put(account.id, item), jid, item);
}

/** Of what a client calls a contact, what is not from the departments: their part changes when they do. */
function ownPart(
  ruled: RosterItem | undefined,
  before: RosterItem | undefined,
  name: string,
  groups: readonly string[],
): Pick<RosterItem, 'name' | 'groups' | 'listed'> {
  if (ruled === undefined) return { name, groups, listed: true };
  return {
    name: name === ruled.name ? '' : name,
    groups: groups.filter((group) => !ruled.groups.includes(group)),
    listed: before?.listed ?? false,
  };
}

const isNothing = ({ listed, name, groups }: Pick<RosterItem, 'name' | 'groups' | 'listed'>): boolean =>
  !listed && name === '' && groups.length === 0;

/** §2.5: removing a contact ends what either side had of the other. What they have by their departments stays. */
async function removeContact(host: Host, account: Account, jid: Jid): Promise<void> {
  const { rosters } = host.house.stores;
  const before = await rosters.get(account.id, jid.bare);
  const ruled = visible(host.contacts.ruled(account, jid.bare));
  if (before === undefined || !(before.listed || ruled !== undefined)) {
    if (ruled !== undefined) throw new StanzaError('not-allowed', BY_DEPARTMENT);
    throw new StanzaError('item-not-found', 'There is no such contact.');
  }
  const version = await rosters.remove(account.id, jid.bare);
  pushRoster(host, account, version, jid.bare, undefined);
  const { subscription, ask, pendingIn } = before;
  const from = makeJid(account.local, host.domain);
  const contact = makeJid(jid.local, jid.domain);
  const tell = (type: string): Promise<void> => host.sent(new Stanza(el('presence', { type }), from, contact));
  if (subscription === 'to' || subscription === 'both' || ask) await tell('unsubscribe');
  if (subscription === 'from' || subscription === 'both' || pendingIn !== undefined) await tell('unsubscribed');
  if ((subscription === 'from' || subscription === 'both') && !host.contacts.isShown(account, contact.bare))
    host.events.emit('hidden', { account, contact: contact.bare });
}
