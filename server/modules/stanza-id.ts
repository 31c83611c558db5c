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
    // The recipient's, too: later stages of the sender's side may put the message into words that are then kept.
    outbound: { stamp: ({ stanza, session }) => strip(stanza, session.jid.bare, stanza.to?.bare) },
    inbound: { stamp: ({ stanza, bare }) => strip(stanza, bare) },
  }),
};

function strip({ kind, element }: Stanza, ...owners: (string | undefined)[]): void {
  if (kind !== 'message') return;
  removeChildren(
    element,
    ({ name, attrs }: Element) =>
      name === 'stanza-id' && attrs.xmlns === NS.sid && owners.includes(tryParseJid(attrs.by ?? '')?.bare ?? ''),
  );
}
