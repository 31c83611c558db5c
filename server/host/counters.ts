/** What the house has handled since it started. Plain numbers, so that counting costs nothing. */
export interface Counters {
  messages: number;
  presences: number;
  iqs: number;
  /** Stanzas handed to a session of ours. */
  delivered: number;
  /** Stanzas answered with an error. */
  bounced: number;
  logins: number;
  loginFailures: number;
}

export function newCounters(): Counters {
  return { messages: 0, presences: 0, iqs: 0, delivered: 0, bounced: 0, logins: 0, loginFailures: 0 };
}
