import { type Database, sql } from '../database.ts';

/** Whose archive it is: a person of a domain, or one of its rooms. */
export interface ArchiveOwner {
  readonly id: number;
  /** The part of the address before the @. */
  readonly local: string;
}

/** Who has an archive, in the order of their numbers, some at a time. */
export class ArchiveOwners {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** The next people of a domain, by local part. */
  people(domain: string, after: string, limit: number): Promise<ArchiveOwner[]> {
    return this.#db.all(
      sql`SELECT id, local FROM account WHERE domain = ${domain} AND local > ${after} ORDER BY local LIMIT ${limit}`,
    );
  }

  /** The next rooms of a service, by name. */
  rooms(service: string, after: string, limit: number): Promise<ArchiveOwner[]> {
    return this.#db.all(
      sql`SELECT id, name AS local FROM room WHERE service = ${service} AND name > ${after} ORDER BY name LIMIT ${limit}`,
    );
  }

  /** All of them, people first. */
  async *all(domain: string, service: string, slice = 200): AsyncGenerator<ArchiveOwner & { readonly room: boolean }> {
    for (const room of [false, true]) {
      for (let after = ''; ; ) {
        const page = await (room ? this.rooms(service, after, slice) : this.people(domain, after, slice));
        for (const owner of page) yield { ...owner, room };
        if (page.length < slice) break;
        after = page.at(-1)!.local;
      }
    }
  }

  /** The name of a room, undefined when there is none of this number. */
  async roomOf(id: number): Promise<string | undefined> {
    const row = await this.#db.get<{ name: string }>(sql`SELECT name FROM room WHERE id = ${id}`);
    return row?.name;
  }
}
