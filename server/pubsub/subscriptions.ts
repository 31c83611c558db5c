import { covers } from '../host/blocklist.ts';
import type { NodeSubscription, PubsubNode } from '../storage/stores/pubsub-nodes.ts';
import { readForm } from '../xmpp/data-form.ts';
import { child, type Element, el, elements } from '../xmpp/element.ts';
import { type Jid, parseJid, tryParseJid } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';
import { Stanza } from '../xmpp/stanza.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';
import { denial, mustOwn } from './access.ts';
import { authorizationForm, optionsForm, SUBSCRIBE_OPTIONS } from './forms.ts';
import { REQUEST_ENTRIES, SUBSCRIPTIONS_EACH } from './limits.ts';
import { lastItem, sendItem, tellSubscriber } from './notify.ts';
import { refusal } from './refusal.ts';
import { affiliationOf, changing, nodeOf, type Service } from './service.ts';

/** The address that is to be subscribed: one's own, bare or full (XEP-0060 §6.1.3.1). Throws `bad-request`. */
function subscriberOf(who: Jid, { attrs }: Element): Jid {
  const jid = tryParseJid(attrs.jid ?? '');
  if (jid === undefined || jid.bare !== who.bare) {
    throw refusal('bad-request', 'invalid-jid', 'One subscribes oneself, nobody else.');
  }
  // There is one subscription for each address, so none has an id that one could name (§6.2.3.5, §6.3.4.5).
  if (attrs.subid !== undefined) throw refusal('not-acceptable', 'invalid-subid');
  return jid;
}

/** Values of options that say what is so in any case. */
const CONSTANT: Readonly<Record<string, readonly string[]>> = {
  'pubsub#digest': ['0', 'false'],
  'pubsub#include_body': ['0', 'false'],
  'pubsub#subscription_type': ['items'],
  'pubsub#subscription_depth': ['1', 'all'],
};

/** What the options form says of `pubsub#deliver`. Throws `bad-request` for what cannot be had (§6.3.6.2). */
function readOptions(options: Element | undefined, before: boolean): boolean {
  const form = options && readForm(options);
  let deliver = before;
  for (const [name, [value = '']] of form?.values ?? []) {
    if (name === 'FORM_TYPE' && value === SUBSCRIBE_OPTIONS) continue;
    if (name === 'pubsub#deliver' && /^(0|1|true|false)$/.test(value)) deliver = value === '1' || value === 'true';
    else if (!(Object.hasOwn(CONSTANT, name) && CONSTANT[name]!.includes(value))) {
      throw refusal('bad-request', 'invalid-options', `${name.slice(0, 60)} cannot be chosen here.`);
    }
  }
  return deliver;
}

function shown(node: PubsubNode, { jid, state }: NodeSubscription): Element {
  return el('subscription', { node: node.name, jid, subscription: state });
}

/** Whether a node has no room for one more subscription, be it of anybody or of one person's many addresses. */
function crowded(service: Service, node: PubsubNode, { bare }: Jid): boolean {
  if (node.subscriptions.size >= service.profile.limits.subscriptions) return true;
  let own = 0;
  for (const one of node.subscriptions.values()) if (one.bare === bare) own++;
  return own >= SUBSCRIPTIONS_EACH;
}

/** §6.1: subscribes the one who asks, or asks the owners (§6.1.4). Throws StanzaError. */
export function subscribe(service: Service, who: Jid, request: Element, options?: Element): Promise<Element> {
  return changing(service, request.attrs.node ?? '', async () => {
    const node = await nodeOf(service, request.attrs.node);
    const jid = subscriberOf(who, request);
    const error = await denial(service, node, who, 'subscribe');
    if (error !== undefined) throw error;
    const before = node.subscriptions.get(jid.full);
    if (before?.state === 'pending') throw refusal('not-authorized', 'pending-subscription'); // §6.1.3.7
    if (before === undefined && crowded(service, node, jid)) {
      throw refusal('policy-violation', 'too-many-subscriptions'); // §6.1.3.9
    }
    const waits = node.config.accessModel === 'authorize' && affiliationOf(service, node, who) === 'none';
    const subscription: NodeSubscription = {
      jid: jid.full,
      bare: jid.bare,
      state: waits && before === undefined ? 'pending' : 'subscribed',
      deliver: readOptions(options, before?.deliver ?? true),
    };
    await service.house.stores.pubsubNodes.subscribe(node, [subscription]);
    if (subscription.state === 'pending') await askOwners(service, node, jid);
    else if (before === undefined) await welcome(service, node, jid);
    return el('pubsub', { xmlns: NS.pubsub }, shown(node, subscription));
  });
}

