import type { Capabilities } from '../xmpp/caps.ts';
import type { Destination } from './destination.ts';
import type { Host } from './host.ts';
import type { Keeping } from './keeping.ts';
import type { Xep } from './module.ts';
import type { Option } from './options.ts';
import type { RoomAdministration } from './room-administration.ts';

/** A service beside a host, with a domain of its own: `prefix.DOMAIN`. Every host has one of each. */
export interface Component {
  readonly name: string;
  /** The label before the host's domain. */
  readonly prefix: string;
  /** Number and version of what it implements. */
  readonly xep: Xep;
  readonly also?: readonly Xep[];
  /** What an administrator may decide about it. */
  readonly options?: readonly Option[];
  /** Begins to serve one host, under this domain. */
  start(host: Host, domain: string): RunningComponent;
}

/** What a component is for one host. */
export interface RunningComponent extends Destination {
  /** What it is called in the list of the host's services (XEP-0030 §4). */
  readonly title: string;
  /** False while an administrator has it switched off. */
  readonly listed: boolean;
  readonly capabilities: Capabilities;
  /** Of a service of rooms: what administrators of the house do with them. */
  readonly administration?: RoomAdministration;
  readonly keeps?: Keeping;
  /** Who was there before a restart is there again: what is of no use to anybody may be thrown away. */
  tidy?(): void;
  /** Of the devices that it knows, those of these full addresses come back after a restart, and take it that nothing happened. */
  stop?(goingOn: ReadonlySet<string>): void | Promise<void>;
}
