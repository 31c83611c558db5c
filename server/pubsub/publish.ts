import { randomBytes } from 'node:crypto';
import type { Statement } from '../storage/database.ts';
import type { PubsubNode } from '../storage/stores/pubsub-nodes.ts';
import { clone, type Element, el, serialize } from '../xmpp/element.ts';
import type { Jid } from '../xmpp/jid.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';
import { mustPublish } from './access.ts';
import { expiry, holds, itemLimit, readChanges, type Values } from './config.ts';
import { NAME_LENGTH } from './limits.ts';
import { gone, newNode, precondition } from './nodes.ts';
import { itemEvent, notify } from './notify.ts';
import { refusal } from './refusal.ts';
import { affiliationOf, changing, nodeOf, type Service } from './service.ts';

export interface Publication {
  readonly node: string;
  /** Undefined: one is made up (XEP-0060 §7.1.1). */
  readonly id: string | undefined;
  readonly payload: Element | undefined;
  /** Preconditions for a node that is there, configuration of one that is not (§7.1.5). */
  readonly options: Values;
  readonly who: Jid;
}

/**
 * Publishes an item: the node, if it must be made, and the item in one atomic write; then everybody is notified. Gives the
 * item's id, once it is on disk. Throws StanzaError.
 */
export function publish(service: Service, publication: Publication): Promise<string> {
  const { node: name, payload, who, options } = publication;
  if (name.length > NAME_LENGTH) throw new StanzaError('not-acceptable', 'The name of the node is too long.');
  const id = itemId(publication.id);
  return changing(service, name, async () => {
    const { db, stores } = service.house;
    const known = await stores.pubsubNodes.get(service.key, name);
    const node = known ?? (await newNode(service, name, who, options));
    if (known !== undefined) {
      mustPublish(service, known, who);
      // An option that cannot be had at all is as little met as one that is not (§7.1.5).
      if (!holds(service.profile, known.config, readChanges(service.profile, options))) throw precondition();
    }
    const xml = payload === undefined ? '' : serialize(payload);
    if (Buffer.byteLength(xml) > Math.min(node.config.maxPayloadSize, service.profile.limits.payload)) {
      throw refusal('not-acceptable', 'payload-too-big', 'The item is too big.'); // §7.1.3.4
    }
    if (known !== undefined) await mayOverwrite(service, known, id, who);
    const statements: Statement[] =
      known === undefined ? stores.pubsubNodes.createStatements(node, service.account?.id) : [];
    const item = { id, publisher: who.bare, publishedAt: Date.now(), payload: xml };
    const { config } = node;
    statements.push(
      ...stores.pubsubItems.putStatements(
        node,
        item,
        itemLimit(service.profile, config),
        expiry(config),
        service.profile.limits.bytes,
      ),
    );
    await db.batch(statements).catch(gone);
    service.published?.({ node: name, id, payload, publisher: who });
    const event = itemEvent(node, id, who.bare, payload && clone(payload));
    await notify(service, node, who, event, itemEvent(node, id, who.bare, undefined));
    return id;
  });
}

function itemId(given: string | undefined): string {
  if (given === undefined || given === '') return randomBytes(16).toString('base64url');
  if (given.length > NAME_LENGTH) throw new StanzaError('not-acceptable', 'The id of the item is too long.');
  return given;
}

/** §12.6: an id that is there is overwritten, but not somebody else's by one who may only add (SECURITY 48). */
async function mayOverwrite(service: Service, node: PubsubNode, id: string, who: Jid): Promise<void> {
  const affiliation = affiliationOf(service, node, who);
  if (affiliation === 'owner' || affiliation === 'publisher') return;
  const there = await service.house.stores.pubsubItems.get(node.id, id);
  if (there !== undefined && there.publisher !== who.bare) {
    throw new StanzaError('forbidden', 'This id is taken by an item of somebody else.');
  }
}

/** §7.2: takes one item away; subscribers hear of it if the client or the node wants so. Throws StanzaError. */
export function retract(
  service: Service,
  name: string | undefined,
  id: string | undefined,
  who: Jid,
  tell: boolean,
): Promise<void> {
  return changing(service, name ?? '', async () => {
    const node = await nodeOf(service, name);
    if (id === undefined || id === '') throw refusal('bad-request', 'item-required', 'Which item?'); // §7.2.3.4
    const { pubsubItems } = service.house.stores;
    const affiliation = affiliationOf(service, node, who);
    const any = affiliation === 'owner' || affiliation === 'publisher';
    if (!any) {
      mustPublish(service, node, who);
      // §4.1: others than owners and publishers take away only what is theirs, and learn nothing of the rest.
      if ((await pubsubItems.get(node.id, id))?.publisher !== who.bare) throw new StanzaError('forbidden');
    }
    if (!(await pubsubItems.remove(node.id, id))) {
      throw new StanzaError('item-not-found', 'There is no such item.');
    }
    service.retracted?.({ node: node.name, id });
    if (tell || node.config.notifyRetract) {
      await notify(service, node, who, el('items', { node: node.name }, el('retract', { id })));
    }
  });
}
