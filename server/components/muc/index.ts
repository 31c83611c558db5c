import type { Component } from '../../host/component.ts';
import { switchOption } from '../../host/options.ts';
import { NS } from '../../xmpp/ns.ts';
import { StanzaError } from '../../xmpp/stanza-error.ts';
import { Service } from '../service.ts';
import { FEATURES } from './features.ts';
import { Rooms } from './rooms.ts';
import { RoomService } from './service.ts';

export const roomsOn = switchOption({
  key: 'rooms.on',
  scope: 'domain',
  group: 'Rooms',
  title: 'Rooms for many',
  help: 'People can talk in rooms at conference.DOMAIN. Switched off, the rooms stay as they are, and nobody gets in.',
  default: true,
});

/** Multi-user chat (XEP-0045). */
export const muc: Component = {
  name: 'muc',
  prefix: 'conference',
  xep: [45, '1.35.3'],
  also: FEATURES.flatMap(({ xep, also = [] }) => [xep, ...also]).filter(([number]) => number !== 45),
  options: [roomsOn, ...FEATURES.flatMap(({ options = [] }) => options)],
  start(host, domain) {
    const rooms = new Rooms(host, domain, FEATURES);
    const front = new Service(host, {
      title: 'Rooms',
      identities: [{ category: 'conference', type: 'text', name: 'Rooms' }],
      features: [NS.muc, ...rooms.wirings.flatMap(({ serviceFeatures = [] }) => serviceFeatures)],
      iq: rooms.wirings.flatMap(({ serviceIq = [] }) => serviceIq),
      items: async (node, request) => {
        if (node !== '') throw new StanzaError('item-not-found', 'There is no such node.');
        return (await Promise.all(rooms.wirings.map(({ serviceItems }) => serviceItems?.(request) ?? []))).flat();
      },
      listed: () => host.option(roomsOn),
    });
    return new RoomService(rooms, front);
  },
};
