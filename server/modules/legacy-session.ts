import type { Module } from '../host/module.ts';
import { NS } from '../xmpp/ns.ts';

/** Session establishment of RFC 3921 §3, which old clients still ask for after binding. There is nothing to establish. */
export const legacySession: Module = {
  name: 'legacy-session',
  rfc: [3921, '§3'],
  start: () => ({
    iq: [
      { type: 'set', scope: 'host', xmlns: NS.session, name: 'session', handle: () => undefined },
      { type: 'set', scope: 'own', xmlns: NS.session, name: 'session', handle: () => undefined },
    ],
  }),
};
