import { bounce } from '../../host/bounce.ts';
import type { Destination } from '../../host/destination.ts';
import type { House } from '../../host/house.ts';
import type { Stanza } from '../../xmpp/stanza.ts';
import { StanzaError } from '../../xmpp/stanza-error.ts';

/** How long a component that went may take to come back before its senders are told, in ms: time for a restart. */
const GRACE = 30_000;
/** Stanzas, and characters of them, that wait for it meanwhile. */
const WAITING_LIMIT = 1_000;
const WAITING_CHARACTERS = 4 * 1024 * 1024;
/**
 * Characters that may wait for a component that is there and does not read: one message to a room is many to a bridge with many
 * people in it. Less than what a stream is cut for, be they three bytes each.
 */
const UNSENT_LIMIT = 5 * 1024 * 1024;

/** The connection of a component that has shown who it is. */
export interface Link {
  readonly address: string;
  /** When it was let in, and when it gave the last sign of life, ms since 1970. */
  readonly since: number;
  readonly lastRead: number;
  readonly unsent: number;
  /** Nothing can be sent any more, though `disconnected` may not have been told yet. */
  readonly ended: boolean;
  send(xml: string): void;
  end(condition: 'conflict' | 'host-gone' | 'system-shutdown', text: string): void;
}

/**
 * The domain of an external component (XEP-0114), there or not. What is sent to one that is away waits for a moment and is
 * refused after it; whatever it does not get, its sender is told exactly once.
 */
export class ExternalComponent implements Destination {
  readonly external = true;
  readonly domain: string;
  readonly secret: string;
  readonly #house: House;
  readonly #grace: number;
  #link: Link | undefined;
  #waiting: Stanza[] = [];
  #characters = 0;
  /** So much waits that something was refused. */
  #overflown = false;
  #timer: NodeJS.Timeout | undefined;

  /** `expected`: it was known when the server started, so it may be about to come back. */
  constructor(house: House, domain: string, secret: string, expected: boolean, grace = GRACE) {
    this.#house = house;
    this.domain = domain;
    this.secret = secret;
    this.#grace = grace;
    if (expected) this.#expect();
  }

  get link(): Link | undefined {
    return this.#link;
  }

  get listed(): boolean {
    return this.#link?.ended === false;
  }

  reaches(): boolean {
    return this.listed || this.#timer !== undefined;
  }

  accept(stanza: Stanza): void {
    if (this.#link?.ended === true) this.disconnected(this.#link);
    const link = this.#link;
    if (link !== undefined) {
      if (link.unsent > UNSENT_LIMIT) {
        // Who does not hear everything is not to be shown as if they did: rooms let its people go, once.
        if (!this.#overflown) this.#house.router.lost(this.domain);
        this.#overflown = true;
        throw tooMuch();
      }
      if (this.#overflown && link.unsent === 0) this.#overflown = false;
      link.send(stanza.text);
    } else if (this.#timer === undefined) {
      throw new StanzaError('service-unavailable', `${this.domain} is not connected.`, { type: 'wait' });
    } else {
      const size = stanza.text.length;
      if (this.#waiting.length >= WAITING_LIMIT || this.#characters + size > WAITING_CHARACTERS) throw tooMuch();
      this.#waiting.push(stanza);
      this.#characters += size;
    }
  }

  /** It is there, and gets what has waited for it. */
  connected(link: Link): void {
    this.#link = link;
    for (const stanza of this.#take()) link.send(stanza.text);
  }

  /** Its connection is gone. */
  disconnected(link: Link): void {
    if (this.#link !== link) return;
    this.#link = undefined;
    this.#expect();
  }

  /** It is no component of ours any more, or the server goes down. */
  close(condition: 'host-gone' | 'system-shutdown'): void {
    const link = this.#link;
    this.#link = undefined;
    this.#giveUp();
    link?.end(condition, condition === 'host-gone' ? 'There is no such component any more.' : 'The server goes down.');
  }

  #expect(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#giveUp(), this.#grace);
    this.#timer.unref();
  }

  /** Nobody waits for it any more. */
  #giveUp(): void {
    this.#bounce();
    this.#house.router.lost(this.domain);
  }

  /** Takes out what has waited, and lets nothing more wait. */
  #take(): Stanza[] {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const taken = this.#waiting;
    this.#waiting = [];
    this.#characters = 0;
    return taken;
  }

  /** Tells the senders of what has waited that it did not arrive (RFC 6120 §8.3.3.16). */
  #bounce(): void {
    for (const stanza of this.#take()) bounce(this.#house, stanza, new StanzaError('remote-server-timeout'));
  }
}

function tooMuch(): StanzaError {
  return new StanzaError('resource-constraint', 'Too much is waiting for this service.');
}
