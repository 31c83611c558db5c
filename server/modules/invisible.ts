import type { Host } from '../host/host.ts';
import type { IqRequest } from '../host/iq.ts';
import type { Module } from '../host/module.ts';
import type { Session } from '../host/session.ts';
import { el } from '../xmpp/element.ts';
import { NS } from '../xmpp/ns.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';

/**
 * Invisibility (XEP-0186): a session that takes part without being shown. The rest of the house need not know: nothing
 * tells others of a session that is not `available`, and whoever gives something to an account asks who `listens`.
 */
export const invisible: Module = {
  name: 'invisible',
  xep: [186, '0.14.0'],
  start: (host) => ({
    features: [NS.invisible],
    iq: [
      { type: 'set', scope: 'own', xmlns: NS.invisible, name: 'invisible', handle: (request) => vanish(host, request) },
      { type: 'set', scope: 'own', xmlns: NS.invisible, name: 'visible', handle: appear },
    ],
  }),
};

const BOOLEANS: Readonly<Record<string, boolean>> = { true: true, 1: true, false: false, 0: false };

function sessionOf({ session }: IqRequest): Session {
  if (session === undefined) throw new StanzaError('service-unavailable');
  return session;
}

/** §3.1. Said twice, it only asks for probes again. */
async function vanish(host: Host, request: IqRequest): Promise<undefined> {
  const session = sessionOf(request);
  const probe = BOOLEANS[request.payload.attrs.probe ?? 'false'];
  if (probe === undefined) throw new StanzaError('bad-request', 'The attribute “probe” is true or false.');
  const { listens, priority } = session;
  if (!session.invisible) {
    // What it said of its client still holds.
    session.unshown = session.available;
    // To all who would hear it if the client itself said goodbye.
    await host.receive(session, el('presence', { type: 'unavailable' }));
    session.invisible = true;
    session.priority = priority;
  }
  session.unseen = true;
  host.events.emit('unseen', { session, probe });
  // Also if it listened before: what came while it said goodbye is waiting.
  host.events.emit('listening', { session, initial: !listens });
}

/** §3.2: as before initial presence; those to whom it wrote meanwhile still hear when it goes. */
function appear(request: IqRequest): undefined {
  const session = sessionOf(request);
  if (!session.invisible) return;
  session.invisible = false;
  session.unseen = false;
  session.unshown = undefined;
  session.priority = 0;
}
