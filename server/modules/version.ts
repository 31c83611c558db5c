import type { Module } from '../host/module.ts';
import { el } from '../xmpp/element.ts';
import { NS } from '../xmpp/ns.ts';

/** Software version (XEP-0092). The operating system is nobody's business. */
export const version: Module = {
  name: 'version',
  xep: [92, '1.1'],
  start: (host) => ({
    features: [NS.version],
    iq: [
      {
        type: 'get',
        scope: 'host',
        xmlns: NS.version,
        name: 'query',
        handle: () =>
          el('query', { xmlns: NS.version }, el('name', {}, 'Hallway'), el('version', {}, host.house.version)),
      },
    ],
  }),
};
