/**
 * Certificates that others sign. `certificate_request`: the key that was made for a request, until the answer comes. `acme_account`: who
 * we are for an authority that is asked by ACME (RFC 8555), by the address of its directory. `acme_order`: which domains get their
 * certificate so, for which names, and how the last try went. Keys are secret.
 */
export const statements: readonly string[] = [
  `CREATE TABLE certificate_request (
    domain TEXT NOT NULL PRIMARY KEY,
    request_pem TEXT NOT NULL,
    key_pem TEXT NOT NULL,
    created_at INTEGER NOT NULL
  ) WITHOUT ROWID`,
  `CREATE TABLE acme_account (
    directory TEXT NOT NULL PRIMARY KEY,
    key_pem TEXT NOT NULL,
    url TEXT NOT NULL,
    created_at INTEGER NOT NULL
  ) WITHOUT ROWID`,
  `CREATE TABLE acme_order (
    domain TEXT NOT NULL PRIMARY KEY,
    names_json TEXT NOT NULL,
    next_at INTEGER NOT NULL,
    tried_at INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    failure TEXT NOT NULL
  ) WITHOUT ROWID`,
];
