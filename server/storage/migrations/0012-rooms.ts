/**
 * Rooms for many (XEP-0045), those that are open to others than their maker. A room's number is also the owner of its archive,
 * so it is made like the ids of messages and never that of an account. `subject_json` is null until somebody sets one.
 * `listed` and the texts to search in are read of the configuration whenever that is written. `known_as` is the nickname that a
 * member had last, `told` whether they were told that somebody spoke of them and did not come since.
 */
export const statements: readonly string[] = [
  `CREATE TABLE room (
    id INTEGER PRIMARY KEY,
    service TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    temporary INTEGER NOT NULL,
    secret BLOB NOT NULL,
    config_json TEXT NOT NULL,
    subject_json TEXT,
    listed INTEGER NOT NULL,
    title_search TEXT NOT NULL,
    description_search TEXT NOT NULL,
    UNIQUE (service, name))`,
  // Whose rooms are counted: nobody makes all the rooms of a service.
  `CREATE INDEX room_by_creator ON room (created_by, service) WHERE created_by <> ''`,
  `CREATE INDEX room_temporary ON room (service) WHERE temporary = 1`,
  `CREATE INDEX room_listed ON room (service, name) WHERE listed = 1`,
  `CREATE TABLE room_affiliation (
    room INTEGER NOT NULL REFERENCES room (id) ON DELETE CASCADE,
    jid TEXT NOT NULL,
    affiliation TEXT NOT NULL,
    nick TEXT NOT NULL,
    reason TEXT NOT NULL,
    known_as TEXT NOT NULL DEFAULT '',
    told INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (room, jid)) WITHOUT ROWID`,
  `CREATE INDEX room_affiliation_by_jid ON room_affiliation (jid, room)`,
  `CREATE UNIQUE INDEX room_affiliation_by_nick ON room_affiliation (room, nick) WHERE nick <> ''`,
  `CREATE TABLE room_hat (
    room INTEGER NOT NULL REFERENCES room (id) ON DELETE CASCADE,
    uri TEXT NOT NULL,
    title TEXT NOT NULL,
    hue TEXT NOT NULL,
    PRIMARY KEY (room, uri)) WITHOUT ROWID`,
  `CREATE TABLE room_hat_wearer (
    room INTEGER NOT NULL,
    jid TEXT NOT NULL,
    uri TEXT NOT NULL,
    PRIMARY KEY (room, jid, uri),
    FOREIGN KEY (room, uri) REFERENCES room_hat (room, uri) ON DELETE CASCADE) WITHOUT ROWID`,
  `CREATE INDEX room_hat_wearer_by_jid ON room_hat_wearer (jid)`,
  `CREATE INDEX room_hat_wearer_by_hat ON room_hat_wearer (room, uri)`,
  // Rooms that are gone, and their archives not yet.
  `CREATE TABLE removed_room (room INTEGER NOT NULL PRIMARY KEY)`,
  // Names of rooms that were destroyed, so that nobody walks into another one believing that it is the old.
  `CREATE TABLE retired_room (
    service TEXT NOT NULL,
    name TEXT NOT NULL,
    reason TEXT NOT NULL,
    alternate TEXT NOT NULL,
    retired_at INTEGER NOT NULL,
    retired_by TEXT NOT NULL,
    secret INTEGER NOT NULL,
    PRIMARY KEY (service, name)) WITHOUT ROWID`,
  `CREATE INDEX retired_room_by_who ON retired_room (retired_by, service, retired_at) WHERE retired_by <> ''`,
  // Who had a place in a room that not everybody could find or enter: they alone are told where it went.
  `CREATE TABLE retired_member (
    service TEXT NOT NULL,
    name TEXT NOT NULL,
    jid TEXT NOT NULL,
    PRIMARY KEY (service, name, jid),
    FOREIGN KEY (service, name) REFERENCES retired_room (service, name) ON DELETE CASCADE) WITHOUT ROWID`,
  `CREATE INDEX retired_member_by_jid ON retired_member (jid)`,
  // Rooms that everybody gets: who got which, and need not have kept it.
  `CREATE TABLE given_room (
    account INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    room INTEGER NOT NULL REFERENCES room (id) ON DELETE CASCADE,
    PRIMARY KEY (account, room)) WITHOUT ROWID`,
  `CREATE INDEX given_room_by_room ON given_room (room)`,
  // What a room says of itself (XEP-0054), its picture apart; no row for a room that says nothing.
  `CREATE TABLE room_card (
    room INTEGER PRIMARY KEY REFERENCES room (id) ON DELETE CASCADE,
    card TEXT NOT NULL,
    photo_type TEXT NOT NULL,
    photo_hash TEXT NOT NULL,
    photo BLOB)`,
];
