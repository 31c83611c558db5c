import type { PubsubNode } from '../storage/stores/pubsub-nodes.ts';
import type { Jid } from '../xmpp/jid.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';
import { refusal } from './refusal.ts';
import { affiliationOf, type Service } from './service.ts';

function subscribed(node: PubsubNode, { bare, full }: Jid): boolean {
  return node.subscriptions.get(full)?.state === 'subscribed' || node.subscriptions.get(bare)?.state === 'subscribed';
}

/**
 * Why somebody may not read a node, or subscribe to it, by its access model and their affiliation (XEP-0060 §4.1, §4.5,
 * §6.1.3, §6.5.9); undefined when they may. Under `authorize` anybody may ask to subscribe.
 */
export async function denial(
  service: Service,
  node: PubsubNode,
  who: Jid,
  what: 'read' | 'subscribe',
): Promise<StanzaError | undefined> {
  const affiliation = affiliationOf(service, node, who);
  if (affiliation === 'owner' || affiliation === 'publisher' || affiliation === 'member') return undefined;
  if (affiliation === 'outcast' || affiliation === 'publish-only') return new StanzaError('forbidden');
  const { accessModel, rosterGroups } = node.config;
  switch (accessModel) {
    case 'open':
      return undefined;
    case 'whitelist':
      return refusal('not-allowed', 'closed-node');
    case 'authorize':
      return what === 'subscribe' || subscribed(node, who) ? undefined : refusal('not-authorized', 'not-subscribed');
    case 'presence': {
      const relation = await service.relation(who);
      return relation?.sees === true ? undefined : refusal('not-authorized', 'presence-subscription-required');
    }
    case 'roster': {
      const relation = await service.relation(who);
      const among = relation?.sees === true && relation.groups.some((group) => rosterGroups.includes(group));
      return among ? undefined : refusal('not-authorized', 'not-in-roster-group');
    }
  }
}

/** Throws when somebody may not read a node. */
export async function mustRead(service: Service, node: PubsubNode, who: Jid): Promise<void> {
  const error = await denial(service, node, who, 'read');
  if (error !== undefined) throw error;
}

/** Throws `forbidden` when somebody may not publish to a node (§7.1.3.1). */
export function mustPublish(service: Service, node: PubsubNode, who: Jid): void {
  const affiliation = affiliationOf(service, node, who);
  if (affiliation === 'owner' || affiliation === 'publisher' || affiliation === 'publish-only') return;
  const { publishModel } = node.config;
  if (affiliation !== 'outcast') {
    if (publishModel === 'open') return;
    if (publishModel === 'subscribers' && subscribed(node, who)) return;
  }
  throw new StanzaError('forbidden', 'You may not publish here.');
}

/** Throws `forbidden` for whoever does not own a node. */
export function mustOwn(service: Service, node: PubsubNode, who: Jid): void {
  if (affiliationOf(service, node, who) !== 'owner') throw new StanzaError('forbidden', 'Only its owner may do that.');
}
