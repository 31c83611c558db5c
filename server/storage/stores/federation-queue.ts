import { among, compose, type Database, type Statement, sql } from '../database.ts';

/** A stanza that waits for a link to another server. */
export interface QueuedStanza {
  /** Given by whoever writes it, growing: what was said first has the lower one. */
  readonly id: number;
  /** Our domain and theirs. */
  readonly local: string;
  readonly remote: string;
  /** The bare address of who sent it: with an account goes what it left here. */
  readonly sender: string;
  readonly kind: 'message' | 'presence' | 'iq';
  readonly xml: string;
  /** ms since 1970. */
  readonly at: number;
}

/** What waits for other servers, so that it is not lost when this one stops. */
export class FederationQueue {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** What adds one, for the ledger of the walk that it comes from. */
  appendStatement({ id, local, remote, sender, kind, xml, at }: QueuedStanza): Statement {
    return sql`INSERT INTO federation_queue (id, local, remote, sender, kind, xml, at)
      VALUES (${id}, ${local}, ${remote}, ${sender}, ${kind}, ${xml}, ${at})`;
  }

  /** All that waits, a page at a time, in the order of their numbers; `after` is the last number of the page before. */
  async page(limit: number, after = -1): Promise<QueuedStanza[]> {
    return this.#db.all<QueuedStanza>(sql`SELECT id, local, remote, sender, kind, xml, at FROM federation_queue
      WHERE id > ${after} ORDER BY id LIMIT ${limit}`);
  }

  /** All of it. Whoever fills the queue holds its limits. */
  async all(): Promise<QueuedStanza[]> {
    const found: QueuedStanza[] = [];
    for (let page = await this.page(500); page.length > 0; page = await this.page(500, found.at(-1)!.id)) {
      found.push(...page);
    }
    return found;
  }

  /** The highest number there is, 0 for none. */
  async largestId(): Promise<number> {
    return (await this.#db.get<{ id: number }>(sql`SELECT id FROM federation_queue ORDER BY id DESC LIMIT 1`))?.id ?? 0;
  }

  async count(): Promise<number> {
    return (await this.#db.get<{ n: number }>(sql`SELECT count(*) AS n FROM federation_queue`))?.n ?? 0;
  }

  /** What takes away all that waits for a link and was said up to a number. Nobody waits for that: use it with `queue`. */
  removeUpToStatement(remote: string, local: string, id: number): Statement {
    return sql`DELETE FROM federation_queue WHERE remote = ${remote} AND local = ${local} AND id <= ${id}`;
  }

  async removeUpTo(remote: string, local: string, id: number): Promise<void> {
    await this.#db.run(this.removeUpToStatement(remote, local, id));
  }

  async remove(ids: readonly number[]): Promise<void> {
    for (let i = 0; i < ids.length; i += 500) {
      await this.#db.run(compose(sql`DELETE FROM federation_queue WHERE id IN`, among(ids.slice(i, i + 500))));
    }
  }
}
