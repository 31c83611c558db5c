import type { Module } from '../host/module.ts';
import { listOption } from '../host/options.ts';
import { NS } from '../xmpp/ns.ts';

const addresses = listOption({
  key: 'outage.addresses',
  scope: 'domain',
  group: 'Outages',
  title: 'Where it says whether all is well',
  help: 'Web addresses of a file that apps read when they cannot log in. Best on another machine than this one.',
  longest: 500,
  most: 5,
  default: [],
  wrong: (urls) => (urls.every(isWebAddress) ? undefined : 'An address begins with https:// or http://.'),
});

/** §2.1: what can be read without logging in anywhere. */
function isWebAddress(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && (url.protocol === 'https:' || url.protocol === 'http:') && url.username === '';
}

/** Service outage status (XEP-0455): the domain says where apps can read what is the matter when it does not answer. */
export const outage: Module = {
  name: 'outage',
  xep: [455, '0.4.0'],
  options: [addresses],
  start: (host) => ({
    forms() {
      const urls = host.option(addresses);
      if (urls.length === 0) return [];
      return [{ formType: NS.outage, fields: new Map([['external-status-addresses', urls]]) }];
    },
  }),
};
