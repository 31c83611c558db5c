import type { Account } from '../storage/stores/accounts.ts';
import { child, textOf } from '../xmpp/element.ts';
import type { Jid } from '../xmpp/jid.ts';
import type { Stanza } from '../xmpp/stanza.ts';
import type { StreamErrorCondition } from '../xmpp/stream-error.ts';

/** One stanza on its way to a client, `text` as this client gets it. */
export interface Sent {
  readonly stanza: Stanza;
  readonly text: string;
  /** When it was sent, ms since 1970. */
  readonly at: number;
}

/** Where a session's stanzas go: a connection, or what keeps them until one comes back. */
export interface Outlet {
  /** `text` is the stanza as this session gets it. Never waits; what it cannot take it answers for itself. */
  deliver(stanza: Stanza, text: string): void;
  /** Ends the stream, and the session with it. */
  end(condition: StreamErrorCondition, text: string): void;
  /** The session outlives its connection for a while (XEP-0198 §5). */
  readonly resumable: boolean;
  /** Of what was sent, what nothing shows that the client has taken: characters, about. */
  readonly backlog?: number;
  /** Nothing shows that the client gets what it is sent now. */
  readonly away?: boolean;
}

/** How a client is connected, for people to read. */
export interface ClientInfo {
  readonly address: string;
  /** Our address, by which it has reached us; undefined when that is not known. */
  readonly ours?: string;
  /** As in `TLSv1.3`. */
  readonly tls: string;
  readonly cipher: string;
  /** SASL's. */
  readonly mechanism: string;
  readonly transport: 'starttls' | 'tls' | 'websocket' | 'bosh';
  /** Which of the account's devices it is, in our words (`Devices.idOf`); undefined when it did not say. */
  readonly device?: string;
}

export interface PresenceInfo {
  readonly show: string;
  readonly status: string;
  readonly priority: number;
}

/** One bound resource of one account: what others must know of it, and the way to it. */
export class Session {
  readonly jid: Jid;
  readonly account: Account;
  /** Milliseconds since 1970. */
  readonly connectedAt: number;
  client: ClientInfo;
  outlet: Outlet;
  /** The last available presence, as broadcast; undefined while the session is unavailable. */
  available: Stanza | undefined;
  /** XEP-0186: its presence is shown to those only to whom it is addressed. */
  invisible = false;
  /** It is invisible and takes what is for its account, as if it was available. */
  unseen = false;
  /** XEP-0186: its last available presence while it is unseen, shown to nobody: what its client can is read of it. */
  unshown: Stanza | undefined;
  /** RFC 6121 §4.7.2.3, -128 to 127. */
  priority = 0;
  /** How long its client is not listened to, in ms, after what it sent became much for others. */
  rest = 0;
  /** Asked for the roster, so wants its pushes (RFC 6121 §2.2). */
  interested = false;
  /** XEP-0280 §4. */
  carbons = false;

  constructor(jid: Jid, account: Account, client: ClientInfo, outlet: Outlet, connectedAt: number = Date.now()) {
    this.jid = jid;
    this.account = account;
    this.client = client;
    this.outlet = outlet;
    this.connectedAt = connectedAt;
  }

  /** Gets what is for its account. Who tells others that it is there looks at `available`, who gives it something at this. */
  get listens(): boolean {
    return this.available !== undefined || this.unseen;
  }

  /** What its client last said of itself, to all or to its server alone; undefined when it does not listen, or said nothing. */
  get lastPresence(): Stanza | undefined {
    return this.available ?? (this.unseen ? this.unshown : undefined);
  }

  get presence(): PresenceInfo | undefined {
    const element = this.available?.element;
    if (element === undefined) return undefined;
    return { show: textOf(child(element, 'show')), status: textOf(child(element, 'status')), priority: this.priority };
  }

  get resumable(): boolean {
    return this.outlet.resumable;
  }

  deliver(stanza: Stanza, text: string = stanza.text): void {
    this.outlet.deliver(stanza, text);
  }

  end(condition: StreamErrorCondition, text: string): void {
    this.outlet.end(condition, text);
  }
}
