import { compose, type Database, type Statement, sql } from '../database.ts';
import { searchable } from './profiles.ts';
import type { RoomConfig } from './rooms.ts';

/** Which public rooms are looked for. */
export interface RoomQuery {
  readonly service: string;
  /** Each stands somewhere in one of the places below; those after the fourth do not count. With none, all rooms fit. */
  readonly words: readonly string[];
  readonly inName: boolean;
  readonly inTitle: boolean;
  readonly inDescription: boolean;
  /** Only rooms whose names come after this one, or with `before` set before that one, the nearest first. */
  readonly after: string;
  readonly before?: string;
  /** 0 to 1,000. */
  readonly limit: number;
}

/** A room as it is found. */
export interface ListedRoom {
  readonly name: string;
  readonly config: Partial<RoomConfig>;
}

/** The rooms that can be found: those whose configuration says that they are public. */
export class ListedRooms {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Public rooms in the order of their names. */
  async find(query: RoomQuery): Promise<ListedRoom[]> {
    const rows = await this.#db.all<{ name: string; config_json: string }>(listedStatement(query));
    return rows.map(({ name, config_json }) => ({ name, config: JSON.parse(config_json) }));
  }

  /** How many public rooms a service has. */
  async count(service: string): Promise<number> {
    const row = await this.#db.get<{ n: number }>(
      sql`SELECT count(*) AS n FROM room WHERE service = ${service} AND listed = 1`,
    );
    return row?.n ?? 0;
  }
}

/** One statement whatever is looked for, so that it is prepared once: what does not matter fits every room. */
export function listedStatement(query: RoomQuery): Statement {
  const { service, words, inName, inTitle, inDescription, after, before, limit } = query;
  const [one = '%', two = '%', three = '%', four = '%'] = words.map(part);
  const [name, title, description] = [inName, inTitle, inDescription].map((on) => (on ? 1 : 0)) as [
    number,
    number,
    number,
  ];
  const place = sql`CASE WHEN ${name} = 1 THEN name ELSE '' END || ' ' || CASE WHEN ${title} = 1 THEN title_search ELSE '' END
    || ' ' || CASE WHEN ${description} = 1 THEN description_search ELSE '' END`;
  const fits = compose(
    sql`SELECT name, config_json FROM room WHERE service = ${service} AND listed = 1 AND`,
    place,
    sql`LIKE ${one} ESCAPE '!' AND`,
    place,
    sql`LIKE ${two} ESCAPE '!' AND`,
    place,
    sql`LIKE ${three} ESCAPE '!' AND`,
    place,
    sql`LIKE ${four} ESCAPE '!'`,
  );
  return before === undefined
    ? compose(fits, sql`AND name > ${after} ORDER BY name LIMIT ${limit}`)
    : compose(fits, sql`AND name > ${after} AND name < ${before} ORDER BY name DESC LIMIT ${limit}`);
}

/** The text of a part that is looked for, anywhere in a longer one: nothing in it is a wildcard. */
function part(text: string): string {
  return `%${searchable(text).replace(/[!%_]/g, '!$&')}%`;
}
