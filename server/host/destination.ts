import type { Jid } from '../xmpp/jid.ts';
import type { Stanza } from '../xmpp/stanza.ts';
import type { Ledger } from './ledger.ts';
import type { Sessions } from './sessions.ts';

/** Whatever answers for a domain: a host, a component, another server. */
export interface Destination {
  /** It is somebody else's program, and no part of this house (XEP-0114). */
  readonly external?: true;
  /** There is something to be found there now: the parent domain lists it (XEP-0030 §4.1). */
  readonly listed?: boolean;
  /** Who is there, where that is known. */
  readonly sessions?: Sessions;
  /** It passes on what people of this house say, and does not know who of them said it. */
  readonly speaksForMany?: boolean;
  /** What people call it. */
  readonly title?: string;
  /** Whether a device is there, or about to come back; absent where nobody knows. */
  reaches?(device: Jid): boolean;
  /** Nobody of another domain can be reached any more, and nobody there will say goodbye. */
  lost?(domain: string): void;
  /** The bare address of the person of this house who is behind an address here, as of an occupant of a room; if there is one. */
  behind?(jid: Jid): string | undefined;
  /** Takes a stanza over. Throws StanzaError when it refuses; a promise means that the store was waited for. */
  accept(stanza: Stanza, ledger: Ledger): void | Promise<void>;
}
