import type { NodeConfig, PubsubNode } from '../storage/stores/pubsub-nodes.ts';
import { dataForm, type Field } from '../xmpp/data-form.ts';
import { dateTime } from '../xmpp/delay.ts';
import type { Element } from '../xmpp/element.ts';
import { NS } from '../xmpp/ns.ts';
import type { Profile } from './config.ts';

export const NODE_CONFIG = `${NS.pubsub}#node_config`;
export const PUBLISH_OPTIONS = `${NS.pubsub}#publish-options`;
export const SUBSCRIBE_OPTIONS = `${NS.pubsub}#subscribe_options`;
export const SUBSCRIBE_AUTHORIZATION = `${NS.pubsub}#subscribe_authorization`;
export const META_DATA = `${NS.pubsub}#meta-data`;

const flag = (name: string, label: string, value: boolean): Field => ({
  name,
  type: 'boolean',
  label,
  values: [value ? '1' : '0'],
});

const text = (name: string, label: string, value: string | number): Field => ({
  name,
  type: 'text-single',
  label,
  values: [String(value)],
});

const list = (name: string, label: string, value: string, options: readonly string[]): Field => ({
  name,
  type: 'list-single',
  label,
  values: [value],
  options: options.map((option) => ({ value: option })),
});

/** The fields of XEP-0060 §16.4.4 that we know, filled in. */
function fields(profile: Profile, config: NodeConfig): Field[] {
  return [
    text('pubsub#title', 'A friendly name for the node', config.title),
    text('pubsub#description', 'A description of the node', config.description),
    text('pubsub#type', 'The namespace of the payloads', config.type),
    list('pubsub#access_model', 'Who may subscribe and read', config.accessModel, profile.accessModels),
    ...(profile.accessModels.includes('roster')
      ? [
          {
            name: 'pubsub#roster_groups_allowed',
            type: 'text-multi' as const,
            label: 'Groups of contacts that may read, if access goes by the roster',
            values: config.rosterGroups,
          },
        ]
      : []),
    list('pubsub#publish_model', 'Who may publish', config.publishModel, ['publishers', 'subscribers', 'open']),
    flag('pubsub#persist_items', 'Whether items are kept', config.persistItems),
    text('pubsub#max_items', 'How many items are kept, or max', config.maxItems),
    text('pubsub#item_expire', 'Seconds after which items are gone, or max', config.itemExpire),
    text('pubsub#max_payload_size', 'The size of the largest payload in bytes', config.maxPayloadSize),
    list('pubsub#send_last_published_item', 'When to send the last item', config.sendLast, profile.sendLast),
    flag('pubsub#deliver_notifications', 'Whether subscribers are notified', config.deliverNotifications),
    flag('pubsub#deliver_payloads', 'Whether notifications have the payload', config.deliverPayloads),
    flag('pubsub#notify_config', 'Whether subscribers hear of changes to the configuration', config.notifyConfig),
    flag('pubsub#notify_delete', 'Whether subscribers hear that the node is deleted', config.notifyDelete),
    flag('pubsub#notify_retract', 'Whether subscribers hear that items are removed', config.notifyRetract),
    list('pubsub#notification_type', 'The type of notifications', config.notificationType, ['headline', 'normal']),
    list('pubsub#itemreply', 'Whether items say who published them', config.itemReply, ['none', 'publisher']),
  ];
}

/** §8.2.1: the form that an owner fills in. */
export function configForm(profile: Profile, config: NodeConfig, type: 'form' | 'result' = 'form'): Element {
  return dataForm({ type, formType: NODE_CONFIG, fields: fields(profile, config) });
}

/** §5.4: what anybody who may see a node is told about it. Affiliations and numbers of subscribers are the owners'. */
export function metaDataFields(node: PubsubNode, owner: string | undefined): readonly (readonly [string, string[]])[] {
  const { config, affiliations } = node;
  const owners = [...affiliations].filter(([, affiliation]) => affiliation === 'owner').map(([jid]) => jid);
  return [
    ['pubsub#title', [config.title]],
    ['pubsub#description', [config.description]],
    ['pubsub#type', [config.type]],
    ['pubsub#creator', [node.creator]],
    ['pubsub#creation_date', [dateTime(node.createdAt)]],
    ['pubsub#access_model', [config.accessModel]],
    ['pubsub#publish_model', [config.publishModel]],
    ['pubsub#max_items', [String(config.maxItems)]],
    ['pubsub#owner', owner === undefined ? owners : [owner, ...owners]],
  ];
}

/** The options of a subscription (§6.3). */
export function optionsForm(deliver: boolean): Element {
  return dataForm({
    type: 'form',
    formType: SUBSCRIBE_OPTIONS,
    fields: [flag('pubsub#deliver', 'Whether you want to be notified', deliver)],
  });
}

/** §8.6: an owner is asked whether somebody may subscribe. */
export function authorizationForm(node: string, subscriber: string): Element {
  return dataForm({
    type: 'form',
    formType: SUBSCRIBE_AUTHORIZATION,
    title: 'Somebody asks to be subscribed',
    fields: [
      text('pubsub#node', 'The node', node),
      { name: 'pubsub#subscriber_jid', type: 'jid-single', label: 'Who asks', values: [subscriber] },
      flag('pubsub#allow', 'Allow it?', false),
    ],
  });
}
