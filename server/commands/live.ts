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

/** What has just happened, for those who look. The hall feeds it from the hosts' events; nobody is waited for. */
export class Live {
  readonly #lookers = new Set<(change: SessionChange) => void>();

  /** Tells all who look. Costs nothing while nobody does. */
  session(what: SessionChange['what'], jid: string, sessions: number): void {
    if (this.#lookers.size === 0) return;
    const change = { time: Date.now(), what, jid, sessions };
    for (const looker of this.#lookers) looker(change);
  }

  /** Calls `looker` for every change until the returned function is called. */
  onSession(looker: (change: SessionChange) => void): () => void {
    this.#lookers.add(looker);
    return () => this.#lookers.delete(looker);
  }
}
