/**
 * What people say about themselves (XEP-0054), and XML that clients keep for themselves (XEP-0049). The picture stands
 * apart from the card, so that whoever asks for its hash does not read it.
 */
export const statements: readonly string[] = [
  `CREATE TABLE profile (
    account INTEGER NOT NULL PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
    card TEXT,
    card_audience TEXT NOT NULL CHECK (card_audience IN ('all', 'contacts')),
    given TEXT NOT NULL,
    family TEXT NOT NULL,
    nick TEXT NOT NULL,
    email TEXT NOT NULL,
    given_search TEXT NOT NULL,
    family_search TEXT NOT NULL,
    nick_search TEXT NOT NULL,
    email_search TEXT NOT NULL,
    photo_hash TEXT,
    photo_audience TEXT NOT NULL CHECK (photo_audience IN ('all', 'contacts')))`,
  `CREATE TABLE profile_photo (
    account INTEGER NOT NULL PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
    type TEXT NOT NULL,
    data BLOB NOT NULL)`,
  `CREATE TABLE private_xml (
    account INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    xmlns TEXT NOT NULL,
    name TEXT NOT NULL,
    xml TEXT NOT NULL,
    size INTEGER NOT NULL,
    PRIMARY KEY (account, xmlns, name)) WITHOUT ROWID`,
];
