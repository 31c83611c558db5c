/**
 * Backups that were made, by the names of their files. What is in the folder is what there is; a row tells what is known of it.
 * `state` is `unchecked`, `good` or `bad`, as the last test restore found it; `how` is `timer`, `panel` or `cli`.
 */
export const statements: readonly string[] = [
  `CREATE TABLE backup (
    name TEXT NOT NULL PRIMARY KEY,
    made_at INTEGER NOT NULL,
    how TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    people INTEGER NOT NULL,
    files INTEGER NOT NULL,
    version TEXT NOT NULL,
    state TEXT NOT NULL,
    problem TEXT NOT NULL,
    checked_at INTEGER
  ) WITHOUT ROWID`,
];
