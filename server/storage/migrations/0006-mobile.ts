/** External components, and where phones that are away are woken. */
export const statements: readonly string[] = [
  // The secret itself: a handshake can be checked in no other way (docs/decisions, "Secrets of components").
  `CREATE TABLE component (
    domain TEXT NOT NULL PRIMARY KEY,
    secret TEXT NOT NULL,
    created_at INTEGER NOT NULL) WITHOUT ROWID`,
  `CREATE TABLE push_registration (
    account INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    jid TEXT NOT NULL,
    node TEXT NOT NULL,
    resource TEXT NOT NULL,
    options_xml TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (account, jid, node)) WITHOUT ROWID`,
];
