/**
 * The clients that people log in with (XEP-0388 §2.4) and their tokens (XEP-0484), two to a client: the one in use, and a
 * newer one that was given and not used yet. A token itself is not here: see docs/decisions/0015-tokens-that-are-not-stored.md.
 */
export const statements: readonly string[] = [
  `CREATE TABLE device (
    account INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    software TEXT NOT NULL,
    name TEXT NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    password_at INTEGER NOT NULL,
    current_seed BLOB,
    current_mechanism TEXT,
    current_issued_at INTEGER,
    current_expires_at INTEGER,
    current_count INTEGER,
    fresh_seed BLOB,
    fresh_mechanism TEXT,
    fresh_issued_at INTEGER,
    fresh_expires_at INTEGER,
    fresh_count INTEGER,
    PRIMARY KEY (account, id)) WITHOUT ROWID`,
  `CREATE INDEX device_by_last_seen ON device (last_seen)`,
];
