import type { RoomAdministration } from '../host/room-administration.ts';
import type { Account } from '../storage/stores/accounts.ts';
import type { Element } from '../xmpp/element.ts';
import type { Jid } from '../xmpp/jid.ts';

/** What commands need of a connected client; `host/session.ts` has it. */
export interface HouseSession {
  readonly jid: Jid;
  /** Milliseconds since 1970. */
  readonly connectedAt: number;
  readonly client: {
    readonly address: string;
    readonly tls: string;
    readonly cipher: string;
    readonly mechanism: string;
    readonly transport: string;
    readonly device?: string;
  };
  readonly presence: { readonly show: string; readonly status: string; readonly priority: number } | undefined;
  readonly resumable: boolean;
  end(condition: 'not-authorized' | 'policy-violation', text: string): void;
}

export interface HouseSessions {
  readonly count: number;
  /** How many accounts have a session. */
  readonly accounts: number;
  all(): Iterable<HouseSession>;
  of(bare: string): readonly HouseSession[];
}

/** What commands need of one served domain; `host/host.ts` has it. */
export interface HouseHost {
  readonly sessions: HouseSessions;
  /** Undefined when it has no service of rooms. */
  readonly rooms: RoomAdministration | undefined;
  /** Asks an account for something in the name of its owner. Throws StanzaError. */
  ask(account: Account, payload: Element): Promise<Element | undefined>;
  readonly events: {
    add(handlers: {
      bound: (event: { session: HouseSession }) => void;
      ended: (event: { session: HouseSession }) => void;
    }): void;
    emit(name: 'disabled' | 'removed', event: { account: Account }): void;
  };
}

/** What commands need of the served domains; `host/hosts.ts` has it. */
export interface House {
  get(domain: string): HouseHost | undefined;
  domains(): readonly string[];
  /** Whether something answers for a domain already: one that is served, or a service of one. */
  taken(domain: string): boolean;
  /** A service that a domain would have beside it, and for which somebody else's program answers already. */
  clash(domain: string): string | undefined;
  add(domain: string): HouseHost;
  remove(domain: string): Promise<void>;
}

/** Totals since the server started; `host/counters.ts` counts them. */
export interface HouseCounters {
  readonly messages: number;
  readonly presences: number;
  readonly iqs: number;
  readonly delivered: number;
  readonly bounced: number;
  readonly logins: number;
  readonly loginFailures: number;
}
