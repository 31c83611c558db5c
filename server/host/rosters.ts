import { randomBytes } from 'node:crypto';
import type { Account } from '../storage/stores/accounts.ts';
import type { RosterItem } from '../storage/stores/rosters.ts';
import { type Element, el, escapeAttribute, serialize } from '../xmpp/element.ts';
import { makeJid } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';
import { Stanza } from '../xmpp/stanza.ts';
import { together } from './contacts.ts';
import type { Host } from './host.ts';

/** A contact of whom nothing is known yet. */
export function newContact(jid: string, listed: boolean): Omit<RosterItem, 'version'> {
  return {
    jid,
    name: '',
    groups: [],
    subscription: 'none',
    ask: false,
    approved: false,
    listed,
    pendingIn: undefined,
  };
}

/** An item as clients see it (RFC 6121 §2.1.2); `undefined` stands for one that is gone. */
export function itemElement(jid: string, item: RosterItem | undefined): Element {
  if (item === undefined) return el('item', { jid, subscription: 'remove' });
  return el(
    'item',
    {
      jid,
      name: item.name === '' ? undefined : item.name,
      subscription: item.subscription,
      ask: item.ask ? 'subscribe' : undefined,
      approved: item.approved ? 'true' : undefined,
    },
    ...item.groups.map((group) => el('group', {}, group)),
  );
}

/**
 * Tells every session of an account that wants to know of a change to its own roster (RFC 6121 §2.1.6). `own` is what the account
 * has of the contact now; what its departments make of it is added.
 */
export function pushRoster(
  host: Host,
  account: Account,
  version: number,
  jid: string,
  own: Omit<RosterItem, 'version'> | undefined,
): void {
  const interested = host.sessions.of(`${account.local}@${account.domain}`).filter((session) => session.interested);
  if (interested.length === 0) return;
  const item = together(own && { ...own, version }, host.contacts.ruled(account, jid));
  const shown = itemElement(jid, item?.listed ? item : undefined);
  const push = rosterPush(host, account, host.contacts.versionNow(account, version), shown);
  for (const session of interested) session.deliver(push.for(session.jid));
}

/** To be delivered to devices of the account. */
export function rosterPush(host: Host, account: Account, version: string, item: Element): Stanza {
  return writtenPush(host, account, version, serialize(item));
}

/** What is not to be mistaken for the id of another push. Nobody reads the answers. */
const PUSHES = randomBytes(6).toString('base64url');
let pushes = 0;

/** The same with an item that is written already: it may be one of many people. */
export function writtenPush(host: Host, { local }: Account, version: string, item: string): Stanza {
  const iq = el('iq', { type: 'set', id: `${PUSHES}${(pushes++).toString(36)}` });
  const query = `<query xmlns='${NS.roster}' ver='${escapeAttribute(version)}'>${item}</query>`;
  return Stanza.written(iq, makeJid(local, host.domain), undefined, query);
}
