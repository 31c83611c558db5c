import type { Account } from '../storage/stores/accounts.ts';
import { type Element, elements } from '../xmpp/element.ts';
import type { Stanza } from '../xmpp/stanza.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';
import type { Session } from './session.ts';

/**
 * Who answers for whom: `host` for the domain itself; `own` for an account, asked by its own sessions only; `account` for
 * an account, whoever asks (the handler decides what they may know).
 */
export type IqScope = 'host' | 'own' | 'account';

/** A request that is ours to answer. */
export interface IqRequest {
  readonly stanza: Stanza;
  readonly payload: Element;
  /** The session that asks, when it is one of this host. */
  readonly session: Session | undefined;
  /** The account that is asked, in the scopes `own` and `account`. */
  readonly account: Account | undefined;
}

type Soon<T> = T | Promise<T>;

/** Gives the payload of the result, undefined for an empty one; or throws a StanzaError. */
export type IqHandler = (request: IqRequest) => Soon<Element | undefined>;

export interface IqRoute {
  readonly type: 'get' | 'set';
  readonly scope: IqScope;
  readonly xmlns: string;
  readonly name: string;
  readonly handle: IqHandler;
}

/** Who answers which request: exactly one owner each. */
export class IqTable {
  readonly #handlers = new Map<string, IqHandler>();

  /** Throws when there is an owner already: two modules disagree, and the house must not start. */
  add(route: IqRoute): void {
    const scopes: IqScope[] = route.scope === 'account' ? ['own', 'account'] : [route.scope];
    for (const scope of scopes) {
      const key = `${scope} ${route.type} ${route.name} ${route.xmlns}`;
      if (this.#handlers.has(key)) throw new Error(`two owners of ${key}`);
      this.#handlers.set(key, route.handle);
    }
  }

  /** The answer. Throws `service-unavailable` when nobody owns the request (RFC 6120 §8.4). */
  answer(scope: IqScope, request: IqRequest): Soon<Element | undefined> {
    const { payload, stanza } = request;
    const handler = this.#handlers.get(`${scope} ${stanza.type} ${payload.name} ${payload.attrs.xmlns ?? ''}`);
    if (handler === undefined) throw new StanzaError('service-unavailable');
    return handler(request);
  }
}

/** The one payload of a request, which `checkShape` has found to be there. */
export function payloadOf(stanza: Stanza): Element {
  const payload = elements(stanza.element)[0];
  if (payload === undefined) throw new StanzaError('bad-request');
  return payload;
}
