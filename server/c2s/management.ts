// XEP-0198 1.6.3
import type { Sent } from '../host/session.ts';
import { NS } from '../xmpp/ns.ts';
import { StreamError } from '../xmpp/stream-error.ts';
import type { Unacknowledged } from './unacknowledged.ts';

/** Stanzas, and characters of them, that may wait for an acknowledgement. */
const UNACKED_LIMIT = 5_000;
const UNACKED_CHARACTERS = 16 * 1024 * 1024;
const WRAP = 2 ** 32; // §4: counters wrap

/** Where the counters stand. */
export interface Counted {
  /** How many stanzas the client has acknowledged. */
  readonly acked: number;
  /** How many of the client's have been handled. */
  readonly handled: number;
}

/** What stream management needs to know of one session, from <enable/> on. */
export class Management {
  /** By what the session is found when its client wants to take it up again; '' when it may not. */
  readonly key: string;
  /** Sent and not acknowledged, oldest first. */
  readonly unacked: Sent[] = [];
  /** When the client was asked for an acknowledgement and did not answer yet, ms since 1970; 0 when it was not. */
  askedAt = 0;
  /** What waits for all clients of the account, this one among them. */
  readonly #all: Unacknowledged;
  #characters = 0;
  #acked: number;
  #handled: number;

  constructor(key: string, all: Unacknowledged, { acked, handled }: Counted = { acked: 0, handled: 0 }) {
    this.key = key;
    this.#all = all;
    this.#acked = acked;
    this.#handled = handled;
  }

  /** Characters that wait. */
  get characters(): number {
    return this.#characters;
  }

  get acked(): number {
    return this.#acked;
  }

  get handled(): number {
    return this.#handled;
  }

  /** More waits than may. */
  get full(): boolean {
    return this.unacked.length > UNACKED_LIMIT || this.#characters > UNACKED_CHARACTERS;
  }

  countHandled(): void {
    this.#handled = (this.#handled + 1) % WRAP;
  }

  /** Something is sent, and waits from now on. */
  sent(sent: Sent): void {
    this.unacked.push(sent);
    this.#characters += sent.text.length;
    this.#all.size += sent.text.length;
  }

  /** Where too much waits for all clients of the account, one of them ends: it may be this one. */
  relieve(): void {
    this.#all.relieve();
  }

  /** The client has received that many (§4). Throws StreamError when it says more than were sent (§4, <handled-count-too-high/>). */
  acknowledge(h: number): void {
    this.askedAt = 0;
    const n = (h - this.#acked + WRAP) % WRAP;
    const { unacked } = this;
    if (n > unacked.length) {
      const sent = (this.#acked + unacked.length) % WRAP;
      const detail = `<handled-count-too-high xmlns='${NS.sm}' h='${h}' send-count='${sent}'/>`;
      throw new StreamError('undefined-condition', 'More was acknowledged than was sent.', detail);
    }
    let less = 0;
    for (let i = 0; i < n; i++) less += unacked[i]!.text.length;
    this.#characters -= less;
    this.#all.size -= less;
    unacked.splice(0, n);
    this.#acked = h;
  }

  /** The session is over: what waits for it goes another way. */
  over(): void {
    this.#all.size -= this.#characters;
  }
}
