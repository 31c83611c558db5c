import type { Capabilities, Identity } from '../xmpp/caps.ts';
import type { Element } from '../xmpp/element.ts';
import type { Stanza } from '../xmpp/stanza.ts';
import type { AdHocCommand } from './ad-hoc.ts';
import type { Handlers } from './events.ts';
import type { InboundSteps, OutboundSteps } from './flow.ts';
import type { Host } from './host.ts';
import type { IqRequest, IqRoute } from './iq.ts';
import type { Keeping } from './keeping.ts';
import type { Option } from './options.ts';

export interface DiscoNode {
  readonly node: string;
  /** The children of the answer to disco#info and disco#items. Throws StanzaError. */
  readonly info?: (request: IqRequest) => readonly Element[] | Promise<readonly Element[]>;
  readonly items?: (request: IqRequest) => readonly Element[] | Promise<readonly Element[]>;
}

/** Answers discovery of an account's nodes. Each throws StanzaError. */
export interface AccountDisco {
  /** The children of the answer about one node, undefined when the node is not of this module. */
  info(request: IqRequest, node: string): Promise<readonly Element[] | undefined>;
  /** What there is in one node, or with undefined in the account. */
  items(request: IqRequest, node: string | undefined): Promise<readonly Element[] | undefined>;
}

/** What a module adds to a host: data, not calls. */
export interface Wiring {
  /** Service discovery features of the host (XEP-0030). */
  readonly features?: readonly string[];
  /** The same of every account. */
  readonly accountFeatures?: readonly string[];
  /** Of the features of any module those that are not offered just now, of the host nor of accounts. */
  readonly withheld?: () => readonly string[];
  readonly identities?: readonly Identity[];
  /** The same of every account. */
  readonly accountIdentities?: readonly Identity[];
  /** Nodes of accounts that can be discovered; whoever asks, the module decides what they may know. */
  readonly accountNodes?: AccountDisco;
  /** Extension forms of the host (XEP-0128), asked for whenever somebody wants them: what they say may change. */
  readonly forms?: () => Capabilities['forms'];
  /** Nodes of the host that can be discovered apart (XEP-0030 §3.2, §4.2). */
  readonly nodes?: readonly DiscoNode[];
  readonly iq?: readonly IqRoute[];
  /** Ad-hoc commands of the host (XEP-0050). */
  readonly commands?: readonly AdHocCommand[];
  readonly outbound?: OutboundSteps;
  readonly inbound?: InboundSteps;
  /**
   * A message or presence for the domain itself, which nobody owns unless a module does. Gives a promise when it takes it,
   * throws StanzaError to refuse, gives undefined to pass.
   */
  readonly atHost?: (stanza: Stanza) => Promise<void> | undefined;
  readonly on?: Handlers;
  readonly keeps?: Keeping;
  readonly stop?: () => void | Promise<void>;
}

/** The number of an extension and the version that was read; docs/XEPS.md is made of these. */
export type Xep = readonly [number: number, version: string];

/** One XEP (or RFC) in one file. */
export interface Module {
  readonly name: string;
  /** Number and version of what it implements; for an RFC the number and a clause. */
  readonly xep?: Xep;
  /** More of them that live in the same file. */
  readonly also?: readonly Xep[];
  readonly rfc?: readonly [number, string];
  /** What an administrator may decide about it; asked for by `host.option`. */
  readonly options?: readonly Option[];
  start(host: Host): Wiring;
}
