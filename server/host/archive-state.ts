import { timeOf } from '../storage/archive-id.ts';
import { dateTime } from '../xmpp/delay.ts';
import { type Element, el } from '../xmpp/element.ts';
import { NS } from '../xmpp/ns.ts';
import type { House } from './house.ts';

/**
 * Where an account's archive begins and ends (XEP-0313 §5), as of all that was asked of the store before; undefined where nothing is
 * kept.
 */
export async function archiveState(house: House, domain: string, account: number): Promise<Element | undefined> {
  if (house.stores.archiveRules.get({ domain, kind: 'domain', subject: '' })?.silent === true) return undefined;
  const { first, last } = await house.stores.archives.metadata(account);
  const end = (name: string, id: number) => el(name, { id: String(id), timestamp: dateTime(timeOf(id)) });
  const ends = first === undefined || last === undefined ? [] : [end('start', first), end('end', last)];
  return el('metadata', { xmlns: NS.mam }, ...ends);
}
