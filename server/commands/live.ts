import type { HouseHost, HouseSession } from './house.ts';

/** Somebody's client came or went. */
export interface SessionChange {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly what: 'online' | 'offline';
  /** The full address. */
  readonly jid: string;
  /** How many sessions this person has now. */
  readonly sessions: number;
}

/** What has just happened, for those who look. Nobody is waited for. */
export class Live {
  readonly #lookers = new Set<(change: SessionChange) => void>();

  /** Listens to a host from now on, for as long as it is served. */
  watch(host: HouseHost): void {
    host.events.add({
      bound: ({ session }) => this.#tell('online', host, session),
      ended: ({ session }) => this.#tell('offline', host, session),
    });
  }

  /** Calls `looker` for every change until the returned function is called. */
  onSession(looker: (change: SessionChange) => void): () => void {
    this.#lookers.add(looker);
    return () => this.#lookers.delete(looker);
  }

  /** Costs nothing while nobody looks. */
  #tell(what: SessionChange['what'], host: HouseHost, { jid }: HouseSession): void {
    if (this.#lookers.size === 0) return;
    const change = { time: Date.now(), what, jid: jid.full, sessions: host.sessions.of(jid.bare).length };
    for (const looker of this.#lookers) looker(change);
  }
}
