import type { Capabilities, Identity } from '../xmpp/caps.ts';
import type { Element } from '../xmpp/element.ts';
import type { Handlers } from './events.ts';
import type { InboundSteps, OutboundSteps } from './flow.ts';
import type { Host } from './host.ts';
import type { IqRequest, IqRoute } from './iq.ts';
import type { Option } from './options.ts';

export interface DiscoNode {
  readonly node: string;
  /** The children of the answer to disco#info and disco#items. Throws StanzaError. */
  readonly info?: (request: IqRequest) => readonly Element[] | Promise<readonly Element[]>;
  readonly items?: (request: IqRequest) => readonly Element[] | Promise<readonly Element[]>;
}

/** What a module adds to a host: data, not calls. */
export interface Wiring {
  /** Service discovery features of the host (XEP-0030). */
  readonly features?: readonly string[];
  /** The same of every account. */
  readonly accountFeatures?: readonly string[];
  readonly identities?: readonly Identity[];
  /** Extension forms of the host (XEP-0128), asked for whenever somebody wants them: what they say may change. */
  readonly forms?: () => Capabilities['forms'];
  /** Nodes of the host that can be discovered apart (XEP-0030 §3.2, §4.2). */
  readonly nodes?: readonly DiscoNode[];
  readonly iq?: readonly IqRoute[];
  readonly outbound?: OutboundSteps;
  readonly inbound?: InboundSteps;
  readonly on?: Handlers;
  readonly stop?: () => void | Promise<void>;
}

/** One XEP (or RFC) in one file. */
export interface Module {
  readonly name: string;
  /** Number and version of what it implements; for an RFC the number and a clause. */
  readonly xep?: readonly [number, string];
  readonly rfc?: readonly [number, string];
  /** What an administrator may decide about it; asked for by `host.option`. */
  readonly options?: readonly Option[];
  start(host: Host): Wiring;
}
