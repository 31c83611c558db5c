import type { StreamError } from '../xmpp/stream-error.ts';
import type { StanzaLimits } from './limits.ts';
import type { StreamItem } from './parser.ts';

/** One side's header: what we say when the stream opens (RFC 6120 §4.7). */
export interface OpenHeader {
  readonly from: string;
  readonly to?: string;
  readonly id: string;
  readonly lang?: string;
  /** False for a stream that is older than XMPP 1.0 and has neither version nor language (XEP-0114 §3). */
  readonly versioned?: false;
}

/** Bytes that may wait for a peer which does not read. */
export const UNSENT_LIMIT = 16 * 1024 * 1024;

/**
 * What was read, in order. Iterating ends when the stream or what carries it does, and throws StreamError when the peer breaks
 * the rules. A peer that sends faster than the loop takes is made to wait.
 */
export interface Items extends AsyncIterableIterator<StreamItem> {
  /** Something was read that was not handled yet. */
  readonly pending: boolean;
}

/** A stream of XMPP, whatever carries it: reads items, writes elements in order. A peer that does not read is let go of. */
export interface ElementStream {
  readonly items: Items;
  /** Nothing can be sent any more. */
  readonly ended: boolean;
  /** Our header was sent. */
  readonly opened: boolean;
  /** Characters and bytes that wait for the peer to take them. */
  readonly unsent: number;
  /** When the peer gave the last sign of life, ms since 1970. */
  readonly lastRead: number;
  /** What holds from the next stanza on. */
  limits: StanzaLimits;
  /** Sends our header. */
  open(header: OpenHeader): void;
  /** Sends one element, serialised in canonical form, together with all else that is sent in the same turn of the event loop. */
  send(xml: string): void;
  /** Begins anew, after authentication (RFC 6120 §4.3.3): what was read ahead is not of the new stream. */
  restart(): void;
  /** Ends the stream politely (§4.4), with an error if one is given (§4.9.1.1: with a header before it, if none was sent). */
  close(error?: StreamError, header?: OpenHeader): void;
  /** Says that the stream ends, where that can be said before it does; what the peer says until it has heard that is still read. */
  farewell?(error: StreamError): void;
  /** Lets go of the peer at once. */
  destroy(): void;
}
