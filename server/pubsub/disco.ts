import { dataForm } from '../xmpp/data-form.ts';
import { type Element, el } from '../xmpp/element.ts';
import type { Jid } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';
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
  const query = { newest: true, limit: PAGE_ITEMS, since: expiry(node.config) };
  const items = await service.house.stores.pubsubItems.page(node.id, query);
  return items.map(({ id }) => el('item', { jid: service.jid.full, name: id }));
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
