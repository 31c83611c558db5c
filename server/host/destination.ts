import type { Stanza } from '../xmpp/stanza.ts';
import type { Ledger } from './ledger.ts';

/** Whatever answers for a domain: a host, a component, another server. */
export interface Destination {
  /** Takes a stanza over. Throws StanzaError when it refuses; a promise means that the store was waited for. */
  accept(stanza: Stanza, ledger: Ledger): void | Promise<void>;
}
