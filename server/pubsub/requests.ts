import { readForm } from '../xmpp/data-form.ts';
import { child, type Element, el, elements } from '../xmpp/element.ts';
import type { Jid } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';
import { listAffiliations, ownAffiliations, setAffiliations } from './affiliations.ts';
import type { Values } from './config.ts';
import { NODE_CONFIG, PUBLISH_OPTIONS } from './forms.ts';
import { configurationForm, configure, create, defaultForm, NO_VALUES, purge, remove } from './nodes.ts';
import { publish, retract } from './publish.ts';
import { items } from './read.ts';
import { refusal } from './refusal.ts';
import type { Service } from './service.ts';
import {
  defaultOptions,
  listSubscriptions,
  manageSubscriptions,
  options,
  optionsIn,
  ownSubscriptions,
  subscribe,
  unsubscribe,
} from './subscriptions.ts';

interface Asked {
  readonly service: Service;
  readonly who: Jid;
  /** The `<pubsub/>`. */
  readonly pubsub: Element;
  /** Its child that says what to do. */
  readonly action: Element;
}

type Handler = (asked: Asked) => Promise<Element | undefined | void> | Element;

/** The values of a form of this type beside or in the action. Throws `bad-request` for another's. */
function valuesIn(parent: Element | undefined, formType: string): Values {
  const form = parent && readForm(parent);
  if (form === undefined || form.type === 'cancel') return NO_VALUES;
  if (form.formType !== formType && form.formType !== '') throw new StanzaError('bad-request', 'This is another form.');
  return form.values;
}

/** XEP-0060 §5 to §7: what anybody may ask, as far as the node lets them. */
const USER: Readonly<Record<string, Handler>> = {
  'get items': ({ service, who, pubsub, action }) => items(service, who, pubsub, action),
  'get subscriptions': ({ service, who, action }) => ownSubscriptions(service, who, action.attrs.node),
  'get affiliations': ({ service, who, action }) => ownAffiliations(service, who, action.attrs.node),
  'get options': ({ service, who, action }) => options(service, who, action, false),
  'get default': () => defaultOptions(),
  'set create': async ({ service, who, pubsub, action }) => {
    const asked: string | undefined = action.attrs.node;
    const node = await create(service, asked, who, valuesIn(child(pubsub, 'configure'), NODE_CONFIG));
    // §8.1.1: who asked for a name knows it.
    return asked === node ? undefined : el('pubsub', { xmlns: NS.pubsub }, el('create', { node }));
  },
  'set publish': publishItem,
  'set retract': ({ service, who, action }) => {
    const [item, ...more] = elements(action).filter(({ name }) => name === 'item');
    if (item === undefined || more.length > 0) throw refusal('bad-request', 'item-required', 'One item, please.');
    const tell = action.attrs.notify === '1' || action.attrs.notify === 'true'; // §7.2.2.1
    return retract(service, action.attrs.node, item.attrs.id, who, tell);
  },
  'set subscribe': ({ service, who, pubsub, action }) => subscribe(service, who, action, optionsIn(pubsub)),
  'set unsubscribe': ({ service, who, action }) => unsubscribe(service, who, action),
  'set options': ({ service, who, action }) => options(service, who, action, true),
};

/** XEP-0060 §8: what owners may ask. */
const OWNER: Readonly<Record<string, Handler>> = {
  'get configure': async ({ service, who, action }) => {
    const { node, form } = await configurationForm(service, action.attrs.node, who);
    return el('pubsub', { xmlns: NS.pubsubOwner }, el('configure', { node: node.name }, form));
  },
  'get default': ({ service }) => el('pubsub', { xmlns: NS.pubsubOwner }, el('default', {}, defaultForm(service))),
  'get subscriptions': ({ service, who, action }) => listSubscriptions(service, who, action),
  'get affiliations': ({ service, who, action }) => listAffiliations(service, who, action),
  'set configure': async ({ service, who, action }) => {
    if (readForm(action)?.type === 'cancel') return; // §8.2.4: all stays as it is
    await configure(service, action.attrs.node, who, valuesIn(action, NODE_CONFIG));
  },
  'set delete': ({ service, who, action }) => remove(service, action.attrs.node, who),
  'set purge': ({ service, who, action }) => purge(service, action.attrs.node, who),
  'set subscriptions': ({ service, who, action }) => manageSubscriptions(service, who, action),
  'set affiliations': ({ service, who, action }) => setAffiliations(service, who, action),
};

async function publishItem({ service, who, pubsub, action }: Asked): Promise<Element> {
  const node: string = action.attrs.node ?? '';
  if (node === '') throw refusal('bad-request', 'nodeid-required', 'Which node?');
  const [item, ...more] = elements(action);
  // §7.1.1: one item; no list of them any more.
  if (item?.name !== 'item' || more.length > 0) throw refusal('bad-request', 'item-required', 'One item, please.');
  const [payload, ...rest] = elements(item);
  if (rest.length > 0 || (payload !== undefined && payload.attrs.xmlns === undefined)) {
    throw refusal('bad-request', 'invalid-payload', 'An item has one payload with a namespace of its own.'); // §7.1.3.5
  }
  const values = valuesIn(child(pubsub, 'publish-options'), PUBLISH_OPTIONS);
  const id = await publish(service, { node, id: item.attrs.id, payload, options: values, who });
  return el('pubsub', { xmlns: NS.pubsub }, el('publish', { node }, el('item', { id }))); // §7.1.2
}

/** Answers one request to a service: the payload of the result. Throws StanzaError. */
export async function answer(
  service: Service,
  type: 'get' | 'set',
  who: Jid,
  pubsub: Element,
): Promise<Element | undefined> {
  const handlers = pubsub.attrs.xmlns === NS.pubsubOwner ? OWNER : USER;
  // Options come beside what they are for; alone they are a request of their own.
  for (const action of elements(pubsub)) {
    const name = `${type} ${action.name}`;
    const first = Object.hasOwn(handlers, name) && (action.name !== 'options' || elements(pubsub).length === 1);
    if (!first || action.attrs.xmlns !== undefined) continue;
    return (await handlers[name]!({ service, who, pubsub, action })) ?? undefined;
  }
  throw new StanzaError('bad-request', 'This is nothing that can be asked of a node.');
}
