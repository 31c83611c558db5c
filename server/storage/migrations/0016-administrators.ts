/**
 * How administrators prove who they are, beside the password. Of recovery codes there are hashes only; the secret of the codes that
 * change every half minute must be read again, so it is sealed with a key that is not in the store.
 */
export const statements: readonly string[] = [
  `ALTER TABLE admin ADD COLUMN disabled INTEGER NOT NULL DEFAULT 0`,
  `ALTER TABLE admin_session ADD COLUMN proven_at INTEGER NOT NULL DEFAULT 0`,
  `CREATE TABLE admin_totp (
    admin INTEGER NOT NULL PRIMARY KEY REFERENCES admin (id) ON DELETE CASCADE,
    sealed TEXT NOT NULL,
    confirmed INTEGER NOT NULL,
    last_step INTEGER NOT NULL,
    created_at INTEGER NOT NULL)`,
  `CREATE TABLE admin_recovery (
    admin INTEGER NOT NULL REFERENCES admin (id) ON DELETE CASCADE,
    hash TEXT NOT NULL,
    PRIMARY KEY (admin, hash)) WITHOUT ROWID`,
  `CREATE TABLE admin_passkey (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    admin INTEGER NOT NULL REFERENCES admin (id) ON DELETE CASCADE,
    credential TEXT NOT NULL UNIQUE,
    public_key TEXT NOT NULL,
    counter INTEGER NOT NULL,
    host TEXT NOT NULL,
    transports TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    last_used INTEGER)`,
  `CREATE INDEX admin_passkey_by_admin ON admin_passkey (admin, id)`,
];
