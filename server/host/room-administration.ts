import type { RetiredRoom } from '../storage/stores/retired-rooms.ts';
import type { RoomAffiliation, RoomConfig, RoomMember, RoomRole, RoomSubject } from '../storage/stores/rooms.ts';

/** One room in a list. */
export interface ListedRoom {
  readonly name: string;
  readonly config: RoomConfig;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** How many people are in it now. */
  readonly people: number;
  /** When the last message was said that is remembered, in ms since 1970. */
  readonly lastMessage: number | undefined;
}

export interface RoomListQuery {
  /** Words that name, title or description must have, '' for all rooms. */
  readonly search: string;
  /** Only rooms whose names come after this one. */
  readonly after: string;
  /** 1 to 200 */
  readonly limit: number;
}

/** Somebody who is in a room now. */
export interface RoomOccupant {
  readonly nick: string;
  /** The bare address. */
  readonly jid: string;
  readonly role: RoomRole;
  readonly affiliation: RoomAffiliation;
  /** The resources of the devices. */
  readonly devices: readonly string[];
}

/** One room, with all that is known of it. */
export interface FoundRoom extends ListedRoom {
  readonly subject: RoomSubject | undefined;
  /** Everybody with an affiliation, by address. */
  readonly members: readonly RoomMember[];
  readonly occupants: readonly RoomOccupant[];
}

/** One message of a room as people would read it. */
export interface RoomMessage {
  readonly id: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** Who said it: a nickname, '' for the room itself. */
  readonly nick: string;
  /**
   * `removed`: its author took it back; `moderated`: others took it away; `other`: nothing that could be read, as the change
   * of a picture.
   */
  readonly kind: 'message' | 'subject' | 'removed' | 'moderated' | 'other';
  /** Of what was moderated, the reason. */
  readonly text: string;
}

/**
 * What administrators of the house do with the rooms of a domain: the same as owners of rooms, without being one. Whatever
 * names a room takes the part of its address before the @, prepared. Refusals are StanzaErrors with a text for people:
 * `item-not-found` when there is no such room.
 */
export interface RoomAdministration {
  /** The domain of the rooms, as `conference.example.com`. */
  readonly domain: string;
  /** False while rooms are switched off: they are as they were, and nobody gets in. */
  readonly on: boolean;
  /** Rooms by name; `next` is the name to go on after, undefined when there are no more. */
  list(query: RoomListQuery): Promise<{ readonly rooms: readonly ListedRoom[]; readonly next: string | undefined }>;
  count(): Promise<number>;
  find(name: string): Promise<FoundRoom>;
  /** A new room that stays, with one owner; `conflict` when the name is taken or retired. */
  create(name: string, owner: string, config: Partial<RoomConfig>): Promise<void>;
  /** Changes some of a room's configuration, and tells who is in it. */
  configure(name: string, changes: Partial<RoomConfig>): Promise<void>;
  /** Gives somebody (a bare address, or to be banned a whole domain) another affiliation; gives the one before. */
  affiliate(name: string, jid: string, affiliation: RoomAffiliation, reason: string): Promise<RoomAffiliation>;
  /** Takes somebody out of the room, who may come again; gives their bare address. */
  kick(name: string, nick: string, reason: string): Promise<string>;
  /** The newest messages, or the newest before one; oldest first. */
  archive(
    name: string,
    query: { readonly before?: number; readonly limit: number },
  ): Promise<{ readonly messages: readonly RoomMessage[]; readonly more: boolean }>;
  /**
   * Takes a message away as a moderator does (XEP-0425), and with it what corrected it; gives who said it and the ids of all
   * that, the message's own first. `not-acceptable` when it is not there any more.
   */
  moderate(
    name: string,
    id: number,
    reason: string,
  ): Promise<{ readonly nick: string; readonly ids: readonly number[] }>;
  /** Ends a room for good, with its archive. Its name is retired: it says `reason` and `alternate` from now on. */
  destroy(name: string, retired: Pick<RetiredRoom, 'reason' | 'alternate'>): Promise<void>;
  /** Names of rooms that were destroyed, in their order, at most `limit`. */
  retired(after: string, limit: number): Promise<readonly (RetiredRoom & { readonly name: string })[]>;
  /** Lets a retired name be used again; false when it is none. */
  free(name: string): Promise<boolean>;
}
