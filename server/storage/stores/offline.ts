import { Cached, type Soon } from '../cached.ts';
import { among, compose, type Database, type Statement, sql } from '../database.ts';

export interface OfflineMessage {
  /** From `ArchiveIds`; its time is when the message was stored. */
  readonly id: number;
  readonly stanza: string;
}

/** What waits for one account: how many messages, and how many bytes of XML. */
export interface Waiting {
  readonly count: number;
  readonly size: number;
}

/** Messages that wait for their recipient (XEP-0160). */
export class Offline {
  readonly #db: Database;
  readonly #counts: Cached<number, Waiting>;

  constructor(db: Database) {
    this.#db = db;
    this.#counts = new Cached(20_000, (account) => this.#count(account));
  }

  /**
   * The statement that stores one message, for `Database.queue` or `batch` in the same turn, alone or with others.
   * Whoever queues it calls `forget(account)` when it fails.
   */
  append(account: number, id: number, stanza: string): Statement {
    const known = this.#counts.peek(account);
    if (known === undefined) this.#counts.forget(account);
    else this.#counts.put(account, { count: known.count + 1, size: known.size + Buffer.byteLength(stanza) });
    return sql`INSERT INTO offline (account, id, stanza) VALUES (${account}, ${id}, ${stanza})`;
  }

  /** The oldest messages of an account, oldest first; with `after`, those that follow this id. */
  async list(account: number, limit: number, after = 0): Promise<OfflineMessage[]> {
    return this.#db.all<OfflineMessage>(sql`SELECT id, stanza FROM offline
      WHERE account = ${account} AND id > ${after} ORDER BY id LIMIT ${limit}`);
  }

  /** Removes what was handed over. Resolves once that is on disk. */
  async remove(account: number, ids: readonly number[]): Promise<void> {
    if (ids.length === 0) return;
    this.#counts.forget(account);
    const slices = [];
    for (let at = 0; at < ids.length; at += 1_000) {
      slices.push(
        compose(sql`DELETE FROM offline WHERE account = ${account} AND id IN`, among(ids.slice(at, at + 1_000))),
      );
    }
    await this.#db.batch(slices);
  }

  /** The statement that removes one message before it was handed over, for whoever queues it in the same turn. */
  removal(account: number, id: number): Statement {
    this.#counts.forget(account);
    return sql`DELETE FROM offline WHERE account = ${account} AND id = ${id}`;
  }

  /** Removes what stands in the account's archive, too. Resolves once that is on disk. */
  async removeArchived(account: number): Promise<void> {
    this.#counts.forget(account);
    await this.#db.run(sql`DELETE FROM offline WHERE account = ${account} AND (
      EXISTS (SELECT 1 FROM archive WHERE archive.owner = ${account} AND archive.id = offline.id)
      OR id IN (SELECT id FROM archive_fresh WHERE owner = ${account} OR other_owner = ${account}))`);
  }

  /** What waits, those just appended included. */
  waiting(account: number): Soon<Waiting> {
    return this.#counts.get(account);
  }

  /** How many of them there are. */
  async count(account: number): Promise<number> {
    return (await this.#counts.get(account)).count;
  }

  /** A write failed or the account is gone: count anew. */
  forget(account: number): void {
    this.#counts.forget(account);
  }

  async #count(account: number): Promise<Waiting> {
    const row = await this.#db.get<Waiting>(sql`SELECT count(*) AS count, coalesce(sum(octet_length(stanza)), 0) AS size
      FROM offline WHERE account = ${account}`);
    return row ?? { count: 0, size: 0 };
  }
}
