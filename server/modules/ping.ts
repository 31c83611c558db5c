import type { Module } from '../host/module.ts';
import { NS } from '../xmpp/ns.ts';

/** XMPP ping (XEP-0199): for the server, and for one's own account. */
export const ping: Module = {
  name: 'ping',
  xep: [199, '2.0.1'],
  start: () => ({
    features: [NS.ping],
    accountFeatures: [NS.ping],
    iq: [
      { type: 'get', scope: 'host', xmlns: NS.ping, name: 'ping', handle: () => undefined },
      { type: 'get', scope: 'own', xmlns: NS.ping, name: 'ping', handle: () => undefined },
    ],
  }),
};
