/**
 * Whose password came by the help desk, which may know it. Who made the links that there are already nobody knows any more: it counts
 * as the help desk.
 */
export const statements: readonly string[] = [
  `CREATE TABLE account_helped (
    account INTEGER NOT NULL PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE)`,
  'ALTER TABLE reset_link ADD COLUMN helped INTEGER NOT NULL DEFAULT 1',
];
