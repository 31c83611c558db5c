import { dataForm } from '../xmpp/data-form.ts';
import { type Element, el } from '../xmpp/element.ts';
import type { Jid } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';
import { pageAnswer, readPageRequest } from '../xmpp/result-set.ts';
import { denial, mustRead } from './access.ts';
import { expiry } from './config.ts';
import { META_DATA, metaDataFields } from './forms.ts';
import { PAGE_ITEMS } from './limits.ts';
import { nodeOf, type Service } from './service.ts';

/** XEP-0060 §5.3, §5.4: what a node is. Throws StanzaError for whoever may neither read nor subscribe. */
export async function nodeInfo(service: Service, who: Jid, name: string): Promise<Element[]> {
  const node = await nodeOf(service, name);
  const error = await denial(service, node, who, 'subscribe');
  if (error !== undefined) throw error;
  const owner = service.account === undefined ? undefined : service.jid.bare;
  const fields = metaDataFields(node, owner).map(([field, values]) => ({ name: field, values }));
  return [
    el('identity', { category: 'pubsub', type: 'leaf' }),
    el('feature', { var: NS.pubsub }),
    dataForm({ type: 'result', formType: META_DATA, fields }),
  ];
}

/** §5.5: the ids of a node's newest items. Throws StanzaError. */
export async function nodeItems(service: Service, who: Jid, name: string): Promise<Element[]> {
  const node = await nodeOf(service, name);
  await mustRead(service, node, who);
  if (!node.config.persistItems) return [];
  const ids = await service.house.stores.pubsubItems.newest(node.id, PAGE_ITEMS, expiry(node.config));
  return ids.map((id) => el('item', { jid: service.jid.full, name: id }));
}

/** §5.2, XEP-0163 §6.2: those of some nodes that somebody may subscribe to. */
export async function visibleNodes(service: Service, who: Jid, names: readonly string[]): Promise<Element[]> {
  const found: Element[] = [];
  for (const name of names) {
    const node = await service.house.stores.pubsubNodes.get(service.key, name);
    if (node === undefined || (await denial(service, node, who, 'subscribe')) !== undefined) continue;
    const title = node.config.title === '' ? undefined : node.config.title;
    found.push(el('item', { jid: service.jid.full, node: name, name: title }));
  }
  return found;
}

/** Nodes that are listed in one answer of a service with a domain of its own, and how many are looked at for it. */
const PAGE_NODES = 200;
const LOOKED_AT = 2_000;

/** §5.2 with XEP-0059: the same of a service with many nodes, by name and in pages. */
export async function visiblePage(service: Service, who: Jid, query: Element): Promise<Element[]> {
  const { max, after, before } = readPageRequest(query);
  const limit = Math.min(max ?? PAGE_NODES, PAGE_NODES);
  const last = before !== undefined;
  let edge = last ? before || undefined : after;
  let found: Element[] = [];
  let more = limit > 0;
  for (let looked = 0; more && found.length < limit && looked < LOOKED_AT; looked += PAGE_NODES) {
    const bounds = last ? { after, before: edge } : { after: edge, before: undefined };
    const page = { ...bounds, last, limit: PAGE_NODES };
    const names = await service.house.stores.pubsubNodes.page(service.key, page);
    const visible = await visibleNodes(service, who, names);
    found = last ? [...visible, ...found] : [...found, ...visible];
    edge = last ? names[0] : names.at(-1);
    more = names.length === PAGE_NODES;
  }
  const cut = found.length > limit || more;
  const shown = last ? found.slice(-limit || found.length) : found.slice(0, limit);
  if (!cut && max === undefined && after === undefined && before === undefined) return shown;
  // The edges are those of what one may see, so that no hidden name comes out by paging.
  const edges = shown.length > 0 && { first: String(shown[0]!.attrs.node), last: String(shown.at(-1)!.attrs.node) };
  return [...shown, pageAnswer({ ...edges })];
}
