import type { AccessModel, NodeConfig } from '../storage/stores/pubsub-nodes.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';
import { GROUPS_LENGTH, LONGEST_EXPIRY, NAME_LENGTH, type PubsubLimits } from './limits.ts';

/** Which values a kind of service takes, and what nodes are like when nobody says anything. */
export interface Profile {
  readonly defaults: NodeConfig;
  readonly accessModels: readonly AccessModel[];
  readonly sendLast: readonly NodeConfig['sendLast'][];
  readonly limits: PubsubLimits;
}

export type Values = ReadonlyMap<string, readonly string[]>;

const PUBLISH_MODELS = ['open', 'publishers', 'subscribers'] as const;

/**
 * Fields for things that we do not do. A form that says so may pass; one that asks for them is refused, so that nobody
 * believes to have what is not there.
 */
const CONSTANT: Readonly<Record<string, readonly string[]>> = {
  'pubsub#node_type': ['leaf'],
  'pubsub#subscribe': ['1', 'true'],
  'pubsub#collection': [''],
  'pubsub#children': [''],
  'pubsub#tempsub': ['0', 'false'],
  'pubsub#notify_sub': ['0', 'false'],
  'pubsub#purge_offline': ['0', 'false'],
  'pubsub#presence_based_delivery': ['0', 'false'],
  'pubsub#publish_node_full': ['retract-oldest', 'discard-oldest'],
  'pubsub#body_xslt': [''],
  'pubsub#dataform_xslt': [''],
};

function refuse(name: string, value: string): never {
  const shown = value.length > 60 ? `${value.slice(0, 60)}…` : value;
  throw new StanzaError('not-acceptable', `${name} cannot be ${JSON.stringify(shown)}.`);
}

function flag(name: string, value: string): boolean {
  if (value === '1' || value === 'true') return true;
  if (value === '0' || value === 'false') return false;
  return refuse(name, value);
}

function text(name: string, value: string): string {
  return value.length <= NAME_LENGTH ? value : refuse(name, value);
}

function one<const T extends string>(list: readonly T[], name: string, value: string): T {
  return list.find((known) => known === value) ?? refuse(name, value);
}

/** `max` stands for whatever the server allows (XEP-0060 §16.4.4, feature config-node-max). */
function upTo(most: number, least: number, name: string, value: string): number | 'max' {
  if (value === 'max') return 'max';
  const number = Number(value);
  if (!/^\d{1,12}$/.test(value) || number < least || number > most) refuse(name, value);
  return number;
}

type Change = { -readonly [Key in keyof NodeConfig]?: NodeConfig[Key] };

/** What one field changes. Throws `not-acceptable`; undefined for a field that is not known at all. */
function change(profile: Profile, name: string, values: readonly string[]): Change | undefined {
  const value = values[0] ?? '';
  const { limits } = profile;
  switch (name) {
    case 'pubsub#title':
      return { title: text(name, value) };
    case 'pubsub#description':
      return { description: text(name, value) };
    case 'pubsub#type':
      return { type: text(name, value) };
    case 'pubsub#access_model':
      return { accessModel: one(profile.accessModels, name, value) };
    case 'pubsub#roster_groups_allowed':
      if (values.length > 100 || values.join('').length > GROUPS_LENGTH) refuse(name, '…');
      return { rosterGroups: values.map((group) => text(name, group)) };
    case 'pubsub#publish_model':
      return { publishModel: one(PUBLISH_MODELS, name, value) };
    case 'pubsub#persist_items':
      return { persistItems: flag(name, value) };
    case 'pubsub#max_items':
      return { maxItems: upTo(limits.items, 1, name, value) };
    case 'pubsub#item_expire':
      return { itemExpire: upTo(LONGEST_EXPIRY, 1, name, value) };
    case 'pubsub#max_payload_size': {
      const size = upTo(limits.payload, 1, name, value);
      return { maxPayloadSize: size === 'max' ? limits.payload : size };
    }
    case 'pubsub#send_last_published_item':
      return { sendLast: one(profile.sendLast, name, value) };
    case 'pubsub#deliver_notifications':
      return { deliverNotifications: flag(name, value) };
    case 'pubsub#deliver_payloads':
      return { deliverPayloads: flag(name, value) };
    case 'pubsub#notify_config':
      return { notifyConfig: flag(name, value) };
    case 'pubsub#notify_delete':
      return { notifyDelete: flag(name, value) };
    case 'pubsub#notify_retract':
      return { notifyRetract: flag(name, value) };
    case 'pubsub#notification_type':
      return { notificationType: one(['headline', 'normal'], name, value) };
    case 'pubsub#itemreply':
      return { itemReply: one(['none', 'publisher'], name, value) };
    default: {
      const allowed = Object.hasOwn(CONSTANT, name) ? CONSTANT[name] : undefined;
      if (allowed === undefined) return undefined;
      return values.length === 0 || allowed.includes(value) ? {} : refuse(name, value);
    }
  }
}

/** The changes that a form asks for. Throws `not-acceptable` for what is unknown or not to be had here (§8.2.5.2). */
export function readChanges(profile: Profile, values: Values): Change {
  const all: Change = {};
  for (const [name, given] of values) {
    if (name === 'FORM_TYPE' || !name.startsWith('pubsub#')) continue;
    const part = change(profile, name, given);
    if (part === undefined) throw new StanzaError('not-acceptable', `There is no ${name.slice(0, 60)} here.`);
    Object.assign(all, part);
  }
  return all;
}

/** Whether a node is already as the changes want it (§7.1.5: each is a precondition). */
export function holds(profile: Profile, config: NodeConfig, wanted: Change): boolean {
  return (Object.keys(wanted) as (keyof NodeConfig)[]).every((key) => {
    const [is, wish] = [config[key], wanted[key]];
    if (key === 'maxItems') return itemLimit(profile, config) === itemLimit(profile, { ...config, ...wanted });
    return JSON.stringify(is) === JSON.stringify(wish);
  });
}

/** How many items a node keeps; one that keeps none still has its last (§12.8). */
export function itemLimit({ limits }: Profile, { persistItems, maxItems }: NodeConfig): number {
  if (!persistItems) return 1;
  return maxItems === 'max' ? limits.items : Math.min(maxItems, limits.items);
}

/** The moment before which published items are gone, in ms since 1970; 0 when they stay. */
export function expiry({ itemExpire }: NodeConfig): number {
  return itemExpire === 'max' ? 0 : Date.now() - itemExpire * 1_000;
}
