import { type Database, type Statement, sql } from '../database.ts';
import { type Names, searchable } from './profiles.ts';

/** What somebody looks for; '' for what does not matter. All that is given must fit. */
export interface DirectoryQuery extends Names {
  readonly domain: string;
  /** Words, each of which stands somewhere in a name, a nickname or an address; those after the fourth do not count. */
  readonly words: string;
  /** Only people who wrote a card that all may see. */
  readonly written: boolean;
  /** A local part: only people after it in order. */
  readonly after: string;
  /** 0 to 1,000. */
  readonly limit: number;
}

/** One person as the directory shows them. */
export interface Listed extends Names {
  readonly local: string;
  /** The name that the administrator gave, '' for none. */
  readonly name: string;
}

/** The text of a part that is looked for, anywhere in a longer one: nothing in it is a wildcard. */
function part(text: string): string {
  return `%${searchable(text).trim().replace(/[!%_]/g, '!$&')}%`;
}

/**
 * People of one domain whose accounts are in use, by local part. One statement, whatever is looked for, so that it is
 * prepared once: what does not matter fits everybody.
 */
export function directoryStatement({
  domain,
  given,
  family,
  nick,
  email,
  words,
  written,
  after,
  limit,
}: DirectoryQuery): Statement {
  const [one = '%', two = '%', three = '%', four = '%'] = words.trim().split(/\s+/).map(part);
  return sql`SELECT a.local AS local, a.name AS name, coalesce(p.given, '') AS given, coalesce(p.family, '') AS family,
      coalesce(p.nick, '') AS nick, coalesce(p.email, '') AS email
    FROM account a LEFT JOIN profile p ON p.account = a.id
    WHERE a.domain = ${domain} AND a.local > ${after} AND a.status = 'active'
      AND (${written ? 1 : 0} = 0 OR (p.card IS NOT NULL AND p.card_audience = 'all'))
      AND (p.given_search LIKE ${part(given)} ESCAPE '!' OR a.search LIKE ${part(given)} ESCAPE '!')
      AND (p.family_search LIKE ${part(family)} ESCAPE '!' OR a.search LIKE ${part(family)} ESCAPE '!')
      AND (p.nick_search LIKE ${part(nick)} ESCAPE '!' OR a.local LIKE ${part(nick)} ESCAPE '!')
      AND (p.email_search LIKE ${part(email)} ESCAPE '!' OR a.local || '@' || a.domain LIKE ${part(email)} ESCAPE '!')
      AND a.search || ' ' || a.local || '@' || a.domain || ' ' || coalesce(p.given_search || ' ' || p.family_search
        || ' ' || p.nick_search || ' ' || p.email_search, '') LIKE ${one} ESCAPE '!'
      AND a.search || ' ' || a.local || '@' || a.domain || ' ' || coalesce(p.given_search || ' ' || p.family_search
        || ' ' || p.nick_search || ' ' || p.email_search, '') LIKE ${two} ESCAPE '!'
      AND a.search || ' ' || a.local || '@' || a.domain || ' ' || coalesce(p.given_search || ' ' || p.family_search
        || ' ' || p.nick_search || ' ' || p.email_search, '') LIKE ${three} ESCAPE '!'
      AND a.search || ' ' || a.local || '@' || a.domain || ' ' || coalesce(p.given_search || ' ' || p.family_search
        || ' ' || p.nick_search || ' ' || p.email_search, '') LIKE ${four} ESCAPE '!'
    ORDER BY a.local LIMIT ${limit}`;
}

/** Who works here, for those who work here (XEP-0055). */
export class Directory {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async search(query: DirectoryQuery): Promise<Listed[]> {
    return this.#db.all<Listed>(directoryStatement(query));
  }
}
