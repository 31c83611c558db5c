import { randomBytes } from 'node:crypto';
import type { PubsubItem } from '../storage/stores/pubsub-items.ts';
import type { NodeSubscription, PubsubNode } from '../storage/stores/pubsub-nodes.ts';
import { delay } from '../xmpp/delay.ts';
import { type Element, el } from '../xmpp/element.ts';
import { type Jid, parseJid } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';
import { Stanza } from '../xmpp/stanza.ts';
import { denial } from './access.ts';
import { expiry } from './config.ts';
import { NOTIFICATIONS } from './limits.ts';
import type { Service } from './service.ts';

/** A notification for many: serialised once, whoever gets it (XEP-0060 §7.1.2). */
function message(service: Service, node: PubsubNode, event: Element, ...more: Element[]): Stanza {
  const type = node.config.notificationType === 'headline' ? 'headline' : undefined;
  const attrs = { type, id: randomBytes(9).toString('base64url') };
  // XEP-0163 §4.3.1: the account's bare address is where it comes from.
  return new Stanza(
    el('message', attrs, el('event', { xmlns: NS.pubsubEvent }, event), ...more),
    service.jid,
    undefined,
  );
}

async function mayHear(
  service: Service,
  node: PubsubNode,
  { jid, state, deliver }: NodeSubscription,
): Promise<boolean> {
  if (state !== 'subscribed' || !deliver) return false;
  const who = parseJid(jid);
  // Access may have been lost since (XEP-0163 §7), and whom the owner has blocked hears nothing (XEP-0163 §4.3.2).
  if ((await service.relation(who))?.blocked === true) return false;
  return (await denial(service, node, who, 'read')) === undefined;
}

/** Who is to hear of it: who is notified without having asked, and who subscribed (§9.1). */
async function hearers(service: Service, node: PubsubNode): Promise<Jid[]> {
  const found = [...(await service.audience(node))];
  const told = new Set<string>();
  for (const { bare, full } of found) told.add(bare).add(full);
  for (const subscription of node.subscriptions.values()) {
    // XEP-0163 §4.3.1: who is told at each device that is interested is not told once more.
    if (told.has(subscription.jid)) continue;
    if (!(await mayHear(service, node, subscription))) continue;
    const subscriber = parseJid(subscription.jid);
    found.push(...((await service.reached?.(subscriber)) ?? [subscriber]));
  }
  return found;
}

/**
 * Tells everybody who is to hear of what somebody did. Where that would be too much all together, they are told `brief`, which
 * says no more than what there is to be fetched (§7.1.2.2).
 */
export async function notify(
  service: Service,
  node: PubsubNode,
  who: Jid,
  event: Element,
  brief?: Element,
): Promise<void> {
  if (!node.config.deliverNotifications) return;
  const all = await hearers(service, node);
  let stanza = message(service, node, event);
  if (brief !== undefined && stanza.text.length * all.length > NOTIFICATIONS) stanza = message(service, node, brief);
  for (const to of all) service.send(stanza.for(to));
  service.spent(who, stanza.text.length * all.length);
}

/** The event of an item: with its payload if the node says so (§7.1.2.1, §7.1.2.2). */
export function itemEvent(node: PubsubNode, id: string, publisher: string, payload: Element | undefined): Element {
  const { deliverPayloads, itemReply } = node.config;
  const by = itemReply === 'publisher' ? publisher : undefined;
  return el('items', { node: node.name }, el('item', { id, publisher: by }, deliverPayloads ? payload : undefined));
}

/** Sends the last item to somebody who came late, with the time at which it was published (§6.1.7, XEP-0163 §4.3.4). */
export function sendItem(service: Service, node: PubsubNode, item: PubsubItem, to: Iterable<Jid>): void {
  const payload = item.payload === '' ? undefined : service.house.parse(item.payload);
  const event = itemEvent(node, item.id, item.publisher, payload);
  const stanza = message(service, node, event, delay(service.jid.full, item.publishedAt));
  for (const jid of to) service.send(stanza.for(jid));
}

/** The last item of a node that has not expired. */
export async function lastItem(service: Service, node: PubsubNode): Promise<PubsubItem | undefined> {
  const item = await service.house.stores.pubsubItems.last(node.id);
  return item !== undefined && item.publishedAt > expiry(node.config) ? item : undefined;
}

/** Tells one subscriber what has become of its subscription (§8.6, §12.13). */
export function tellSubscriber(service: Service, node: PubsubNode, jid: string, state: string): void {
  const event = el('subscription', { node: node.name, jid, subscription: state });
  service.send(message(service, node, event).for(parseJid(jid)));
}
