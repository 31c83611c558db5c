/** What one service may hold. Beyond it, requests are refused; nothing grows without end. */
export interface PubsubLimits {
  readonly nodes: number;
  /** Of these, what one person may make: who makes them all keeps everybody else from making any. */
  readonly nodesEach: number;
  /** What `max` means for a node's items. */
  readonly items: number;
  readonly affiliations: number;
  readonly subscriptions: number;
  /** Bytes of one payload as XML. */
  readonly payload: number;
  /** Bytes of all items together, of the nodes that one person made. */
  readonly bytes: number;
}

export const ACCOUNT_LIMITS: PubsubLimits = {
  nodes: 500,
  nodesEach: 500,
  items: 2_000,
  affiliations: 500,
  subscriptions: 1_000,
  payload: 200_000,
  bytes: 20_000_000,
};

export const SERVICE_LIMITS: PubsubLimits = {
  nodes: 10_000,
  nodesEach: 500,
  items: 5_000,
  affiliations: 2_000,
  subscriptions: 5_000,
  payload: 200_000,
  bytes: 20_000_000,
};

/** Of names of nodes and items, and of every text in a configuration, in characters. */
export const NAME_LENGTH = 1_023;
/** Items in one answer, and the bytes of their payloads together, about; the rest is for the next page (XEP-0059). */
export const PAGE_ITEMS = 500;
export const PAGE_BYTES = 1_000_000;
/** Items that can be asked for by id in one request, and entries of a request that changes lists. */
export const REQUEST_ENTRIES = 200;
/** The years that an item without an end of its own is kept. */
export const LONGEST_EXPIRY = 100 * 365 * 86_400;
/** Characters of the notifications of one publication, all together; when they are more, they come without payload. */
export const NOTIFICATIONS = 4_000_000;
/** Subscriptions of one person to one node, by the addresses of different devices. */
export const SUBSCRIPTIONS_EACH = 20;
/** Owners of one node: nobody is asked whether they want to be one, and all are written to when somebody wants to subscribe. */
export const OWNERS = 20;
/** Characters of the names of roster groups in one configuration. */
export const GROUPS_LENGTH = 10_000;
