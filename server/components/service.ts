import type { RunningComponent } from '../host/component.ts';
import type { Host } from '../host/host.ts';
import { type IqRequest, type IqRoute, IqTable, payloadOf } from '../host/iq.ts';
import type { Ledger } from '../host/ledger.ts';
import { type Capabilities, capsHash } from '../xmpp/caps.ts';
import { discoInfo } from '../xmpp/disco.ts';
import { type Element, el } from '../xmpp/element.ts';
import { NS } from '../xmpp/ns.ts';
import { resultFor, type Stanza } from '../xmpp/stanza.ts';
import { StanzaError, type StanzaErrorCondition } from '../xmpp/stanza-error.ts';

type Soon<T> = T | Promise<T>;

/** What a service has beside the things that every service has. */
export interface ServiceWiring {
  readonly title: string;
  readonly identities: Capabilities['identities'];
  readonly features: readonly string[];
  readonly forms?: () => Capabilities['forms'];
  /** Requests to the service's domain, each with exactly one owner. */
  readonly iq?: readonly Omit<IqRoute, 'scope'>[];
  /** disco#info of a node, and disco#items of the service (node '') and of a node: the children of the answer. */
  readonly info?: (node: string, request: IqRequest) => Soon<readonly Element[]>;
  readonly items?: (node: string, request: IqRequest) => Soon<readonly Element[]>;
  /** Messages and presence to the service; left out, messages are refused and presence is ignored. */
  readonly message?: (stanza: Stanza, ledger: Ledger) => void | Promise<void>;
  readonly presence?: (stanza: Stanza, ledger: Ledger) => void | Promise<void>;
  /** It passes on what people say, and does not know who said it. */
  readonly speaksForMany?: boolean;
  readonly listed?: () => boolean;
  /** How all is refused while it is not listed; left out: as if there was no such service. */
  readonly unlisted?: StanzaErrorCondition;
  readonly stop?: () => void | Promise<void>;
}

/** A service that is asked by iq at its domain: discovery, ping and version are the same for all. */
export class Service implements RunningComponent {
  readonly title: string;
  readonly #host: Host;
  readonly #wiring: ServiceWiring;
  readonly #iqs = new IqTable();
  readonly #abilities: Omit<Capabilities, 'forms'>;

  /** Throws when two own the same request. */
  constructor(host: Host, wiring: ServiceWiring) {
    this.title = wiring.title;
    this.#host = host;
    this.#wiring = wiring;
    const own: Omit<IqRoute, 'scope'>[] = [
      { type: 'get', xmlns: NS.discoInfo, name: 'query', handle: (request) => this.#info(request) },
      { type: 'get', xmlns: NS.discoItems, name: 'query', handle: (request) => this.#items(request) },
      { type: 'get', xmlns: NS.ping, name: 'ping', handle: () => undefined },
      { type: 'get', xmlns: NS.version, name: 'query', handle: () => this.#version() },
    ];
    for (const route of [...own, ...(wiring.iq ?? [])]) this.#iqs.add({ ...route, scope: 'host' });
    const features = new Set([NS.discoInfo, NS.discoItems, NS.ping, NS.version, ...wiring.features]);
    this.#abilities = { identities: wiring.identities, features: [...features].sort() };
  }

  get listed(): boolean {
    return this.#wiring.listed?.() !== false;
  }

  get speaksForMany(): boolean {
    return this.#wiring.speaksForMany === true;
  }

  get capabilities(): Capabilities {
    return { ...this.#abilities, forms: this.#wiring.forms?.() ?? [] };
  }

  /** Takes a stanza for the service. Throws StanzaError when it is refused. */
  accept(stanza: Stanza, ledger: Ledger): void | Promise<void> {
    if (!this.listed) throw new StanzaError(this.#wiring.unlisted ?? 'service-unavailable');
    if (stanza.kind === 'message') {
      if (this.#wiring.message !== undefined) return this.#wiring.message(stanza, ledger);
      if (stanza.mayBeAnswered) throw new StanzaError('service-unavailable');
    } else if (stanza.kind === 'presence') {
      return this.#wiring.presence?.(stanza, ledger);
    } else if (stanza.mayBeAnswered) {
      return this.#answer(stanza);
    }
  }

  stop(): void | Promise<void> {
    return this.#wiring.stop?.();
  }

  #answer(stanza: Stanza): void | Promise<void> {
    const to = stanza.to!;
    if (to.local !== '' || to.resource !== '') throw new StanzaError('item-not-found', 'There is nobody there.');
    const request = { stanza, payload: payloadOf(stanza), session: undefined, account: undefined };
    const reply = (payload: Element | undefined) => this.#host.send(resultFor(stanza, to, payload));
    const result = this.#iqs.answer('host', request);
    return result instanceof Promise ? result.then(reply) : reply(result);
  }

  async #info(request: IqRequest): Promise<Element> {
    const node: string | undefined = request.payload.attrs.node;
    const { capabilities } = this;
    if (node === undefined || node.endsWith(`#${capsHash(capabilities)}`)) {
      return el('query', { xmlns: NS.discoInfo, node }, ...discoInfo(capabilities));
    }
    if (this.#wiring.info === undefined) throw new StanzaError('item-not-found', 'There is no such node.');
    return el('query', { xmlns: NS.discoInfo, node }, ...(await this.#wiring.info(node, request)));
  }

  async #items(request: IqRequest): Promise<Element> {
    const node: string | undefined = request.payload.attrs.node;
    if (node !== undefined && this.#wiring.items === undefined) {
      throw new StanzaError('item-not-found', 'There is no such node.');
    }
    return el('query', { xmlns: NS.discoItems, node }, ...((await this.#wiring.items?.(node ?? '', request)) ?? []));
  }

  #version(): Element {
    const { version } = this.#host.house;
    return el('query', { xmlns: NS.version }, el('name', {}, 'Hallway'), el('version', {}, version));
  }
}
