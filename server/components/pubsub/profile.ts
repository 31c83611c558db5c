import type { Profile } from '../../pubsub/config.ts';
import { SERVICE_LIMITS } from '../../pubsub/limits.ts';

/** What nodes of the service are like when nobody says anything: there is no presence and no roster to go by. */
export const PROFILE: Profile = {
  defaults: {
    title: '',
    description: '',
    type: '',
    accessModel: 'open',
    rosterGroups: [],
    publishModel: 'publishers',
    persistItems: true,
    maxItems: 20,
    itemExpire: 'max',
    maxPayloadSize: SERVICE_LIMITS.payload,
    sendLast: 'on_sub',
    deliverNotifications: true,
    deliverPayloads: true,
    notifyConfig: false,
    notifyDelete: true,
    notifyRetract: true,
    notificationType: 'headline',
    itemReply: 'publisher',
  },
  accessModels: ['open', 'whitelist', 'authorize'],
  sendLast: ['never', 'on_sub'],
  limits: SERVICE_LIMITS,
};
