import type { Duplex } from 'node:stream';
import { escapeAttribute } from '../xmpp/element.ts';
import { NS } from '../xmpp/ns.ts';
import { StreamError } from '../xmpp/stream-error.ts';
import { type ElementStream, type OpenHeader, UNSENT_LIMIT } from './element-stream.ts';
import { flushSoon } from './flush.ts';
import { ItemQueue } from './item-queue.ts';
import type { StanzaLimits } from './limits.ts';
import { StreamHeader, StreamParser } from './parser.ts';

/** How long a peer has to close its side after we closed ours, in ms. */
const CLOSE_GRACE = 5_000;

/**
 * One XML stream over one Duplex (RFC 6120 §4): reads items, writes text in order. It knows nothing of hosts or
 * accounts. Iterating ends when the stream or its connection does, and throws StreamError when the peer breaks the rules.
 */
export class XmlStream implements ElementStream {
  readonly #contentNamespace: string;
  #duplex: Duplex;
  #parser: StreamParser;
  #limits: StanzaLimits;
  readonly items = new ItemQueue(() => {
    if (!this.#paused) return;
    this.#paused = false;
    this.#duplex.resume();
  });
  #paused = false;
  #out = '';
  #opened = false;
  #closing = false;
  #saidGoodbye = false;
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
    return this.#closing || this.#saidGoodbye || this.items.ended;
  }

  /** Characters and bytes that wait for the peer to take them. */
  get unsent(): number {
    return this.#out.length + this.#duplex.writableLength;
  }

  get limits(): StanzaLimits {
    return this.#limits;
  }

  set limits(limits: StanzaLimits) {
    this.#limits = limits;
    this.#parser.limits = limits;
  }

  /** Sends our header (§4.7). */
  open(header: OpenHeader): void {
    this.#opened = true;
    const to = header.to === undefined || header.to === '' ? '' : ` to='${escapeAttribute(header.to)}'`;
    const version =
      header.versioned === false ? '' : ` version='1.0' xml:lang='${escapeAttribute(header.lang ?? 'en')}'`;
    // XEP-0220 §2.2: among servers the prefix is declared here, and some know the elements by it alone.
    const dialback = this.#contentNamespace === NS.server ? ` xmlns:db='${NS.dialback}'` : '';
    this.send(
      `<?xml version='1.0'?><stream:stream xmlns='${this.#contentNamespace}' xmlns:stream='${NS.stream}'${dialback}${version} ` +
        `id='${header.id}' from='${escapeAttribute(header.from)}'${to}>`,
    );
  }

  get opened(): boolean {
    return this.#opened;
  }

  /** Sends XML, together with all else that is sent in the same turn of the event loop. */
  send(xml: string): void {
    if (this.ended) return;
    if (this.#out === '') flushSoon(this);
    this.#out += xml;
  }

  /** Writes at once what `send` collected. */
  flush(): void {
    if (this.#out === '' || this.items.ended) return;
    const text = this.#out;
    this.#out = '';
    this.#duplex.write(text, 'utf8');
    if (this.#duplex.writableLength > UNSENT_LIMIT) this.destroy();
  }

  /** Begins anew on the same connection, after authentication (§4.3.3): what was read ahead is not of the new stream. */
  restart(): void {
    this.items.clear();
    this.#opened = false;
    this.#parser = this.#newParser();
  }

  /** The same on another Duplex, which encrypts this one (§5.4.3.3). Nothing read before counts any more. Gives the new one. */
  replaceDuplex(wrap: (duplex: Duplex) => Duplex): Duplex {
    this.flush();
    this.#detach();
    this.restart();
    this.#duplex = wrap(this.#duplex);
    this.#attach();
    return this.#duplex;
  }

  /** Says that the stream ends, and why; what the peer says until it has heard that is still read (§4.4), until `close`. */
  farewell(error: StreamError): void {
    if (!this.#opened || this.ended) return;
    this.send(error.toXml());
    this.send('</stream:stream>');
    this.flush();
    this.#saidGoodbye = true;
  }

  /** Ends the stream politely (§4.4), with an error if one is given (§4.9.1.1: with a header before it, if none was sent). */
  close(error?: StreamError, header?: OpenHeader): void {
    if (this.#closing || this.items.ended) return;
    if (!this.#saidGoodbye) {
      if (!this.#opened && error !== undefined && header !== undefined) this.open(header);
      if (error !== undefined) this.send(error.toXml());
      if (this.#opened) this.send('</stream:stream>');
    }
    this.flush();
    this.#closing = true;
    this.items.clear(); // what was not handled yet must not be: its sender may be told so, and send it again
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
      if (parser === this.#parser) this.items.push(item);
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
    if (this.#closing || this.items.ended || this.items.failed) return;
    this.lastRead = Date.now();
    try {
      this.#parser.write(chunk);
    } catch (error) {
      if (!(error instanceof StreamError)) throw error;
      this.items.fail(error);
      return;
    }
    if (this.items.full && !this.#paused) {
      this.#paused = true;
      this.#duplex.pause();
    }
  };

  #finish = (): void => this.items.end();
}

export { StreamHeader };
