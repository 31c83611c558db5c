import { compose, type Database, type Statement, sql } from '../database.ts';
import type { Archives } from './archives.ts';
import { searchable } from './profiles.ts';
import { leaveRetired, type RetiredRoom, retire } from './retired-rooms.ts';
import { takeOffHats } from './room-hats.ts';
import { forgetInvitations, withoutInvitations } from './room-invitations.ts';

/** XEP-0045 §5.2. */
export type RoomAffiliation = 'owner' | 'admin' | 'member' | 'none' | 'outcast';

/** XEP-0045 §5.1. */
export type RoomRole = 'moderator' | 'participant' | 'visitor' | 'none';

/** How a room is (XEP-0045 §16.5.3). */
export interface RoomConfig {
  readonly title: string;
  readonly description: string;
  /** Of its language (RFC 5646), '' for none. */
  readonly lang: string;
  /** Goes on when nobody is in it. */
  readonly persistent: boolean;
  /** Can be found. */
  readonly public: boolean;
  readonly membersOnly: boolean;
  /** Who is no member may not speak until they are let. */
  readonly moderated: boolean;
  /** Everybody sees the addresses of all; else moderators alone do. */
  readonly openAddresses: boolean;
  /** '' for none. */
  readonly password: string;
  /** 0: as many as the service allows. */
  readonly maxOccupants: number;
  /** Members may invite, and invite into the members. */
  readonly allowInvites: boolean;
  /** Participants may change the subject. */
  readonly allowSubject: boolean;
  readonly privateMessages: 'anyone' | 'participants' | 'moderators' | 'none';
  /** Visitors may ask for voice. */
  readonly allowVoiceRequests: boolean;
  /** Whose presence is told to the others. */
  readonly broadcast: readonly RoomRole[];
  /** Who is told who the members are. */
  readonly memberList: readonly RoomRole[];
  /** People can enter themselves in the list of members. */
  readonly allowRegistration: boolean;
  /** Messages are archived. */
  readonly archived: boolean;
  /** Messages that newcomers are shown. */
  readonly historyLength: number;
  /** Seconds between two messages of one participant, 0 for none (XEP-0500). */
  readonly slowMode: number;
  /** Bare addresses of whom to ask about the room. */
  readonly contacts: readonly string[];
  /** The XMPP URI of a publish-subscribe node that goes with the room, '' for none. */
  readonly pubsub: string;
}

export interface RoomSubject {
  readonly text: string;
  /** Who set it: a nickname. */
  readonly nick: string;
  /** ms since 1970 */
  readonly at: number;
  /** The message that set it, as XML without `to`. */
  readonly stanza: string;
}

export interface RoomMember {
  /** A bare address, or of an outcast a whole domain. */
  readonly jid: string;
  readonly affiliation: RoomAffiliation;
  /** The nickname that is reserved for them, '' for none. */
  readonly nick: string;
  readonly reason: string;
}

export interface StoredRoom {
  readonly id: number;
  readonly service: string;
  readonly name: string;
  /** ms since 1970 */
  readonly createdAt: number;
  /** The bare address of whose room it counts as, '' for one of the house. */
  readonly createdBy: string;
  /** What the ids of its occupants are made with (XEP-0421). */
  readonly secret: Uint8Array;
  readonly config: RoomConfig;
  readonly subject: RoomSubject | undefined;
}

interface Row {
  id: number;
  service: string;
  name: string;
  created_at: number;
  created_by: string;
  secret: Uint8Array;
  config_json: string;
  subject_json: string | null;
}

const COLUMNS = sql`SELECT id, service, name, created_at, created_by, secret, config_json, subject_json FROM room`;

/**
 * What takes a person out of all rooms, so that whoever has the address next inherits nothing (SECURITY 50). Bans stay: they
 * would have to be said again.
 */
export function leaveRooms(bare: string): Statement[] {
  return [
    sql`DELETE FROM room_affiliation WHERE jid = ${bare} AND affiliation <> 'outcast'`,
    ...takeOffHats(bare),
    ...leaveRetired(bare),
    ...forgetInvitations(bare),
    sql`UPDATE room SET created_by = '' WHERE created_by = ${bare} AND created_by <> ''`,
  ];
}

/** Rooms (XEP-0045) and who has which affiliation with them. What is in use is remembered by the service, not here. */
export class Rooms {
  readonly #db: Database;
  readonly #archives: Archives;

  constructor(db: Database, archives: Archives) {
    this.#db = db;
    this.#archives = archives;
  }

  /** The largest number in use, which is made like the ids of messages. */
  async largestId(): Promise<number> {
    const row = await this.#db.get<{ id: number | null }>(sql`SELECT max(id) AS id FROM room`);
    return row?.id ?? 0;
  }

  async get(service: string, name: string): Promise<StoredRoom | undefined> {
    const row = await this.#db.get<Row>(compose(COLUMNS, sql`WHERE service = ${service} AND name = ${name}`));
    return row && read(row);
  }