/** §6.1.7: a newcomer gets the last item. */
async function welcome(service: Service, node: PubsubNode, jid: Jid): Promise<void> {
  if (node.config.sendLast === 'never' || !node.config.deliverNotifications) return;
  const item = await lastItem(service, node);
  if (item !== undefined) sendItem(service, node, item, [jid]);
}

/** Whether somebody of ours blocks one of these. */
async function blocks({ house }: Service, owner: Jid, ...others: readonly Jid[]): Promise<boolean> {
  const account = await house.stores.accounts.at(owner.bare);
  if (account === undefined) return false;
  const list = await house.stores.blocking.list(account.id);
  return others.some((one) => covers(list, one));
}

/**
 * §8.6: every owner is asked; the first answer counts. But nobody who blocks who made the node, and so may have made them an
 * owner, or who wants to subscribe: the question comes from the service, which nobody blocks, and says what those two wrote.
 */
async function askOwners(service: Service, node: PubsubNode, subscriber: Jid): Promise<void> {
  const form = authorizationForm(node.name, subscriber.full);
  const stanza = new Stanza(
    el('message', { id: `approve ${subscriber.full}`.slice(0, 200) }, form),
    service.jid,
    undefined,
  );
  const owners = [...node.affiliations].filter(([, affiliation]) => affiliation === 'owner').map(([jid]) => jid);
  if (service.account !== undefined) owners.push(service.jid.bare);
  const creator = tryParseJid(node.creator);
  for (const owner of owners.map(parseJid)) {
    if (!(await blocks(service, owner, subscriber, ...(creator ? [creator] : [])))) service.send(stanza.for(owner));
  }
}

/** §8.6: an owner answers. A form that is cancelled leaves things as they are. Throws StanzaError. */
export function authorize(service: Service, who: Jid, values: ReadonlyMap<string, readonly string[]>): Promise<void> {
  const name = values.get('pubsub#node')?.[0] ?? '';
  return changing(service, name, async () => {
    const node = await nodeOf(service, name);
    mustOwn(service, node, who);
    const jid = tryParseJid(values.get('pubsub#subscriber_jid')?.[0] ?? '')?.full ?? '';
    const pending = node.subscriptions.get(jid);
    if (pending?.state !== 'pending') throw new StanzaError('item-not-found', 'Nobody of that address waits.');
    const allow = values.get('pubsub#allow')?.[0];
    await settle(service, node, pending, allow === '1' || allow === 'true' ? 'subscribed' : 'none');
  });
}

async function settle(
  service: Service,
  node: PubsubNode,
  subscription: NodeSubscription,
  state: 'none' | 'pending' | 'subscribed',
): Promise<void> {
  const { pubsubNodes } = service.house.stores;
  if (state === 'none') await pubsubNodes.subscribe(node, [], [subscription.jid]);
  else await pubsubNodes.subscribe(node, [{ ...subscription, state }]);
  tellSubscriber(service, node, subscription.jid, state);
  if (state === 'subscribed') await welcome(service, node, parseJid(subscription.jid));
}

/** §6.2. Throws StanzaError. */
export function unsubscribe(service: Service, who: Jid, request: Element): Promise<void> {
  return changing(service, request.attrs.node ?? '', async () => {
    const node = await nodeOf(service, request.attrs.node);
    const jid = subscriberOf(who, request);
    if (!node.subscriptions.has(jid.full)) throw refusal('unexpected-request', 'not-subscribed'); // §6.2.3.2
    await service.house.stores.pubsubNodes.subscribe(node, [], [jid.full]);
  });
}

