import type { Duplex } from 'node:stream';
import { escapeAttribute } from '../xmpp/element.ts';
import { NS } from '../xmpp/ns.ts';
import { StreamError } from '../xmpp/stream-error.ts';
import type { StanzaLimits } from './limits.ts';
import { StreamHeader, type StreamItem, StreamParser } from './parser.ts';

/** Items read ahead of the loop before the socket is paused, so that a fast sender waits instead of filling memory. */
const READ_AHEAD = 32;
/** Bytes that may wait for a peer which does not read. */
const UNSENT_LIMIT = 16 * 1024 * 1024;
/** How long a peer has to close its side after we closed ours, in ms. */
const CLOSE_GRACE = 5_000;

/** Streams with text to send: all are flushed together once the events at hand have been handled. */
let dirty: XmlStream[] = [];

function flushAll(): void {
  const streams = dirty;
  dirty = [];
  for (const stream of streams) stream.flush();
}

/** One side's header: what we say when the stream opens (RFC 6120 §4.7). */
export interface OpenHeader {
  readonly from: string;
  readonly to?: string;
  readonly id: string;
  readonly lang?: string;
}

/**
 * One XML stream over one Duplex (RFC 6120 §4): reads items in order, writes text in order. It knows nothing of hosts or
 * accounts. Iterating ends when the stream or its connection does, and throws StreamError when the peer breaks the rules.
 */
export class XmlStream implements AsyncIterableIterator<StreamItem> {
  readonly #contentNamespace: string;
  #duplex: Duplex;
  #parser: StreamParser;
  #limits: StanzaLimits;
  readonly #items: StreamItem[] = [];
  #waiting: { resolve(result: IteratorResult<StreamItem>): void; reject(error: Error): void } | undefined;
  #failure: StreamError | undefined;
  #ended = false;
  #paused = false;
  #out = '';
  #opened = false;
  #closing = false;
  /** When bytes last came, ms since 1970. */
  lastRead = Date.now();

  constructor(duplex: Duplex, contentNamespace: string, limits: StanzaLimits) {
    this.#contentNamespace = contentNamespace;
    this.#limits = limits;
    this.#duplex = duplex;
    this.#parser = this.#newParser();
    this.#attach();
  }

  get duplex(): Duplex {
    return this.#duplex;
  }

  /** Nothing can be sent any more. */
  get ended(): boolean {
    return this.#ended || this.#closing;
  }

  /** From the next stanza on. */
  set limits(limits: StanzaLimits) {
    this.#limits = limits;
    this.#parser.limits = limits;
  }

  next(): Promise<IteratorResult<StreamItem>> {
    const item = this.#items.shift();
    if (item !== undefined) {
      if (this.#paused && this.#items.length === 0) {
        this.#paused = false;
        this.#duplex.resume();
      }
      return Promise.resolve({ value: item, done: false });
    }
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#ended) return Promise.resolve({ value: undefined, done: true });
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Sends our header (§4.7). */
  open(header: OpenHeader): void {
    this.#opened = true;
    const to = header.to === undefined || header.to === '' ? '' : ` to='${escapeAttribute(header.to)}'`;
    this.send(
      `<?xml version='1.0'?><stream:stream xmlns='${this.#contentNamespace}' xmlns:stream='${NS.stream}' version='1.0' ` +
        `xml:lang='${escapeAttribute(header.lang ?? 'en')}' id='${header.id}' from='${escapeAttribute(header.from)}'${to}>`,
    );
  }

  get opened(): boolean {
    return this.#opened;
  }

  /** Sends XML, together with all else that is sent in the same turn of the event loop. */
  send(xml: string): void {
    if (this.ended) return;
    if (this.#out === '') {
      if (dirty.length === 0) setImmediate(flushAll);
      dirty.push(this);
    }
    this.#out += xml;
  }

  /** Writes at once what `send` collected. */
  flush(): void {
    if (this.#out === '' || this.#ended) return;
    const text = this.#out;
    this.#out = '';
    this.#duplex.write(text, 'utf8');
    if (this.#duplex.writableLength > UNSENT_LIMIT) this.destroy();
  }

  /** Begins anew on the same connection, after authentication (§4.3.3): what was read ahead is not of the new stream. */
  restart(): void {
    this.#items.length = 0;
    this.#opened = false;
    this.#parser = this.#newParser();
  }

  /** The same on another Duplex, which encrypts this one (§5.4.3.3). Nothing read before counts any more. */
  replaceDuplex(wrap: (duplex: Duplex) => Duplex): void {
    this.flush();
    this.#detach();
    this.restart();
    this.#duplex = wrap(this.#duplex);
    this.#attach();
  }

  /** Ends the stream politely (§4.4), with an error if one is given (§4.9.1.1: with a header before it, if none was sent). */
  close(error?: StreamError, header?: OpenHeader): void {
    if (this.ended) return;
    if (!this.#opened && error !== undefined && header !== undefined) this.open(header);
    if (error !== undefined) this.send(error.toXml());
    if (this.#opened) this.send('</stream:stream>');
    this.flush();
    this.#closing = true;
    this.#items.length = 0; // what was not handled yet must not be: its sender may be told so, and send it again
    const duplex = this.#duplex;
    duplex.end();
    this.#finish();
    duplex.resume(); // or its end is never seen
    const timer = setTimeout(() => duplex.destroy(), CLOSE_GRACE);
    timer.unref();
    duplex.once('close', () => clearTimeout(timer));
  }

  /** Drops the connection at once. */
  destroy(): void {
    this.#duplex.destroy();
    this.#finish();
  }

  #newParser(): StreamParser {
    const parser: StreamParser = new StreamParser(this.#contentNamespace, this.#limits, (item) => {
      // A parser that was replaced while it was in the middle of a chunk has nothing more to say.
      if (parser === this.#parser) this.#push(item);
    });
    return parser;
  }

  #attach(): void {
    const duplex = this.#duplex;
    duplex.on('data', this.#onData);
    duplex.on('error', this.#finish);
    duplex.on('end', this.#finish);
    duplex.on('close', this.#finish);
  }

  #detach(): void {
    const duplex = this.#duplex;
    duplex.off('data', this.#onData);
    duplex.off('error', this.#finish);
    duplex.off('end', this.#finish);
    duplex.off('close', this.#finish);
  }

  #onData = (chunk: Buffer): void => {
    if (this.ended || this.#failure !== undefined) return;
    this.lastRead = Date.now();
    try {
      this.#parser.write(chunk);
    } catch (error) {
      if (!(error instanceof StreamError)) throw error;
      this.#failure = error;
      this.#waiting?.reject(error);
      this.#waiting = undefined;
      return;
    }
    if (this.#items.length >= READ_AHEAD && !this.#paused) {
      this.#paused = true;
      this.#duplex.pause();
    }
  };

  #push(item: StreamItem): void {
    const waiting = this.#waiting;
    if (waiting === undefined) this.#items.push(item);
    else {
      this.#waiting = undefined;
      waiting.resolve({ value: item, done: false });
    }
  }

  #finish = (): void => {
    this.#ended = true;
    this.#waiting?.resolve({ value: undefined, done: true });
    this.#waiting = undefined;
  };
}

export { StreamHeader };
