import type { Account } from '../storage/stores/accounts.ts';
import type { Audience } from '../storage/stores/profiles.ts';
import { type Element, el } from '../xmpp/element.ts';
import { type Jid, makeJid } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';
import { cardNames, photoElement } from '../xmpp/vcard-temp.ts';
import type { Host } from './host.ts';
import { cardsVisible } from './profiles.ts';

/** Who looks at a person's card. */
export type Viewer = 'owner' | 'contact' | 'other';

/** What somebody is to a person whose card they ask for, undefined for who may not look at it. */
export async function viewerOf(host: Host, account: Account, from: Jid): Promise<Viewer | undefined> {
  if (from.bare === makeJid(account.local, account.domain).bare) return 'owner';
  const item = await host.contacts.get(account, from.bare);
  if (item?.subscription === 'from' || item?.subscription === 'both') return 'contact';
  return mayLook(host, account, from) ? 'other' : undefined;
}

/** Whether somebody may look who is no contact. */
export function mayLook(host: Host, account: Account, from: Jid): boolean {
  const visible = host.option(cardsVisible);
  const colleague = from.domain === host.domain && from.local !== '';
  return account.status === 'active' && (visible === 'everyone' || (visible === 'colleagues' && colleague));
}

/** A person's card (XEP-0054) as somebody sees it, with the photo; undefined when there is nothing to see. */
export async function cardFor(host: Host, account: Account, viewer: Viewer): Promise<Element | undefined> {
  const { id, name } = account;
  const { profiles } = host.house.stores;
  const maySee = (audience: Audience): boolean => viewer !== 'other' || audience === 'all';
  const [written, mark] = await Promise.all([profiles.card(id), profiles.mark(id)]);
  const shown = written !== undefined && maySee(written.audience);
  const card = shown ? host.house.parse(written.xml) : el('vCard', { xmlns: NS.vcardTemp });
  if (mark !== undefined && mark.hash !== '' && maySee(mark.audience)) {
    const photo = await profiles.photo(id);
    if (photo !== undefined) card.append(photoElement(photo.type, photo.data));
  }
  // Who says no name is shown by the one that the administrator gave.
  if (name !== '' && cardNames(card).full === '') card.append(el('FN', {}, name));
  return card.children.length > 0 ? card : undefined;
}
