import type { IqRequest, IqRoute } from '../../host/iq.ts';
import type { Ledger } from '../../host/ledger.ts';
import type { Xep } from '../../host/module.ts';
import type { Option } from '../../host/options.ts';
import type { Step } from '../../host/pipeline.ts';
import type { RoomAffiliation } from '../../storage/stores/rooms.ts';
import type { Field } from '../../xmpp/data-form.ts';
import type { Element } from '../../xmpp/element.ts';
import type { Jid } from '../../xmpp/jid.ts';
import type { Stanza } from '../../xmpp/stanza.ts';
import type { Occupant } from './occupant.ts';
import type { Room } from './room.ts';
import type { Rooms } from './rooms.ts';

/** Somebody wants to come in, or a device more of somebody who is in. */
export const JOIN = [
  'check', // may they? each reason not to is a step
  'enter', // they are in
  'announce', // the others are shown to them, and they to the others
  'history', // what was said before, and the subject
] as const;

/** Somebody says something to all. */
export const GROUPCHAT = [
  'check', // may they say it?
  'stamp', // take off what only the room may say, put on what it vouches for
  'archive',
  'broadcast',
  'after', // what follows from it
] as const;

/** Somebody has gone, with all their devices. */
export const LEAVE = ['announce', 'after'] as const;

export interface Joining {
  readonly room: Room;
  readonly stanza: Stanza;
  /** The `<x xmlns='…muc'/>`. */
  readonly wish: Element;
  /** The full address. */
  readonly from: Jid;
  /** `room@service/nick` */
  readonly as: Jid;
  readonly affiliation: RoomAffiliation;
  /** The room did not exist. */
  readonly created: boolean;
  /** The person's other device is in under this nickname already, or from `enter` on: who came in. */
  occupant: Occupant | undefined;
  /** They were not in at all before. */
  newcomer: boolean;
  /** Status codes for them alone, beside those of every join. */
  readonly codes: number[];
}

export interface Talk {
  readonly room: Room;
  readonly stanza: Stanza;
  readonly occupant: Occupant;
  readonly ledger: Ledger;
  /** What the others get; steps change its element until `archive`, which asks for its text. */
  said: Stanza;
  /** The id in the room's archive, 0 while it is in none. */
  archiveId: number;
}

export interface Leaving {
  readonly room: Room;
  readonly occupant: Occupant;
}

/** A request to a room; `occupant` is who asks, if they are in. */
export interface RoomRequest {
  readonly room: Room;
  readonly stanza: Stanza;
  readonly payload: Element;
  readonly from: Jid;
  readonly affiliation: RoomAffiliation;
  readonly occupant: Occupant | undefined;
  readonly ledger: Ledger;
  /** Sends the empty result at once, for who tells others of it afterwards (§8.2). */
  readonly answer: () => void;
}

export interface RoomIq {
  readonly type: 'get' | 'set';
  readonly xmlns: string;
  readonly name: string;
  /** Gives the payload of the result, undefined for an empty one; or throws a StanzaError. */
  handle(request: RoomRequest): Element | undefined | Promise<Element | undefined>;
}

/** A request from one occupant that is addressed to another. */
export interface OccupantRequest {
  readonly room: Room;
  readonly stanza: Stanza;
  readonly payload: Element;
  readonly sender: Occupant;
  readonly target: Occupant;
}

export interface OccupantIq {
  readonly type: 'get' | 'set';
  readonly xmlns: string;
  readonly name: string;
  /** As of a RoomIq; 'relay' has the client asked after all, 'asked' says that the answer will come by itself. */
  handle(request: OccupantRequest): Soon<Element | undefined | 'relay' | 'asked'>;
}

/** A message to the room itself that is not for all. */
export interface RoomNote {
  readonly room: Room;
  readonly stanza: Stanza;
  readonly from: Jid;
  readonly affiliation: RoomAffiliation;
  readonly occupant: Occupant | undefined;
  readonly ledger: Ledger;
}

type Soon<T> = T | Promise<T>;

type Steps<Stage extends string, Passage> = { readonly [Name in Stage]?: Step<Passage> };

/** What a part of the rooms brings along: data, not calls. */
export interface RoomWiring {
  /** Features that discovery of a room shows. */
  readonly features?: (room: Room) => readonly string[];
  /** The same of the service. */
  readonly serviceFeatures?: readonly string[];
  /** Fields of a room's extended information (muc#roominfo) for whoever may know more of it than that it is there. */
  readonly info?: (room: Room) => Soon<readonly Field[]>;
  /**
   * A node of a room for disco#info or disco#items (§6.4, x-roomuser-item): the children of the answer, undefined for a node
   * that is none of this part's.
   */
  readonly node?: (request: RoomRequest, node: string, what: 'info' | 'items') => Soon<readonly Element[] | undefined>;
  readonly iq?: readonly RoomIq[];
  /** Requests to an occupant's address that the room answers itself instead of passing them on to the occupant's client. */
  readonly occupantIq?: readonly OccupantIq[];
  /** Requests to the service itself. */
  readonly serviceIq?: readonly Omit<IqRoute, 'scope'>[];
  /** What there is in the service (disco#items without a node). */
  readonly serviceItems?: (request: IqRequest) => Soon<readonly Element[]>;
  /** Takes a note to the room (a promise or `true`), or passes (undefined). */
  readonly note?: (note: RoomNote) => true | Promise<true> | undefined;
  readonly join?: Steps<(typeof JOIN)[number], Joining>;
  readonly groupchat?: Steps<(typeof GROUPCHAT)[number], Talk>;
  readonly leave?: Steps<(typeof LEAVE)[number], Leaving>;
  /** The service ends. */
  readonly stop?: () => void | Promise<void>;
}

/** One part of XEP-0045, or one XEP that builds on it, in one file. They meet in a stage or in the room, never directly. */
export interface RoomFeature {
  readonly name: string;
  readonly xep: Xep;
  readonly also?: readonly Xep[];
  readonly options?: readonly Option[];
  start(rooms: Rooms): RoomWiring;
}
