// XEP-0227 1.1, RFC 6121, XEP-0016 1.7, XEP-0191 1.3
import type { RosterItem, Subscription } from '../storage/stores/rosters.ts';
import { child, type Element, elements, serialize, textOf } from '../xmpp/element.ts';
import { NS } from '../xmpp/ns.ts';
import type { Person } from './person.ts';

export type Contact = Omit<RosterItem, 'version'>;

const LONGEST = 1_023;
const MOST_GROUPS = 50;
const SUBSCRIPTIONS: readonly string[] = ['none', 'to', 'from', 'both'] satisfies Subscription[];

const short = (text: string): boolean => text !== '' && Buffer.byteLength(text) <= LONGEST;

/** One contact (XEP-0227 §3.4), or what it is that cannot be taken. */
export function readContact(person: Person, item: Element): Contact | string {
  const jid = person.address(item.attrs.jid);
  if (item.name !== 'item' || jid === undefined) return 'a contact without an address';
  if (jid.bare === person.jid.bare) return 'a contact that is the person themselves';
  const subscription: string = item.attrs.subscription ?? 'none';
  if (!SUBSCRIPTIONS.includes(subscription)) return `a contact that is “${subscription.slice(0, 20)}”`;
  const groups = elements(item)
    .filter(({ name }) => name === 'group')
    .map((group) => textOf(group).trim());
  const name: string = item.attrs.name ?? '';
  return {
    jid: jid.bare,
    name: short(name) ? name : '',
    groups: [...new Set(groups.filter(short))].slice(0, MOST_GROUPS),
    subscription: subscription as Subscription,
    ask: item.attrs.ask === 'subscribe' && subscription !== 'to' && subscription !== 'both',
    approved: item.attrs.approved === 'true' || item.attrs.approved === '1',
    listed: true,
    pendingIn: undefined,
  };
}

/** One request that waits for an answer (XEP-0227 §3.8): of whom, and the stanza; or what it is that cannot be taken. */
export function readRequest(person: Person, presence: Element): { jid: string; stanza: string } | string {
  if (presence.attrs.type !== 'subscribe') return 'presence that asks for nothing';
  const from = person.address(presence.attrs.from);
  if (from === undefined || from.bare === person.jid.bare) return 'a request without an address';
  delete presence.attrs.xmlns;
  presence.attrs.from = from.bare;
  presence.attrs.to = person.jid.bare;
  return { jid: from.bare, stanza: serialize(presence) };
}

/**
 * Whom privacy lists block altogether (XEP-0016): people and domains that the list in force denies without saying what. That is all
 * that a block list (XEP-0191) can say. The second are rules that say more.
 */
export function readPrivacy(person: Person, query: Element): { blocked: string[]; left: string[] } {
  const standard = child(query, 'default')?.attrs.name;
  const blocked: string[] = [];
  const left: string[] = [];
  for (const list of elements(query).filter(({ name }) => name === 'list')) {
    if (list.attrs.name !== standard) {
      left.push('a privacy list that was not in force');
      continue;
    }
    const items = elements(list).filter(({ name }) => name === 'item');
    items.sort((one, other) => Number(one.attrs.order) - Number(other.attrs.order));
    let allowed = false;
    for (const item of items) {
      const { type, action, value } = item.attrs;
      const jid = type === 'jid' ? person.address(value) : undefined;
      // To let through all that is left over is what happens anyway.
      if (type === undefined && action === 'allow') continue;
      const all = elements(item).length === 0 || elements(item).some(({ name }) => name === 'message');
      // What stands before it is an exception from it.
      if (jid !== undefined && action === 'deny' && all && !allowed) blocked.push(jid.full);
      else left.push('a rule of a privacy list that is no block');
      allowed ||= action === 'allow';
    }
  }
  return { blocked, left };
}

/** Whom a block list has (XEP-0191), as some servers write it beside what XEP-0227 knows. */
export function readBlocklist(person: Person, list: Element): { blocked: string[]; left: string[] } {
  const jids = elements(list)
    .filter(({ name }) => name === 'item')
    .map(({ attrs }) => person.address(attrs.jid)?.full);
  const blocked = jids.filter((jid) => jid !== undefined);
  return { blocked, left: jids.filter((jid) => jid === undefined).map(() => 'somebody blocked without an address') };
}

export const isBlocklist = ({ name, attrs }: Element): boolean => name === 'blocklist' && attrs.xmlns === NS.blocking;
