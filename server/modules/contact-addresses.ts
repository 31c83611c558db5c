import type { Module } from '../host/module.ts';

/** The fields of XEP-0157 §3 with addresses as URIs. */
export type ContactAddresses = Readonly<Record<string, readonly string[]>>;

/**
 * Contact addresses for XMPP services (XEP-0157): whom to write to when something is wrong. `of` is asked anew for every
 * answer, so that a change shows at once, in the answer and in the hash of capabilities alike.
 */
export function contactAddresses(of: (domain: string) => ContactAddresses): Module {
  return {
    name: 'contact-addresses',
    xep: [157, '1.1.1'],
    start: (host) => ({
      forms: () => {
        const fields = new Map(Object.entries(of(host.domain)).filter(([, addresses]) => addresses.length > 0));
        return fields.size === 0 ? [] : [{ formType: 'http://jabber.org/network/serverinfo', fields }];
      },
    }),
  };
}
