/**
 * Files that people uploaded. The bytes are in a folder beside the store, under a name that only this table knows; whoever has
 * the link has a secret of which only the hash is here. Triggers keep what each person has, what was shown to each room, and
 * which files of the folder nobody needs any more, for rows go in many ways.
 */
export const statements: readonly string[] = [
  `CREATE TABLE upload (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    token TEXT NOT NULL UNIQUE,
    file TEXT NOT NULL UNIQUE,
    account INTEGER NOT NULL,
    domain TEXT NOT NULL,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    purpose TEXT NOT NULL,
    room TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL,
    expires_at INTEGER
  )`,
  'CREATE INDEX upload_by_account ON upload (account, created_at, id, bytes)',
  'CREATE INDEX upload_by_account_bytes ON upload (account, bytes, id)',
  'CREATE INDEX upload_by_bytes ON upload (bytes, id)',
  "CREATE INDEX upload_by_room ON upload (room, created_at, id) WHERE room <> ''",
  "CREATE INDEX upload_by_room_bytes ON upload (room, bytes, id) WHERE room <> ''",
  // With all that counting the old ones needs.
  'CREATE INDEX upload_by_time ON upload (created_at, id, purpose, bytes)',
  "CREATE INDEX upload_by_age ON upload (domain, created_at) WHERE purpose <> 'profile'",
  'CREATE INDEX upload_by_expiry ON upload (expires_at) WHERE expires_at IS NOT NULL',
  `CREATE TABLE upload_use (
    account INTEGER PRIMARY KEY,
    files INTEGER NOT NULL,
    bytes INTEGER NOT NULL
  )`,
  'CREATE INDEX upload_use_by_bytes ON upload_use (bytes, account)',
  `CREATE TABLE upload_room (
    room TEXT PRIMARY KEY,
    files INTEGER NOT NULL,
    bytes INTEGER NOT NULL
  )`,
  'CREATE INDEX upload_room_by_bytes ON upload_room (bytes, room)',
  'CREATE TABLE upload_gone (file TEXT PRIMARY KEY)',
  `CREATE TRIGGER upload_added AFTER INSERT ON upload BEGIN
    INSERT INTO upload_use (account, files, bytes) VALUES (NEW.account, 1, NEW.bytes)
      ON CONFLICT (account) DO UPDATE SET files = files + 1, bytes = bytes + NEW.bytes; END`,
  // A file is shown to one room at most: the first.
  `CREATE TRIGGER upload_shown AFTER UPDATE OF room ON upload WHEN OLD.room = '' AND NEW.room <> '' BEGIN
    INSERT INTO upload_room (room, files, bytes) VALUES (NEW.room, 1, NEW.bytes)
      ON CONFLICT (room) DO UPDATE SET files = files + 1, bytes = bytes + NEW.bytes; END`,
  `CREATE TRIGGER upload_removed AFTER DELETE ON upload BEGIN
    UPDATE upload_use SET files = files - 1, bytes = bytes - OLD.bytes WHERE account = OLD.account;
    DELETE FROM upload_use WHERE account = OLD.account AND files = 0;
    UPDATE upload_room SET files = files - 1, bytes = bytes - OLD.bytes WHERE room = OLD.room;
    DELETE FROM upload_room WHERE room = OLD.room AND files = 0;
    INSERT INTO upload_gone (file) VALUES (OLD.file) ON CONFLICT (file) DO NOTHING; END`,
];
