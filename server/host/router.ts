import type { Stanza } from '../xmpp/stanza.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';
import type { Destination } from './destination.ts';
import { Ledger } from './ledger.ts';

/** Finds who answers for a stanza's domain (RFC 6120 §10). */
export class Router {
  readonly #destinations = new Map<string, Destination>();
  /** Takes what is for no domain of ours: other servers, when there is federation. */
  fallback: Destination | undefined;

  /** Throws when the domain is taken. */
  add(domain: string, destination: Destination): void {
    if (this.#destinations.has(domain)) throw new Error(`two destinations for ${domain}`);
    this.#destinations.set(domain, destination);
  }

  remove(domain: string): void {
    this.#destinations.delete(domain);
  }

  has(domain: string): boolean {
    return this.#destinations.has(domain);
  }

  /** Who answers for a domain, if it is one of ours or one that is connected to us. */
  find(domain: string): Destination | undefined {
    return this.#destinations.get(domain);
  }

  /** The services to be found below a domain, in the order of the alphabet. */
  servicesOf(domain: string): { readonly jid: string; readonly title: string | undefined }[] {
    const services = [];
    for (const [jid, { listed, title }] of this.#destinations) {
      if (listed === true && jid.endsWith(`.${domain}`)) services.push({ jid, title });
    }
    return services.sort((one, other) => (one.jid < other.jid ? -1 : 1));
  }

  /** Tells all who answer for domains that one cannot be reached any more. */
  lost(domain: string): void {
    for (const destination of this.#destinations.values()) destination.lost?.(domain);
  }

  /** Hands a stanza to its domain. Throws StanzaError; `stanza.to` must be there. */
  route(stanza: Stanza, ledger: Ledger = new Ledger()): void | Promise<void> {
    const domain = stanza.to!.domain;
    const destination = this.#destinations.get(domain) ?? this.fallback;
    if (destination === undefined) {
      throw new StanzaError(
        'remote-server-not-found',
        `Nobody answers for ${domain}: this server is not connected to others.`,
      );
    }
    return destination.accept(stanza, ledger);
  }
}
