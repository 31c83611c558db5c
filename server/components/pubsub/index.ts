import type { Component } from '../../host/component.ts';
import type { Host } from '../../host/host.ts';
import type { IqRequest } from '../../host/iq.ts';
import { switchOption } from '../../host/options.ts';
import { nodeInfo, nodeItems, visiblePage } from '../../pubsub/disco.ts';
import { SERVICE_FEATURES } from '../../pubsub/features.ts';
import { SUBSCRIBE_AUTHORIZATION } from '../../pubsub/forms.ts';
import { answer } from '../../pubsub/requests.ts';
import { type Service as Nodes, newLocks } from '../../pubsub/service.ts';
import { authorize } from '../../pubsub/subscriptions.ts';
import { readForm } from '../../xmpp/data-form.ts';
import { type Jid, makeJid } from '../../xmpp/jid.ts';
import { NS } from '../../xmpp/ns.ts';
import type { Stanza } from '../../xmpp/stanza.ts';
import { StanzaError } from '../../xmpp/stanza-error.ts';
import { Service } from '../service.ts';
import { PROFILE } from './profile.ts';

export const pubsubOn = switchOption({
  key: 'pubsub.on',
  scope: 'domain',
  group: 'Publish-subscribe',
  title: 'Shared channels of data',
  help: 'Programs and clients can publish at pubsub.DOMAIN and be notified of what others publish there. What accounts publish of themselves works without it.',
  default: true,
});

export const pubsubCreate = switchOption({
  key: 'pubsub.create',
  scope: 'domain',
  group: 'Publish-subscribe',
  title: 'Everybody may open a channel',
  help: 'Switched off, the channels that are there go on, and nobody can make new ones.',
  default: true,
});

/** Publish-subscribe (XEP-0060) as a service of its own, for everybody in the house and whoever else is let in. */
export const pubsub: Component = {
  name: 'pubsub',
  prefix: 'pubsub',
  xep: [60, '1.30.0'],
  options: [pubsubOn, pubsubCreate],
  start(host, domain) {
    const nodes = nodesOf(host, domain);
    const handle = ({ stanza, payload }: IqRequest) =>
      answer(nodes, stanza.type === 'get' ? 'get' : 'set', stanza.from, payload);
    return new Service(host, {
      title: 'Publish-subscribe',
      speaksForMany: true, // what is published comes from the service
      identities: [{ category: 'pubsub', type: 'service', name: 'Publish-subscribe' }],
      features: SERVICE_FEATURES,
      iq: (['get', 'set'] as const).flatMap((type) =>
        [NS.pubsub, NS.pubsubOwner].map((xmlns) => ({ type, xmlns, name: 'pubsub', handle })),
      ),
      info: (node, { stanza }) => nodeInfo(nodes, stanza.from, node),
      items: (node, { stanza, payload }) =>
        node === '' ? visiblePage(nodes, stanza.from, payload) : nodeItems(nodes, stanza.from, node),
      message: (stanza) => approval(nodes, stanza),
      listed: () => host.option(pubsubOn),
    });
  },
};

function nodesOf(host: Host, domain: string): Nodes {
  return {
    key: domain,
    jid: makeJid('', domain),
    account: undefined,
    house: host.house,
    profile: PROFILE,
    locks: newLocks(),
    send: (stanza) => host.send(stanza),
    spent: (who, characters) => host.fanOut.spent(who, characters),
    relation: () => undefined,
    audience: () => [],
    mayCreate(who: Jid) {
      if (who.local === '' || who.domain !== host.domain || !host.option(pubsubCreate)) {
        throw new StanzaError('forbidden', 'You may not make nodes here.'); // XEP-0060 §8.1.2
      }
    },
  };
}

/** XEP-0060 §8.6: an owner says whether somebody may subscribe. Nothing else can be said to the service. */
async function approval(nodes: Nodes, stanza: Stanza): Promise<void> {
  const form = readForm(stanza.element);
  if (form?.formType === SUBSCRIBE_AUTHORIZATION) {
    if (form.type === 'submit') await authorize(nodes, stanza.from, form.values);
    return;
  }
  if (stanza.mayBeAnswered && stanza.type !== 'headline') throw new StanzaError('service-unavailable');
}
