import type { Duplex } from 'node:stream';
import type { RawData, WebSocket } from 'ws';
import { readDocument, toDocument } from '../stream/document.ts';
import { type ElementStream, type OpenHeader, UNSENT_LIMIT } from '../stream/element-stream.ts';
import { flushSoon } from '../stream/flush.ts';
import { ItemQueue } from '../stream/item-queue.ts';
import type { StanzaLimits } from '../stream/limits.ts';
import { StreamHeader, type StreamItem } from '../stream/parser.ts';
import { type Element, el, serialize } from '../xmpp/element.ts';
import { NS } from '../xmpp/ns.ts';
import { StreamError } from '../xmpp/stream-error.ts';

/** Bytes on the wire that one message may take beside its own: the heads of its frames, and what came with them. */
const FRAMES = 64 * 1024;
const NORMAL_CLOSURE = 1000;
/** How long a client has to answer our close, in ms. */
const CLOSE_GRACE = 5_000;

/** A stream of XMPP in the messages of a WebSocket (RFC 7395): each is one element, a document of its own. */
export class WebSocketStream implements ElementStream {
  readonly #socket: WebSocket;
  readonly #wire: Duplex;
  readonly items = new ItemQueue(() => {
    if (this.#socket.isPaused) this.#socket.resume();
  });
  #out: string[] = [];
  /** The client's <open/> has come. */
  #begun = false;
  #opened = false;
  #closing = false;
  /** Bytes that came since the last whole message. */
  #unfinished = 0;
  lastRead = Date.now();
  limits: StanzaLimits;

  /** `wire` is the connection that the WebSocket is on. */
  constructor(socket: WebSocket, wire: Duplex, limits: StanzaLimits) {
    this.#socket = socket;
    this.#wire = wire;
    this.limits = limits;
    socket.on('message', (data, binary) => this.#message(data, binary));
    socket.on('ping', (data) => this.#pinged(data));
    socket.on('pong', () => this.#alive());
    // What breaks the WebSocket's own rules has been answered by a close of the WebSocket, with a code that says why.
    socket.on('error', () => this.items.end());
    socket.on('close', () => this.items.end());
    wire.on('data', this.#counted);
  }

  get ended(): boolean {
    return this.#closing || this.items.ended;
  }

  get unsent(): number {
    return this.#socket.bufferedAmount;
  }

  get opened(): boolean {
    return this.#opened;
  }

  /** RFC 7395 §3.4. */
  open({ from, to, id, lang = 'en' }: OpenHeader): void {
    this.#opened = true;
    const address = to === undefined || to === '' ? undefined : to;
    this.send(serialize(el('open', { xmlns: NS.framing, version: '1.0', 'xml:lang': lang, id, from, to: address })));
  }

  send(xml: string): void {
    if (this.ended) return;
    if (this.#out.length === 0) flushSoon(this);
    this.#out.push(toDocument(xml));
  }

  flush(): void {
    if (this.items.ended) return;
    const out = this.#out;
    this.#out = [];
    this.#wire.cork();
    for (const text of out) this.#socket.send(text);
    this.#wire.uncork();
    if (this.#socket.bufferedAmount > UNSENT_LIMIT) this.destroy();
  }

  restart(): void {
    this.items.clear();
    this.#begun = false;
    this.#opened = false;
  }

  /** RFC 7395 §3.5, §3.6. */
  close(error?: StreamError, header?: OpenHeader): void {
    if (this.ended) return;
    if (!this.#opened && error !== undefined && header !== undefined) this.open(header);
    if (error !== undefined) this.send(error.toXml());
    if (this.#opened) this.send(`<close xmlns='${NS.framing}'/>`);
    this.flush();
    this.#closing = true;
    this.items.clear();
    this.#socket.close(NORMAL_CLOSURE);
    const timer = setTimeout(() => this.#socket.terminate(), CLOSE_GRACE);
    timer.unref();
    this.#socket.once('close', () => clearTimeout(timer));
    this.items.end();
    if (this.#socket.isPaused) this.#socket.resume(); // or its end is never seen
  }

  destroy(): void {
    this.#socket.terminate();
    this.items.end();
  }

  #message(data: RawData, binary: boolean): void {
    this.#alive();
    if (this.ended || this.items.failed) return;
    try {
      if (binary) throw new StreamError('bad-format', 'Messages are text.'); // RFC 7395 §3.2
      this.items.push(this.#item(readDocument(data as Buffer, this.limits)));
    } catch (error) {
      if (!(error instanceof StreamError)) throw error;
      this.items.fail(error);
    }
    if (this.items.full && !this.#socket.isPaused) this.#socket.pause();
  }

  #item(element: Element): StreamItem {
    if (element.attrs.xmlns === NS.framing) {
      if (element.name === 'close') return 'close';
      if (element.name !== 'open' || this.#begun) throw new StreamError('bad-format', 'No stream can begin here.');
      this.#begun = true;
      return new StreamHeader(element.attrs);
    }
    if (!this.#begun) throw new StreamError('bad-format', 'A stream begins with <open/>.');
    return element;
  }

  /** Answers, unless the client does not read the answers it gets. */
  #pinged(data: Buffer): void {
    this.#alive();
    if (this.#socket.bufferedAmount < UNSENT_LIMIT) this.#socket.pong(data);
    else this.destroy();
  }

  #alive(): void {
    this.lastRead = Date.now();
    this.#unfinished = 0;
  }

  /**
   * Stops a message before it is whole when it gets too large for what holds now (before the login that is little), or comes
   * in fragments so small that they cost more than they carry.
   */
  #counted = (chunk: Buffer): void => {
    this.#unfinished += chunk.length;
    if (this.#unfinished <= 2 * this.limits.bytes + FRAMES || this.ended || this.items.failed) return;
    this.items.fail(new StreamError('policy-violation', `A stanza may have ${this.limits.bytes} bytes.`));
  };
}