/** §6.3: the options of one's own subscription, shown or set. Throws StanzaError. */
export function options(service: Service, who: Jid, request: Element, set: boolean): Promise<Element | undefined> {
  return changing(service, request.attrs.node ?? '', async () => {
    const node = await nodeOf(service, request.attrs.node);
    const jid = subscriberOf(who, request);
    const subscription = node.subscriptions.get(jid.full);
    if (subscription === undefined) throw refusal('unexpected-request', 'not-subscribed'); // §6.3.4.2
    if (!set) {
      const form = optionsForm(subscription.deliver);
      return el('pubsub', { xmlns: NS.pubsub }, el('options', { node: node.name, jid: jid.full }, form));
    }
    const deliver = readOptions(request, subscription.deliver);
    await service.house.stores.pubsubNodes.subscribe(node, [{ ...subscription, deliver }]);
    return undefined;
  });
}

/** §5.6: one's own subscriptions here, or to one node. */
export async function ownSubscriptions(service: Service, { bare }: Jid, node: string | undefined): Promise<Element> {
  const all = await service.house.stores.pubsubNodes.subscriptionsOf(service.key, bare);
  const asked = node === undefined ? all : all.filter((one) => one.node === node);
  const list = asked.map((one) => el('subscription', { node: one.node, jid: one.jid, subscription: one.state }));
  return el('pubsub', { xmlns: NS.pubsub }, el('subscriptions', { node }, ...list));
}

/** §8.8.1: an owner looks at all subscriptions of a node. Throws StanzaError. */
export async function listSubscriptions(service: Service, who: Jid, request: Element): Promise<Element> {
  const node = await nodeOf(service, request.attrs.node);
  mustOwn(service, node, who);
  const list = [...node.subscriptions.values()].map(({ jid, state }) =>
    el('subscription', { jid, subscription: state }),
  );
  return el('pubsub', { xmlns: NS.pubsubOwner }, el('subscriptions', { node: node.name }, ...list));
}

/**
 * §8.8.2: an owner grants or ends subscriptions. Only those that are there can be changed: nobody is subscribed to what they
 * did not ask for (SECURITY 48). All or nothing; throws StanzaError.
 */
export function manageSubscriptions(service: Service, who: Jid, request: Element): Promise<void> {
  return changing(service, request.attrs.node ?? '', async () => {
    const node = await nodeOf(service, request.attrs.node);
    mustOwn(service, node, who);
    const wanted = elements(request).filter(({ name }) => name === 'subscription');
    if (wanted.length > REQUEST_ENTRIES) throw new StanzaError('not-acceptable', 'These are too many at once.');
    const changes = wanted.map(({ attrs }) => {
      const subscription = node.subscriptions.get(tryParseJid(attrs.jid ?? '')?.full ?? '');
      const state: string | undefined = attrs.subscription ?? subscription?.state;
      if (subscription === undefined || (state !== 'none' && state !== 'pending' && state !== 'subscribed')) {
        throw new StanzaError('not-acceptable', 'Only who asked to be subscribed can be.');
      }
      return { subscription, state } as const;
    });
    // Each entry may be told with the last item: who stood there often would get megabytes for one small request.
    if (new Set(changes.map(({ subscription }) => subscription)).size < changes.length) {
      throw new StanzaError('bad-request', 'An address stands there twice.');
    }
    for (const { subscription, state } of changes) {
      if (state !== subscription.state) await settle(service, node, subscription, state);
    }
  });
}

/** §6.4: the options that a new subscription has. */
export function defaultOptions(): Element {
  return el('pubsub', { xmlns: NS.pubsub }, el('default', {}, optionsForm(true)));
}

/** The form of options that comes with a subscription (§6.3.7). */
export function optionsIn(pubsub: Element): Element | undefined {
  return child(pubsub, 'options');
}
