/**
 * How long messages are kept, what was carried out of the archives, and until when a message of the day holds. A rule's `subject` is
 * '' for a domain, the number of a department or of a room otherwise; numbers are never used again, so nobody inherits a rule.
 */
export const statements: readonly string[] = [
  `CREATE TABLE archive_rule (
    domain TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('domain', 'department', 'room')),
    subject TEXT NOT NULL,
    days INTEGER NOT NULL,
    silent INTEGER NOT NULL,
    before INTEGER NOT NULL,
    PRIMARY KEY (domain, kind, subject)) WITHOUT ROWID`,
  `CREATE TRIGGER archive_rule_of_room AFTER DELETE ON room BEGIN
    DELETE FROM archive_rule WHERE kind = 'room' AND subject = CAST(OLD.id AS TEXT)
      AND domain = substr(OLD.service, instr(OLD.service, '.') + 1); END`,
  `CREATE TRIGGER archive_rule_of_department AFTER DELETE ON department BEGIN
    DELETE FROM archive_rule WHERE kind = 'department' AND subject = CAST(OLD.id AS TEXT) AND domain = OLD.domain; END`,
  `CREATE TABLE archive_export (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    domain TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('domain', 'person', 'room')),
    subject TEXT NOT NULL,
    since INTEGER,
    until INTEGER,
    actor TEXT NOT NULL,
    reason TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('running', 'done', 'failed', 'cancelled', 'swept')),
    error TEXT NOT NULL,
    messages INTEGER NOT NULL,
    file TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    expires_at INTEGER)`,
  `CREATE INDEX archive_export_by_state ON archive_export (state, id)`,
  `CREATE INDEX archive_export_by_domain ON archive_export (domain, id)`,
  `ALTER TABLE motd ADD COLUMN until INTEGER`,
];
