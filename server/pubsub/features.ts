import { NS } from '../xmpp/ns.ts';

const COMMON = [
  'config-node',
  'config-node-max',
  'create-and-configure',
  'create-nodes',
  'delete-items',
  'delete-nodes',
  'auto-create',
  'instant-nodes',
  'item-ids',
  'last-published',
  'manage-subscriptions',
  'member-affiliation',
  'meta-data',
  'modify-affiliations',
  'multi-items',
  'outcast-affiliation',
  'persistent-items',
  'publish',
  'publish-only-affiliation',
  'publish-options',
  'publisher-affiliation',
  'purge-nodes',
  'retract-items',
  'retrieve-affiliations',
  'retrieve-default',
  'retrieve-default-sub',
  'retrieve-items',
  'retrieve-subscriptions',
  'rsm',
  'subscribe',
  'subscription-notifications',
  'subscription-options',
];

const named = (names: readonly string[]): readonly string[] => [
  NS.pubsub,
  ...names.map((name) => `${NS.pubsub}#${name}`),
];

/** XEP-0060 §10: what a service with a domain of its own does. `access-…` names the default (§4.5). */
export const SERVICE_FEATURES = named([...COMMON, 'access-open']);

/** XEP-0163 §6.1: what every account does. */
export const ACCOUNT_FEATURES = named([
  ...COMMON,
  'access-presence',
  'auto-subscribe',
  'filtered-notifications',
  'presence-subscribe',
  'pubsub-on-a-jid',
]);
