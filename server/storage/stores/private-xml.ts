import { KeyedMutex } from '../../util/keyed-mutex.ts';
import { type Database, sql } from '../database.ts';

/** One element that a client keeps for itself. */
export interface PrivateElement {
  readonly xmlns: string;
  readonly name: string;
  /** The element as XML; '' takes it away. */
  readonly xml: string;
}

/** XML that clients keep for themselves (XEP-0049): one element for each name in each namespace. */
export class PrivateXml {
  /** Whoever reads before it writes does so in here, by account. */
  readonly changes = new KeyedMutex<number>();
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async get(account: number, xmlns: string, name: string): Promise<string | undefined> {
    const row = await this.#db.get<{ xml: string }>(sql`SELECT xml FROM private_xml
      WHERE account = ${account} AND xmlns = ${xmlns} AND name = ${name}`);
    return row?.xml;
  }

  /** What an account keeps: for each element how many bytes. */
  async sizes(account: number): Promise<{ xmlns: string; name: string; size: number }[]> {
    return this.#db.all(sql`SELECT xmlns, name, size FROM private_xml WHERE account = ${account}`);
  }

  /** Puts elements in the places of those before, all or none. Resolves once on disk. */
  async put(account: number, elements: readonly PrivateElement[]): Promise<void> {
    await this.#db.batch(
      elements.map(({ xmlns, name, xml }) =>
        xml === ''
          ? sql`DELETE FROM private_xml WHERE account = ${account} AND xmlns = ${xmlns} AND name = ${name}`
          : sql`INSERT INTO private_xml (account, xmlns, name, xml, size)
              VALUES (${account}, ${xmlns}, ${name}, ${xml}, ${Buffer.byteLength(xml)})
              ON CONFLICT (account, xmlns, name) DO UPDATE SET xml = excluded.xml, size = excluded.size`,
      ),
    );
  }
}
