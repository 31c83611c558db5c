import type { PubsubItem } from '../storage/stores/pubsub-items.ts';
import { type Element, el, elements } from '../xmpp/element.ts';
import type { Jid } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';
import { pageAnswer, readPageRequest } from '../xmpp/result-set.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';
import { mustRead } from './access.ts';
import { expiry } from './config.ts';
import { NAME_LENGTH, PAGE_BYTES, PAGE_ITEMS, REQUEST_ENTRIES } from './limits.ts';
import { lastItem } from './notify.ts';
import { nodeOf, type Service } from './service.ts';

/** XEP-0060 §6.5: the items of a node that are asked for, in order of publication. Throws StanzaError. */
export async function items(service: Service, who: Jid, pubsub: Element, query: Element): Promise<Element> {
  const node = await nodeOf(service, query.attrs.node);
  await mustRead(service, node, who);
  const { stores, parse } = service.house;
  const { pubsubItems } = stores;
  const show = ({ id, publisher, payload }: PubsubItem): Element => {
    const by = node.config.itemReply === 'publisher' ? publisher : undefined;
    return el('item', { id, publisher: by }, payload === '' ? undefined : parse(payload));
  };
  const answer = (found: readonly PubsubItem[], set?: Element): Element =>
    el('pubsub', { xmlns: NS.pubsub }, el('items', { node: node.name }, ...found.map(show)), set);
  if (!node.config.persistItems) {
    const last = await lastItem(service, node); // §6.5.5
    return answer(last === undefined ? [] : [last]);
  }
  const since = expiry(node.config);
  const ids = elements(query)
    .filter(({ name }) => name === 'item')
    .map(({ attrs }) => String(attrs.id ?? ''));
  if (ids.length > REQUEST_ENTRIES) throw new StanzaError('not-acceptable', 'These are too many items at once.');
  if (ids.length > 0) {
    const found = await pubsubItems.some(node.id, ids, since, PAGE_BYTES);
    // §6.5.9.12 is silent on how; who asks for one item only wants to hear that it is not there.
    if (found.length === 0) throw new StanzaError('item-not-found', 'There is no such item.');
    return answer(found);
  }
  const { max, after, before } = readPageRequest(pubsub);
  const recent = recentOf(query); // §6.5.7
  for (const edge of [after, before === '' ? undefined : before]) {
    const there = edge === undefined || (edge.length <= NAME_LENGTH && (await pubsubItems.get(node.id, edge)));
    if (!there) throw new StanzaError('item-not-found', 'There is no such item.'); // XEP-0059 §2.2
  }
  const count = await pubsubItems.count(node.id, since);
  const size = Math.min(max ?? recent ?? PAGE_ITEMS, recent ?? PAGE_ITEMS, PAGE_ITEMS);
  const newest = before !== undefined || (recent !== undefined && after === undefined);
  const page = { after, before: before === '' ? undefined : before, newest, limit: size, since, room: PAGE_BYTES };
  const found = size === 0 ? [] : await pubsubItems.page(node.id, page);
  // §6.5.4: a list that is cut short says so, to whoever reads it.
  const asked = max !== undefined || after !== undefined || before !== undefined;
  if (!asked && (found.length === count || found.length === recent)) return answer(found);
  const edges = found.length > 0 && { first: found[0]!.id, last: found.at(-1)!.id };
  return answer(found, pageAnswer({ ...edges, count }));
}

function recentOf(query: Element): number | undefined {
  const text: string | undefined = query.attrs.max_items;
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw new StanzaError('bad-request', 'max_items is a number.');
  return Math.min(Number(text), PAGE_ITEMS);
}