  async members(room: number): Promise<RoomMember[]> {
    return this.#db.all<RoomMember>(
      sql`SELECT jid, affiliation, nick, reason FROM room_affiliation WHERE room = ${room} ORDER BY jid`,
    );
  }

  /** Stores a new room with its members. Throws StorageError `constraint` when there is one of that name. */
  async create(room: StoredRoom, members: Iterable<RoomMember>): Promise<void> {
    await this.#db.batch([
      sql`INSERT INTO room (id, service, name, created_at, created_by, temporary, listed, title_search, description_search,
          secret, config_json, subject_json)
        VALUES (${room.id}, ${room.service}, ${room.name}, ${room.createdAt}, ${room.createdBy},
          ${room.config.persistent ? 0 : 1}, ${room.config.public ? 1 : 0}, ${searchable(room.config.title)},
          ${searchable(room.config.description)}, ${room.secret}, ${JSON.stringify(room.config)},
          ${room.subject === undefined ? null : JSON.stringify(room.subject)})`,
      ...[...members].flatMap((member) => putMember(room.id, member)),
    ]);
  }

  async configure(room: number, config: RoomConfig): Promise<void> {
    await this.#db.run(configureStatement(room, config));
  }

  /** What sets the subject, to be written with the message that does. */
  subjectStatement(room: number, subject: RoomSubject): Statement {
    return sql`UPDATE room SET subject_json = ${JSON.stringify(subject)} WHERE id = ${room}`;
  }

  /** Changes affiliations, all or none; `none` without a nickname takes one out. Throws `constraint` when a nickname is taken. */
  async affiliate(room: number, changes: readonly RoomMember[]): Promise<void> {
    await this.#db.batch(changes.flatMap((member) => putMember(room, member)));
  }

  /**
   * Removes a room; its archive, which may be long, is to be removed by `clear`. `retired`, if given, is what its name says from
   * now on.
   */
  async remove({ id, service, name }: StoredRoom, retired?: RetiredRoom): Promise<void> {
    await this.#db.batch([
      ...(retired === undefined ? [] : retire(id, service, name, retired)),
      withoutInvitations(id),
      sql`INSERT INTO removed_room (room) SELECT id FROM room WHERE id = ${id}`,
      sql`DELETE FROM room WHERE id = ${id}`,
    ]);
  }

  /** Removes the archive of a room that was removed. */
  async clear(id: number): Promise<void> {
    await this.#archives.removeAll(id);
    await this.#db.run(sql`DELETE FROM removed_room WHERE room = ${id}`);
  }

  /** Removes the archives of removed rooms that a crash has left. To be called once after start. */
  async sweep(): Promise<void> {
    for (const { room } of await this.#db.all<{ room: number }>(sql`SELECT room FROM removed_room`)) {
      await this.clear(room);
    }
  }

  async count(service: string): Promise<number> {
    const row = await this.#db.get<{ n: number }>(sql`SELECT count(*) AS n FROM room WHERE service = ${service}`);
    return row?.n ?? 0;
  }

  /** How many rooms count as somebody's. */
  async countOf(service: string, creator: string): Promise<number> {
    const row = await this.#db.get<{ n: number }>(sql`SELECT count(*) AS n FROM room
      WHERE created_by = ${creator} AND created_by <> '' AND service = ${service}`);
    return row?.n ?? 0;
  }

  /** The rooms that are to vanish with the last who is in them: at most 1,000. */
  async temporary(service: string): Promise<StoredRoom[]> {
    const rows = await this.#db.all<Row>(
      compose(COLUMNS, sql`WHERE service = ${service} AND temporary = 1 LIMIT 1000`),
    );
    return rows.map(read);
  }

  /** Rooms in the order of their names, from one name on (at most `limit`, 1 to 1,000). */
  async page(service: string, query: { readonly after?: string; readonly limit: number }): Promise<StoredRoom[]> {
    const { after = '', limit } = query;
    const rows = await this.#db.all<Row>(
      compose(COLUMNS, sql`WHERE service = ${service} AND name > ${after} ORDER BY name LIMIT ${limit}`),
    );
    return rows.map(read);
  }

  /** The rooms of a service with which somebody has an affiliation. */
  async of(service: string, bare: string): Promise<{ readonly name: string; readonly affiliation: RoomAffiliation }[]> {
    return this.#db.all(sql`SELECT room.name AS name, a.affiliation AS affiliation
      FROM room_affiliation a JOIN room ON room.id = a.room WHERE a.jid = ${bare} AND room.service = ${service}`);
  }
}

function configureStatement(room: number, config: RoomConfig): Statement {
  return sql`UPDATE room SET config_json = ${JSON.stringify(config)}, temporary = ${config.persistent ? 0 : 1},
    listed = ${config.public ? 1 : 0}, title_search = ${searchable(config.title)},
    description_search = ${searchable(config.description)} WHERE id = ${room}`;
}

function putMember(room: number, { jid, affiliation, nick, reason }: RoomMember): Statement[] {
  if (affiliation === 'none' && nick === '') {
    return [sql`DELETE FROM room_affiliation WHERE room = ${room} AND jid = ${jid}`];
  }
  return [
    sql`INSERT INTO room_affiliation (room, jid, affiliation, nick, reason)
      VALUES (${room}, ${jid}, ${affiliation}, ${nick}, ${reason})
      ON CONFLICT (room, jid) DO UPDATE SET affiliation = excluded.affiliation, nick = excluded.nick, reason = excluded.reason`,
  ];
}

function read(row: Row): StoredRoom {
  const {
    id,
    service,
    name,
    created_at: createdAt,
    created_by: createdBy,
    secret,
    config_json: config,
    subject_json: subject,
  } = row;
  return {
    id,
    service,
    name,
    createdAt,
    createdBy,
    secret,
    config: JSON.parse(config),
    subject: subject === null ? undefined : JSON.parse(subject),
  };
}
