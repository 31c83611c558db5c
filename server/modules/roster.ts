import type { Host } from '../host/host.ts';
import type { IqRequest } from '../host/iq.ts';
import type { Module } from '../host/module.ts';
import { itemElement, newContact, pushRoster } from '../host/rosters.ts';
import { type Element, el, elements, textOf } from '../xmpp/element.ts';
import { type Jid, makeJid, tryParseJid } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';
import { Stanza } from '../xmpp/stanza.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';

const NAME_LIMIT = 1_023;
const GROUPS_LIMIT = 50;

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
  const { rosters } = host.house.stores;
  if (session !== undefined) session.interested = true; // §2.2
  const known: string | undefined = payload.attrs.ver;
  if (known !== undefined && /^\d{1,15}$/.test(known)) {
    const changes = await rosters.changes(account!.id, Number(known));
    if (changes !== 'full' && changes.items.length + changes.removed.length <= 50) {
      // §2.6.3: an empty result, then the changes as pushes.
      const gone = changes.removed.map((jid) => itemElement(jid, undefined));
      const pushes = [...changes.items.map((item) => itemElement(item.jid, item)), ...gone];
      if (session !== undefined && pushes.length > 0) {
        setImmediate(() => {
          for (const item of pushes) pushTo(host, session.jid, changes.version, item);
        });
      }
      return undefined;
    }
  }
  const all = await rosters.all(account!.id);
  const items: Element[] = [];
  for (const item of all.items.values()) if (item.listed) items.push(itemElement(item.jid, item));
  return el('query', { xmlns: NS.roster, ver: String(all.version) }, ...items);
}

function pushTo(host: Host, jid: Jid, version: number, item: Element): void {
  const iq = el(
    'iq',
    { type: 'set', id: `push-${version}-${item.attrs.jid}` },
    el('query', { xmlns: NS.roster, ver: String(version) }, item),
  );
  host.sessions.get(jid)?.deliver(new Stanza(iq, makeJid(jid.local, host.domain), jid));
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
    if (remove) await removeContact(host, account!.id, bare, jid);
    else await putContact(host, account!.id, bare, jid, name, groups);
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
  account: number,
  bare: string,
  jid: Jid,
  name: string,
  groups: readonly string[],
): Promise<void> {
  const { rosters } = host.house.stores;
  const all = await rosters.all(account);
  const before = all.items.get(jid.bare);
  if (before === undefined && all.items.size >= host.house.limits.rosterItemsPerAccount) {
    throw new StanzaError('resource-constraint', 'The contact list is full.');
  }
  const item = { ...(before ?? newContact(jid.bare, true)), name, groups, listed: true };
  const version = await rosters.put(account, item);
  pushRoster(host, bare, version, itemElement(jid.bare, { ...item, version }));
}

/** §2.5: removing a contact ends what either side had of the other. */
async function removeContact(host: Host, account: number, bare: string, jid: Jid): Promise<void> {
  const { rosters } = host.house.stores;
  const before = await rosters.get(account, jid.bare);
  if (before === undefined || !before.listed) throw new StanzaError('item-not-found', 'There is no such contact.');
  const version = await rosters.remove(account, jid.bare);
  pushRoster(host, bare, version, itemElement(jid.bare, undefined));
  const { subscription, ask, pendingIn } = before;
  const from = makeJid(bare.slice(0, bare.indexOf('@')), host.domain);
  const contact = makeJid(jid.local, jid.domain);
  const tell = (type: string): Promise<void> => host.sent(new Stanza(el('presence', { type }), from, contact));
  if (subscription === 'to' || subscription === 'both' || ask) await tell('unsubscribe');
  if (subscription === 'from' || subscription === 'both' || pendingIn !== undefined) await tell('unsubscribed');
  if (subscription === 'from' || subscription === 'both') {
    const owner = await host.house.stores.accounts.at(bare);
    if (owner !== undefined) host.events.emit('hidden', { account: owner, contact: contact.bare });
  }
}
