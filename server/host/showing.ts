import { el } from '../xmpp/element.ts';
import type { Jid } from '../xmpp/jid.ts';
import { Stanza } from '../xmpp/stanza.ts';
import type { Host } from './host.ts';
import type { Session } from './session.ts';

/** A contact is shown all devices of an account that are there (RFC 6121 §3.1.5). */
export function showPresence(host: Host, self: Jid, contact: Jid): void {
  for (const session of host.sessions.of(self.bare))
    if (session.available !== undefined) host.send(session.available.for(contact));
}

/** To a contact they are all gone (RFC 6121 §3.2.2, §3.3.3). */
export function hidePresence(host: Host, self: Jid, contact: Jid): void {
  for (const session of host.sessions.of(self.bare))
    if (session.available !== undefined) host.send(goodbye(session).for(contact));
}

/** What those hear who do not see a device any more. */
export function goodbye({ jid }: Session): Stanza {
  return new Stanza(el('presence', { type: 'unavailable' }), jid, undefined);
}
