/**
 * What settings were before, and ways into the audit log. Rows of `audit` have been a chain from the first on; where the oldest were
 * deleted by age, `audit_start` has the number and the hash of the last that went. `setting_change` has one row for each change of a
 * setting, with NULL for what the server comes with; of a secret it only says that there was one. `domain` is '' for what is the same everywhere.
 */
export const statements: readonly string[] = [
  'CREATE INDEX audit_by_actor ON audit (actor)',
  'CREATE INDEX audit_by_action ON audit (action)',
  'CREATE INDEX audit_by_subject ON audit (subject)',
  `CREATE TABLE audit_start (
    name TEXT NOT NULL PRIMARY KEY,
    id INTEGER NOT NULL,
    hash TEXT NOT NULL)`,
  `CREATE TABLE setting_change (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL,
    domain TEXT NOT NULL,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    door TEXT NOT NULL,
    kept TEXT NOT NULL CHECK (kept IN ('all', 'secret', 'long')),
    old_json TEXT,
    new_json TEXT)`,
  'CREATE INDEX setting_change_by_key ON setting_change (key, domain, id)',
  'CREATE INDEX setting_change_by_domain ON setting_change (domain)',
];
