import type { Xep } from '../host/module.ts';
import type { Element } from '../xmpp/element.ts';
import type { Connection } from './connection.ts';

/** One step of stream negotiation (RFC 6120 §4.3). */
export interface Feature {
  /** Number and version of what it implements, where it is an extension. */
  readonly xep?: Xep;
  readonly also?: readonly Xep[];
  /** What is said in <stream:features/>, '' when it is not on offer now. */
  offer(connection: Connection): string;
  /** Whether an element is for this feature. */
  takes(connection: Connection, element: Element): boolean;
  /** Handles it; throws StreamError on what is not allowed now. */
  handle(connection: Connection, element: Element): void | Promise<void>;
}
