import type { Database as Connection } from 'better-sqlite3';
import { compose, type Statement, sql } from './database.ts';
import { keysIn, matches, type Pattern } from './searchable.ts';

/**
 * The words of archived messages, found by SQLite's FTS5. Another engine would have its own way to do what is exported here.
 *
 * The index holds each message once, whoever archives it, under the keys of its words and of its owners (`@` and a number,
 * which no word can be), and so leads to the few messages of one owner that may be meant. `archive_matches` then looks at
 * their text. The index keeps no text and no positions. It gives hints, never answers: whether somebody may see a message is
 * read in the archive, and what it says in the message. So no user's text is ever FTS5 syntax: only keys are.
 */
export const SCHEMA: readonly string[] = [
  `CREATE VIRTUAL TABLE message_words USING fts5(keys, content='', contentless_delete=1, detail=none,
    tokenize="ascii tokenchars '@+'")`,
  // Small parts of the index are put together when there are so many; with the usual 4, each word is rewritten twice as often.
  `INSERT INTO message_words (message_words, rank) VALUES ('automerge', 16)`,
  // Up to which row of archive_fresh messages are in the index. All that has left that table is.
  `CREATE TABLE message_words_fresh (row INTEGER NOT NULL)`,
  `INSERT INTO message_words_fresh VALUES (0)`,
];

/** Puts all messages into the index that were archived before there was one. */
export const INDEX_ALL: readonly string[] = [
  `INSERT INTO message_words (rowid, keys) SELECT id, keys FROM (
    SELECT owned.id AS id, archive_keys(message.stanza, owned.owners) AS keys
    FROM (SELECT id, group_concat('@' || owner, ' ') AS owners FROM archive GROUP BY id) AS owned
    JOIN message ON message.id = owned.id LIMIT -1)
    WHERE keys <> ''`,
];

/** Puts what was archived since the last time into the index: rows that are still in archive_fresh. */
export const GROW_INDEX: readonly Statement[] = [
  sql`WITH owned AS (
      SELECT id, group_concat(CASE WHEN other_owner IS NULL THEN '@' || owner ELSE '@' || owner || ' @' || other_owner END, ' ')
        AS owners
      FROM archive_fresh WHERE rowid > (SELECT row FROM message_words_fresh) GROUP BY id),
    keyed AS MATERIALIZED (
      SELECT owned.id AS id, archive_keys(message.stanza, owned.owners) AS keys
      FROM owned JOIN message ON message.id = owned.id)
    INSERT INTO message_words (rowid, keys) SELECT id, keys FROM keyed WHERE keys <> '' ORDER BY id`,
  sql`UPDATE message_words_fresh SET row = coalesce((SELECT max(rowid) FROM archive_fresh), 0)`,
];

/** archive_fresh was emptied. */
export const INDEX_PLACED: Statement = sql`UPDATE message_words_fresh SET row = 0`;

/** Takes messages out of the index; `ids` is a query for them. */
export function dropFromIndex(ids: Statement): Statement {
  return compose(sql`DELETE FROM message_words WHERE rowid IN (`, ids, sql`)`);
}

/** Pages of the index that one step of tidying writes: some milliseconds. */
const STEP = 200;

/**
 * Taken out is only what is marked as gone. These put the parts of the index together without it: `BEGIN_TIDYING` once and then
 * `TIDY` until it changes less than two rows.
 */
export const BEGIN_TIDYING: Statement = sql`INSERT INTO message_words (message_words, rank) VALUES ('merge', ${-STEP})`;
export const TIDY: Statement = sql`INSERT INTO message_words (message_words, rank) VALUES ('merge', ${STEP})`;
/** Rows that were changed since the store was opened, by anybody. */
export const CHANGES: Statement = sql`SELECT total_changes() AS n`;

/** The ids from `from` to `to` of indexed messages of an owner with these keys. In order of ids it stops where one stops asking. */
export function indexed(owner: number, keys: readonly string[], from: number, to: number): Statement {
  const wanted = [`@${owner}`, ...keys].map((key) => `"${key.replaceAll('"', '""')}"`).join(' AND ');
  return sql`SELECT rowid AS id FROM message_words
    WHERE message_words MATCH ${wanted} AND rowid >= ${from} AND rowid <= ${to}`;
}

/** The same, whoever's they are. */
export function indexedForAll(keys: readonly string[], from: number, to: number): Statement {
  const wanted = keys.map((key) => `"${key.replaceAll('"', '""')}"`).join(' AND ');
  return sql`SELECT rowid AS id FROM message_words
    WHERE message_words MATCH ${wanted} AND rowid >= ${from} AND rowid <= ${to}`;
}

/** The ids of messages that are not in the index yet; few. */
export function unindexed(from: Statement, to: Statement): Statement {
  return compose(
    sql`SELECT DISTINCT id FROM archive_fresh WHERE rowid > (SELECT row FROM message_words_fresh) AND id >=`,
    from,
    sql`AND id <=`,
    to,
  );
}

/** A condition: what is stored in `message.stanza` has all that is looked for. */
export function matching(pattern: Pattern): Statement {
  return sql`archive_matches(message.stanza, ${JSON.stringify(pattern)})`;
}

/** What the statements above and the migrations ask of a connection. */
export function addTextFunctions(db: Connection): void {
  const options = { deterministic: true, directOnly: true };
  db.function('archive_keys', options, (stanza: string, owners: string) => {
    const keys = keysIn(stanza);
    return keys === '' ? '' : owners + keys;
  });
  let known = '';
  let pattern: Pattern = { phrases: [] };
  db.function('archive_matches', options, (stanza: string, wanted: string) => {
    if (wanted !== known) {
      pattern = JSON.parse(wanted);
      known = wanted;
    }
    return matches(stanza, pattern) ? 1 : 0;
  });
}
