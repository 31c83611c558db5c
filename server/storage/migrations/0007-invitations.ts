/**
 * Links that let somebody in: invitations, and resets of a forgotten password. What is in a link is a secret that is not
 * kept, only its hash. That `left_uses` cannot fall below zero, and that a use must have its invitation, is what keeps two
 * who come at once with the same link from both getting in: the second one's batch fails, its account and all.
 */
export const statements: readonly string[] = [
  `CREATE TABLE invitation (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    hash TEXT NOT NULL UNIQUE,
    domain TEXT NOT NULL,
    purpose TEXT NOT NULL CHECK (purpose IN ('account', 'contact', 'both')),
    local TEXT NOT NULL,
    name TEXT NOT NULL,
    account INTEGER REFERENCES account (id) ON DELETE SET NULL,
    by_person INTEGER NOT NULL,
    creator TEXT NOT NULL,
    uses INTEGER NOT NULL,
    left_uses INTEGER NOT NULL CHECK (left_uses >= 0),
    revoked INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL)`,
  `CREATE INDEX invitation_by_domain ON invitation (domain, id)`,
  `CREATE INDEX invitation_by_name ON invitation (domain, local)`,
  `CREATE INDEX invitation_by_account ON invitation (account)`,
  `CREATE INDEX invitation_by_expiry ON invitation (expires_at)`,
  `CREATE TABLE invitation_use (
    invitation INTEGER NOT NULL REFERENCES invitation (id) ON DELETE CASCADE,
    jid TEXT NOT NULL,
    account INTEGER REFERENCES account (id) ON DELETE CASCADE,
    time INTEGER NOT NULL,
    PRIMARY KEY (invitation, jid)) WITHOUT ROWID`,
  `CREATE INDEX invitation_use_by_account ON invitation_use (account)`,
  `CREATE TABLE reset_link (
    account INTEGER NOT NULL PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
    hash TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL)`,
];
