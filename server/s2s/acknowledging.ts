// XEP-0198 1.6.3
import { randomBytes } from 'node:crypto';
import { NS } from '../xmpp/ns.ts';
import { StreamError } from '../xmpp/stream-error.ts';

/** Stanzas, and characters of them, that may wait for another server to say that it has them. */
const MOST = 5_000;
const MOST_CHARACTERS = 8 * 1024 * 1024;
/** After so many, or so many ms, the other side is asked. */
const ASK_AFTER = 50;
const ASK_AFTER_MS = 1_000;
/** A server that does not answer pings is asked no more, and believed to have what it was sent, after so many ms. */
const PATIENCE = 30_000;
const WRAP = 2 ** 32;

/** Something that was sent and may come back. */
export interface Sent {
  readonly at: number;
  readonly size: number;
  /** An answer that nobody waits for: no ping goes behind it, or the answers to pings would be followed by pings. */
  readonly trifle: boolean;
}

/**
 * What another server was sent on one stream and has not confirmed yet. Where there is stream management (XEP-0198 §4) it
 * counts; where there is none a ping goes behind what was sent (XEP-0199): streams are read in order, so who answers it has read
 * all before it.
 */
export class Acknowledging<Item extends Sent> {
  readonly #write: (xml: string) => void;
  /** Makes the ping, given its id. */
  readonly #ping: (id: string) => string;
  #items: Item[] = [];
  #characters = 0;
  /** How many the other side has acknowledged; undefined where it does not count. */
  #acked: number | undefined;
  /** How many stanzas of the other side's were handled; undefined where it does not want to know. */
  handled: number | undefined;
  #askedAt = 0;
  #barrier: { readonly id: string; readonly count: number } | undefined;
  #answers: boolean | undefined;
  /** All the time since they were asked something has waited for them to read it. */
  #unread = false;
  /** Tells what has arrived. */
  readonly #confirmed: (items: readonly Item[]) => void;

  constructor(options: {
    readonly write: (xml: string) => void;
    readonly ping: (id: string) => string;
    readonly confirmed: (items: readonly Item[]) => void;
  }) {
    this.#write = options.write;
    this.#ping = options.ping;
    this.#confirmed = options.confirmed;
  }

  get waiting(): number {
    return this.#items.length;
  }

  /** More would be too much: the other side does not keep up. */
  get full(): boolean {
    return this.#items.length >= MOST || this.#characters >= MOST_CHARACTERS;
  }

  /** It counts from now on (§3): what is sent next is the first. Where something was sent before, pings go on doing it. */
  count(): void {
    if (this.#items.length === 0) this.#acked = 0;
  }

  /** It does not count, though it said that it would: pings do it. */
  countNot(): void {
    this.#acked = undefined;
    this.#askedAt = 0;
  }

  get counts(): boolean {
    return this.#acked !== undefined;
  }

  sent(item: Item): void {
    if (this.#acked === undefined && item.trifle) return;
    this.#items.push(item);
    this.#characters += item.size;
    if (this.#items.length % ASK_AFTER === 0) this.ask(Date.now());
  }

  /** Asks what has arrived, unless that was asked already. */
  ask(now: number): void {
    if (this.#askedAt !== 0 || this.#items.length === 0) return;
    if (this.#acked !== undefined) this.#write(`<r xmlns='${NS.sm}'/>`);
    else {
      // Nobody else can guess it: who answers has read it on this stream.
      const id = `s2s-${randomBytes(12).toString('base64url')}`;
      this.#barrier = { id, count: this.#items.length };
      this.#write(this.#ping(id));
    }
    this.#askedAt = now;
    this.#unread = true;
  }

  /** Looks after it, from time to time; `unread`: not all that was written has left. True when the other side seems to be gone. */
  silent(now: number, unread: boolean): boolean {
    this.#unread &&= unread;
    const [oldest] = this.#items;
    if (oldest === undefined) return false;
    if (this.#askedAt === 0) {
      if (now - oldest.at >= ASK_AFTER_MS) this.ask(now);
      return false;
    }
    if (now - this.#askedAt < PATIENCE) return false;
    if (this.#acked !== undefined || this.#answers === true || this.#unread) return true;
    // It never answered a ping: nothing better can be known.
    this.#answers = false;
    this.#barrier = undefined;
    this.#askedAt = 0;
    this.#take(this.#items.length);
    return false;
  }

  /** The other side has that many (§4). Throws StreamError when it says more than were sent. */
  acknowledged(h: number): void {
    if (this.#acked === undefined) return;
    const n = (h - this.#acked + WRAP) % WRAP;
    if (n > this.#items.length) {
      const sent = (this.#acked + this.#items.length) % WRAP;
      const detail = `<handled-count-too-high xmlns='${NS.sm}' h='${h}' send-count='${sent}'/>`;
      throw new StreamError('undefined-condition', 'More was acknowledged than was sent.', detail);
    }
    this.#acked = h;
    this.#askedAt = 0;
    this.#take(n);
  }

  /** An answer to a ping: true if it was one of ours. */
  answered(id: string): boolean {
    const barrier = this.#barrier;
    if (barrier?.id !== id) return false;
    this.#barrier = undefined;
    this.#askedAt = 0;
    this.#answers = true;
    this.#take(barrier.count);
    return true;
  }

  /** The stream is gone: what may not have arrived, in order. */
  giveBack(): Item[] {
    const items = this.#items;
    this.#items = [];
    this.#characters = 0;
    return items;
  }

  #take(n: number): void {
    if (n === 0) return;
    const taken = this.#items.splice(0, n);
    for (const { size } of taken) this.#characters -= size;
    this.#confirmed(taken);
  }
}
