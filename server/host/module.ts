import type { Identity } from '../xmpp/caps.ts';
import type { Handlers } from './events.ts';
import type { InboundSteps, OutboundSteps } from './flow.ts';
import type { Host } from './host.ts';
import type { IqRoute } from './iq.ts';

/** What a module adds to a host: data, not calls. */
export interface Wiring {
  /** Service discovery features of the host (XEP-0030). */
  readonly features?: readonly string[];
  /** The same of every account. */
  readonly accountFeatures?: readonly string[];
  readonly identities?: readonly Identity[];
  /** Extension forms of the host (XEP-0128). */
  readonly forms?: readonly { readonly formType: string; readonly fields: ReadonlyMap<string, readonly string[]> }[];
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
  start(host: Host): Wiring;
}
