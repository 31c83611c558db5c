import { INDEX_ALL, SCHEMA } from '../sqlite-text-index.ts';

/** Archives can be searched for words, and reports of abuse are kept for the administrator. */
export const statements: readonly string[] = [
  ...SCHEMA,
  ...INDEX_ALL,
  // No foreign key: `account` is gone with its archive, later than the account itself.
  `CREATE TABLE report (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    time INTEGER NOT NULL,
    account INTEGER NOT NULL,
    reporter TEXT NOT NULL,
    subject TEXT NOT NULL,
    reason TEXT NOT NULL,
    text TEXT NOT NULL,
    messages_json TEXT NOT NULL)`,
  `CREATE INDEX report_by_account ON report (account, time)`,
];
