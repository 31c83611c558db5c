/**
 * Sessions whose clients come back after a restart of the server: written when it stops, read when it starts, and gone when the
 * client is back or is not waited for any more.
 */
export const statements: readonly string[] = [
  `CREATE TABLE kept_session (
    account INTEGER NOT NULL,
    resource TEXT NOT NULL,
    kept_at INTEGER NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (account, resource)) WITHOUT ROWID`,
];
