import type { Module } from '../host/module.ts';
import { type Element, removeChildren } from '../xmpp/element.ts';
import { tryParseJid } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';
import type { Stanza } from '../xmpp/stanza.ts';

/**
 * Unique and stable stanza ids (XEP-0359). Nobody but we may say which id a message has in an archive of ours: whatever
 * claims to be one is taken off, all of them (SECURITY 42). The ids themselves are put on by the archive (mam.ts).
 */
export const stanzaId: Module = {
  name: 'stanza-id',
  xep: [359, '0.7.0'],
  start: () => ({
    features: [NS.sid],
    accountFeatures: [NS.sid],
    outbound: { stamp: ({ stanza, session }) => strip(stanza, session.jid.bare) },
    inbound: { stamp: ({ stanza, bare }) => strip(stanza, bare) },
  }),
};

function strip(stanza: Stanza, by: string): void {
  if (stanza.kind !== 'message') return;
  removeChildren(
    stanza.element,
    ({ name, attrs }: Element) =>
      name === 'stanza-id' && attrs.xmlns === NS.sid && tryParseJid(attrs.by ?? '')?.bare === by,
  );
}
