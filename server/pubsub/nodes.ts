import { randomBytes } from 'node:crypto';
import { StorageError } from '../storage/database.ts';
import type { NodeConfig, PubsubNode } from '../storage/stores/pubsub-nodes.ts';
import { el } from '../xmpp/element.ts';
import type { Jid } from '../xmpp/jid.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';
import { mustOwn } from './access.ts';
import { expiry, itemLimit, readChanges, type Values } from './config.ts';
import { configForm } from './forms.ts';
import { NAME_LENGTH } from './limits.ts';
import { notify } from './notify.ts';
import { keepPrivate, privateDefaults } from './private-nodes.ts';
import { refusal } from './refusal.ts';
import { changing, nodeOf, type Service } from './service.ts';

const NO_VALUES: Values = new Map();

/** What a node of this name is like when nobody says anything. */
function defaultsFor(service: Service, name: string): NodeConfig {
  const { defaults } = service.profile;
  return service.account === undefined ? defaults : { ...defaults, ...privateDefaults(name) };
}

/** A new configuration, from a form. Throws `not-acceptable`. */
function configured(service: Service, name: string, before: NodeConfig, values: Values): NodeConfig {
  const after = { ...before, ...readChanges(service.profile, values) };
  if (service.account !== undefined) keepPrivate(name, after);
  return after;
}

/** A node that may be made, not stored yet. Throws StanzaError. */
export async function newNode(service: Service, name: string, who: Jid, values: Values): Promise<PubsubNode> {
  service.mayCreate(who);
  if (name.length > NAME_LENGTH) throw new StanzaError('not-acceptable', 'The name of the node is too long.');
  const config = configured(service, name, defaultsFor(service, name), values);
  const { pubsubNodes } = service.house.stores;
  const { nodes, nodesEach } = service.profile.limits;
  if (
    (await pubsubNodes.count(service.key)) >= nodes ||
    (await pubsubNodes.countOf(service.key, who.bare)) >= nodesEach
  ) {
    throw new StanzaError('resource-constraint', 'There are too many nodes.', { type: 'cancel' });
  }
  return pubsubNodes.make(service.key, name, who.bare, config, service.account === undefined ? [who.bare] : []);
}

/** §8.1: makes a node and gives its name; without one, a name is found (§8.1.1, instant nodes). Throws StanzaError. */
export function create(service: Service, name: string | undefined, who: Jid, values: Values): Promise<string> {
  const chosen = name === undefined || name === '' ? randomBytes(16).toString('base64url') : name;
  return changing(service, chosen, async () => {
    const { db, stores } = service.house;
    if ((await stores.pubsubNodes.get(service.key, chosen)) !== undefined) {
      throw new StanzaError('conflict', 'There is such a node already.'); // §8.1.2
    }
    const node = await newNode(service, chosen, who, values);
    await db.batch(stores.pubsubNodes.createStatements(node, service.account?.id)).catch(gone);
    return chosen;
  });
}

/** A write that breaks a rule of the schema: the account or the node has gone meanwhile, or there is too much. */
export function gone(error: unknown): never {
  if (error instanceof StorageError && error.code === 'quota') {
    throw new StanzaError('resource-constraint', 'There is no room for more. Please remove something first.', {
      type: 'cancel',
    });
  }
  if (error instanceof StorageError && error.code === 'constraint') throw new StanzaError('item-not-found');
  throw error;
}

/** §8.2: changes a node's configuration. Throws StanzaError. */
export function configure(service: Service, name: string | undefined, who: Jid, values: Values): Promise<void> {
  return changing(service, name ?? '', async () => {
    const node = await nodeOf(service, name);
    mustOwn(service, node, who);
    const config = configured(service, node.name, node.config, values);
    const { pubsubItems, pubsubNodes } = service.house.stores;
    const trim = pubsubItems.trimStatements(node.id, itemLimit(service.profile, config), expiry(config));
    await pubsubNodes.configure(node, config, trim);
    if (!config.notifyConfig) return;
    const form = config.deliverPayloads && configForm(service.profile, config, 'result'); // §8.2.5.3
    const brief = el('configuration', { node: node.name });
    await notify(service, { ...node, config }, who, el('configuration', { node: node.name }, form), brief);
  });
}

/** §8.4: deletes a node with all its items. Throws StanzaError. */
export function remove(service: Service, name: string | undefined, who: Jid): Promise<void> {
  return changing(service, name ?? '', async () => {
    const node = await nodeOf(service, name);
    mustOwn(service, node, who);
    await service.house.stores.pubsubNodes.remove(node);
    service.retracted?.({ node: node.name, id: undefined });
    if (node.config.notifyDelete) await notify(service, node, who, el('delete', { node: node.name }));
  });
}

/** §8.5: takes all items off a node. Throws StanzaError. */
export function purge(service: Service, name: string | undefined, who: Jid): Promise<void> {
  return changing(service, name ?? '', async () => {
    const node = await nodeOf(service, name);
    mustOwn(service, node, who);
    await service.house.stores.pubsubItems.clear(node.id);
    service.retracted?.({ node: node.name, id: undefined });
    if (node.config.notifyRetract) await notify(service, node, who, el('purge', { node: node.name })); // §8.5.2
  });
}

/** §8.3: what a new node would be like. */
export function defaultForm(service: Service) {
  return configForm(service.profile, service.profile.defaults);
}

/** §8.2.1. Throws StanzaError. */
export async function configurationForm(service: Service, name: string | undefined, who: Jid) {
  const node = await nodeOf(service, name);
  mustOwn(service, node, who);
  return { node, form: configForm(service.profile, node.config) };
}

export { NO_VALUES };

/** §7.1.5: the conditions of a publication to a node that is there. Throws `conflict` when one does not hold. */
export function precondition(): StanzaError {
  return refusal('conflict', 'precondition-not-met', 'The node is configured in another way.');
}
