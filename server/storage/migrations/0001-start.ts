/**
 * People, their rosters, and what was said. AUTOINCREMENT so that an account's number is never given to another;
 * WITHOUT ROWID where the key is what rows are looked up and ordered by, so that a row is written to one tree.
 */
export const statements: readonly string[] = [
  `CREATE TABLE domain (name TEXT NOT NULL PRIMARY KEY, created_at INTEGER NOT NULL) WITHOUT ROWID`,
  `CREATE TABLE account (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    domain TEXT NOT NULL,
    local TEXT NOT NULL,
    name TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('active', 'disabled')),
    reason TEXT NOT NULL,
    search TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (domain, local))`,
  `CREATE INDEX account_by_local ON account (local, domain)`,
  `CREATE TABLE removed_account (
    account INTEGER NOT NULL PRIMARY KEY,
    domain TEXT NOT NULL,
    local TEXT NOT NULL,
    deleted_at INTEGER NOT NULL,
    swept INTEGER NOT NULL)`,
  `CREATE INDEX removed_account_by_name ON removed_account (domain, local, deleted_at)`,
  `CREATE TABLE credential (
    account INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    mechanism TEXT NOT NULL,
    salt BLOB NOT NULL,
    iterations INTEGER NOT NULL,
    stored_key BLOB NOT NULL,
    server_key BLOB NOT NULL,
    PRIMARY KEY (account, mechanism)) WITHOUT ROWID`,
  `CREATE TABLE roster (
    account INTEGER NOT NULL PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
    version INTEGER NOT NULL)`,
  `CREATE TABLE roster_item (
    account INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    jid TEXT NOT NULL,
    name TEXT NOT NULL,
    groups_json TEXT NOT NULL,
    subscription TEXT NOT NULL CHECK (subscription IN ('none', 'to', 'from', 'both')),
    ask INTEGER NOT NULL,
    approved INTEGER NOT NULL,
    listed INTEGER NOT NULL,
    pending_in TEXT,
    version INTEGER NOT NULL,
    PRIMARY KEY (account, jid)) WITHOUT ROWID`,
  `CREATE INDEX roster_item_by_jid ON roster_item (jid, account)`,
  `CREATE TABLE roster_removed (
    account INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    jid TEXT NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (account, jid)) WITHOUT ROWID`,
  `CREATE TABLE blocked (
    account INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    jid TEXT NOT NULL,
    PRIMARY KEY (account, jid)) WITHOUT ROWID`,
  // No foreign keys below: these rows are written lazily, and a write for somebody just deleted must not undo the
  // sender's half of the same message. An account's number is never used again, so what is left is nobody's.
  `CREATE TABLE message (id INTEGER PRIMARY KEY, owners INTEGER NOT NULL, stanza TEXT NOT NULL)`,
  `CREATE TABLE archive (
    owner INTEGER NOT NULL,
    id INTEGER NOT NULL,
    peer TEXT NOT NULL,
    PRIMARY KEY (owner, id)) WITHOUT ROWID`,
  `CREATE INDEX archive_by_peer ON archive (owner, peer, id)`,
  // Where entries of the archive arrive, two to a row, to be moved to their places many at a time.
  `CREATE TABLE archive_fresh (
    id INTEGER NOT NULL,
    owner INTEGER NOT NULL,
    peer TEXT NOT NULL,
    other_owner INTEGER,
    other_peer TEXT)`,
  `CREATE TABLE archive_preference (
    account INTEGER NOT NULL PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
    standard TEXT NOT NULL CHECK (standard IN ('always', 'never', 'roster')),
    always_json TEXT NOT NULL,
    never_json TEXT NOT NULL)`,
  `CREATE TABLE offline (
    account INTEGER NOT NULL,
    id INTEGER NOT NULL,
    stanza TEXT NOT NULL,
    PRIMARY KEY (account, id)) WITHOUT ROWID`,
  `CREATE TABLE last_activity (
    account INTEGER NOT NULL PRIMARY KEY,
    time INTEGER NOT NULL,
    status TEXT NOT NULL)`,
];
