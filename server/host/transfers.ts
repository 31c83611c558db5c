/** A file under way through the file proxy (XEP-0065), or two ends that wait for each other there. */
export interface Transfer {
  readonly id: string;
  /** Waiting until both sides have come and the one who asked for it says: go. */
  readonly state: 'waiting' | 'active';
  /** Full addresses; undefined while it waits, as only the word to go tells who they are. The target may be somebody in a room. */
  readonly requester: string | undefined;
  readonly target: string | undefined;
  /** When it became what it is: connected when it waits, begun when it is active; ms since 1970. */
  readonly since: number;
  /** Bytes handed on from requester to target, and from target to requester. */
  readonly sent: number;
  readonly received: number;
  /** The IP addresses of those connected: one or two, the target's first. */
  readonly addresses: readonly string[];
}

/** What goes through the file proxy at this moment, for all hosts of the house. */
export interface TransferList {
  /** Those that are active, longest under way first, then those that wait. */
  list(): readonly Transfer[];
  /** Breaks one off: both of its connections are closed at once. False when there is none with this id. */
  end(id: string): boolean;
}
