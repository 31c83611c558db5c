import { randomBytes } from 'node:crypto';
import { type Element, el } from '../xmpp/element.ts';
import type { Jid } from '../xmpp/jid.ts';
import { Stanza } from '../xmpp/stanza.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';

/** Requests without an answer that one host may have open. */
const LIMIT = 10_000;

interface Open {
  readonly to: string;
  readonly timer: NodeJS.Timeout;
  resolve(answer: Stanza): void;
  reject(error: StanzaError): void;
}

/** What a host itself has asked others, and waits to be answered. */
export class Requests {
  readonly #open = new Map<string, Open>();
  readonly #from: Jid;
  readonly #route: (stanza: Stanza) => void | Promise<void>;

  constructor(from: Jid, route: (stanza: Stanza) => void | Promise<void>) {
    this.#from = from;
    this.#route = route;
  }

  /**
   * Asks. Resolves with the answer, a result or an error of the one that was asked; rejects with a StanzaError when it could
   * not be asked or has not answered within `ms`.
   */
  ask(type: 'get' | 'set', to: Jid, payload: Element, ms: number): Promise<Stanza> {
    if (this.#open.size >= LIMIT) return Promise.reject(new StanzaError('resource-constraint'));
    // Nobody else can guess it, so nobody else can answer, whatever address they have.
    const id = randomBytes(16).toString('base64url');
    return new Promise<Stanza>((resolve, reject) => {
      const timer = setTimeout(() => this.#fail(id, new StanzaError('remote-server-timeout')), ms);
      timer.unref();
      this.#open.set(id, { to: to.full, timer, resolve, reject });
      const failed = (error: unknown): void =>
        this.#fail(id, error instanceof StanzaError ? error : new StanzaError('internal-server-error'));
      try {
        const routed = this.#route(new Stanza(el('iq', { type, id }, payload), this.#from, to));
        if (routed instanceof Promise) routed.catch(failed);
      } catch (error) {
        failed(error);
      }
    });
  }

  /** A result or an error came for the host: true when it was waited for. */
  answered(stanza: Stanza): boolean {
    const open = this.#open.get(stanza.id);
    if (open === undefined || open.to !== stanza.from.full) return false;
    this.#open.delete(stanza.id);
    clearTimeout(open.timer);
    open.resolve(stanza);
    return true;
  }

  /** Nobody waits any more. */
  close(): void {
    for (const id of [...this.#open.keys()]) this.#fail(id, new StanzaError('recipient-unavailable'));
  }

  #fail(id: string, error: StanzaError): void {
    const open = this.#open.get(id);
    if (open === undefined) return;
    this.#open.delete(id);
    clearTimeout(open.timer);
    open.reject(error);
  }
}
