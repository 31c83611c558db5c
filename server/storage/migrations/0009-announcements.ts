/** What the office tells everybody, how far it has been told, and the message of the day with who has seen which one. */
export const statements: readonly string[] = [
  `CREATE TABLE announcement (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    domain TEXT NOT NULL,
    text TEXT NOT NULL,
    audience TEXT NOT NULL CHECK (audience IN ('all', 'online')),
    actor TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    reached TEXT NOT NULL,
    given INTEGER NOT NULL,
    finished INTEGER NOT NULL)`,
  `CREATE INDEX announcement_by_domain ON announcement (domain, finished, id)`,
  `CREATE TABLE motd (
    domain TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    text TEXT NOT NULL,
    set_at INTEGER NOT NULL) WITHOUT ROWID`,
  // No foreign key: it is written along with the message that it is about, which must not fail for it.
  `CREATE TABLE motd_seen (account INTEGER NOT NULL PRIMARY KEY, version INTEGER NOT NULL)`,
];
