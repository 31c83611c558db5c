import { el } from '../xmpp/element.ts';
import type { Jid } from '../xmpp/jid.ts';
import { Stanza } from '../xmpp/stanza.ts';
import type { Host } from './host.ts';

/** A contact is shown all devices of an account that are there (RFC 6121 §3.1.5). */
export function showPresence(host: Host, self: Jid, contact: Jid): void {
  for (const session of host.sessions.of(self.bare))
    if (session.available !== undefined) host.send(session.available.for(contact));
}

/** To a contact they are all gone (RFC 6121 §3.2.2, §3.3.3). */
export function hidePresence(host: Host, self: Jid, contact: Jid): void {
  const element = el('presence', { type: 'unavailable' });
  for (const session of host.sessions.of(self.bare)) {
    if (session.available !== undefined) host.send(new Stanza(element, session.jid, contact));
  }
}
