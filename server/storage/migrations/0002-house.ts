/** What the house itself keeps: settings, certificates, administrators and what they did. */
export const statements: readonly string[] = [
  `CREATE TABLE setting (name TEXT NOT NULL PRIMARY KEY, value_json TEXT NOT NULL) WITHOUT ROWID`,
  `CREATE TABLE authority (
    name TEXT NOT NULL PRIMARY KEY,
    key_pem TEXT NOT NULL,
    certificate_pem TEXT NOT NULL,
    created_at INTEGER NOT NULL)`,
  `CREATE TABLE certificate (
    domain TEXT NOT NULL PRIMARY KEY,
    chain_pem TEXT NOT NULL,
    key_pem TEXT NOT NULL,
    not_after INTEGER NOT NULL,
    source TEXT NOT NULL,
    created_at INTEGER NOT NULL)`,
  `CREATE TABLE admin (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    role TEXT NOT NULL,
    created_at INTEGER NOT NULL)`,
  `CREATE TABLE admin_session (
    token_hash TEXT NOT NULL PRIMARY KEY,
    admin INTEGER NOT NULL REFERENCES admin (id) ON DELETE CASCADE,
    csrf TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    address TEXT NOT NULL,
    agent TEXT NOT NULL) WITHOUT ROWID`,
  `CREATE INDEX admin_session_by_admin ON admin_session (admin)`,
  `CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    time INTEGER NOT NULL,
    actor TEXT NOT NULL,
    door TEXT NOT NULL CHECK (door IN ('panel', 'cli', 'chat', 'house')),
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail_json TEXT NOT NULL,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL)`,
  `CREATE TABLE one_time_code (
    hash TEXT NOT NULL PRIMARY KEY,
    purpose TEXT NOT NULL,
    subject TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL) WITHOUT ROWID`,
];
