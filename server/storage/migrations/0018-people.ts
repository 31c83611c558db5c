/**
 * What administrators need to keep thousands of people in order: lists by name and by when somebody was last here, accounts that
 * are to be deleted after a while, how much space each may take, and imports, of which each knows what it made, so that it can be
 * taken back. `seen_at` is 0 while nobody ever came, and the last moment there is while somebody is connected.
 */
export const statements: readonly string[] = [
  `ALTER TABLE account ADD COLUMN name_key TEXT NOT NULL DEFAULT ''`,
  `UPDATE account SET name_key = lower(CASE WHEN name = '' THEN local ELSE name END)`,
  'ALTER TABLE account ADD COLUMN seen_at INTEGER NOT NULL DEFAULT 0',
  `UPDATE account SET seen_at = COALESCE((SELECT l.time FROM last_activity l WHERE l.account = account.id), 0)`,
  'CREATE INDEX account_by_name_key ON account (name_key, id)',
  'CREATE INDEX account_by_seen ON account (seen_at, id)',
  'CREATE INDEX account_by_created ON account (created_at, id)',
  `CREATE TABLE account_leaving (
    account INTEGER NOT NULL PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
    asked_at INTEGER NOT NULL,
    remove_at INTEGER NOT NULL,
    status TEXT NOT NULL,
    reason TEXT NOT NULL)`,
  'CREATE INDEX account_leaving_by_time ON account_leaving (remove_at)',
  `CREATE TABLE account_quota (
    account INTEGER NOT NULL PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
    file_bytes INTEGER NOT NULL)`,
  `CREATE TABLE people_import (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    actor TEXT NOT NULL,
    file TEXT NOT NULL,
    way TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('running', 'done', 'stopped', 'undoing', 'undone')),
    total INTEGER NOT NULL,
    left_out INTEGER NOT NULL,
    made INTEGER NOT NULL DEFAULT 0,
    changed INTEGER NOT NULL DEFAULT 0,
    invited INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    undone INTEGER NOT NULL DEFAULT 0,
    kept INTEGER NOT NULL DEFAULT 0)`,
  `CREATE TABLE people_import_item (
    import_id INTEGER NOT NULL REFERENCES people_import (id) ON DELETE CASCADE,
    line INTEGER NOT NULL,
    what TEXT NOT NULL CHECK (what IN ('made', 'changed', 'invited', 'failed', 'kept', 'department')),
    jid TEXT NOT NULL,
    account INTEGER REFERENCES account (id) ON DELETE CASCADE,
    invitation INTEGER REFERENCES invitation (id) ON DELETE CASCADE,
    detail_json TEXT NOT NULL,
    PRIMARY KEY (import_id, line)) WITHOUT ROWID`,
  'CREATE INDEX people_import_item_by_account ON people_import_item (account)',
  'CREATE INDEX people_import_item_by_invitation ON people_import_item (invitation)',
];
