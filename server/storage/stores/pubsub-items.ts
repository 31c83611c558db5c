import { Cached, type Soon } from '../cached.ts';
import { among, compose, type Database, type Statement, sql } from '../database.ts';
import type { PubsubNode } from './pubsub-nodes.ts';

export interface PubsubItem {
  readonly id: string;
  /** Bare address. */
  readonly publisher: string;
  /** Milliseconds since 1970. */
  readonly publishedAt: number;
  /** One element as XML, '' for an item without a payload. */
  readonly payload: string;
}

export interface ItemQuery {
  /** Item ids between which to look; unknown ones give nothing. */
  readonly after?: string | undefined;
  readonly before?: string | undefined;
  /** The newest instead of the oldest; they come in order of publication all the same. */
  readonly newest: boolean;
  readonly limit: number;
  /** Only items published after this moment. */
  readonly since: number;
  /** See `fitting`. */
  readonly room?: number;
}

interface Row {
  id: string;
  publisher: string;
  published_at: number;
  payload: string;
}

function read({ published_at: publishedAt, ...rest }: Row): PubsubItem {
  return { ...rest, publishedAt };
}

/**
 * Reads the items that `sized` gives (`id`, `place`, `publisher`, `published_at`, `size` in bytes) as long as there is room for
 * their payloads, `room` bytes: of the first in any case, or nobody would get further.
 */
function fitting(node: number, sized: Statement, newest: boolean, room = Number.MAX_SAFE_INTEGER): Statement {
  const order = newest ? sql`ORDER BY place DESC` : sql`ORDER BY place`;
  return compose(
    sql`SELECT id, publisher, published_at,
      (SELECT i.payload FROM pubsub_item AS i WHERE i.node = ${node} AND i.id = summed.id) AS payload
      FROM (SELECT id, place, publisher, published_at, size, sum(size) OVER (`,
    order,
    compose(sql`ROWS UNBOUNDED PRECEDING) AS total FROM (`, sized, sql`) AS sized) AS summed`),
    compose(sql`WHERE total <= ${room} OR total = size`, order),
  );
}

const SIZED = sql`SELECT id, place, publisher, published_at, octet_length(payload) AS size FROM pubsub_item`;
const COLUMNS = sql`SELECT id, publisher, published_at, payload FROM pubsub_item`;
/** Characters of last items that are kept in memory. */
const REMEMBERED = 32_000_000;

/** Items of nodes, in the order in which they were last published (XEP-0060 §12.1). */
export class PubsubItems {
  readonly #db: Database;
  readonly #last: Cached<number, PubsubItem | undefined>;

  constructor(db: Database) {
    this.#db = db;
    this.#last = new Cached(
      REMEMBERED,
      (node) => this.#loadLast(node),
      (item) => 200 + (item?.payload.length ?? 0),
    );
  }

  /**
   * What puts an item at the end of a node and drops the oldest beyond `max`; to be written in the same turn. The write fails
   * by `quota` when all nodes of the same creator at the same service would weigh more than `quota` bytes then.
   */
  putStatements(of: PubsubNode, item: PubsubItem, max: number, since: number, quota: number): Statement[] {
    const node = of.id;
    this.#last.forget(node);
    return [
      sql`INSERT INTO pubsub_item (node, id, place, publisher, published_at, payload)
        VALUES (${node}, ${item.id}, (SELECT COALESCE(MAX(place), 0) + 1 FROM pubsub_item WHERE node = ${node}),
          ${item.publisher}, ${item.publishedAt}, ${item.payload})
        ON CONFLICT (node, id) DO UPDATE SET place = excluded.place, publisher = excluded.publisher,
          published_at = excluded.published_at, payload = excluded.payload`,
      ...this.trimStatements(node, max, since),
      sql`UPDATE pubsub_node SET bytes = -1 WHERE id = ${node} AND ${quota} <
        (SELECT SUM(bytes) FROM pubsub_node WHERE creator = ${of.creator} AND service = ${of.service})`,
    ];
  }

  /** What drops the oldest items beyond `max` and those published before `since`. */
  trimStatements(node: number, max: number, since: number): Statement[] {
    this.#last.forget(node);
    const beyond = sql`DELETE FROM pubsub_item WHERE node = ${node} AND place <=
      (SELECT place FROM pubsub_item WHERE node = ${node} ORDER BY place DESC LIMIT 1 OFFSET ${max})`;
    if (since <= 0) return [beyond];
    return [beyond, sql`DELETE FROM pubsub_item WHERE node = ${node} AND published_at <= ${since}`];
  }

  /** False when there was no such item. */
  async remove(node: number, id: string): Promise<boolean> {
    this.#last.forget(node);
    return (await this.#db.run(sql`DELETE FROM pubsub_item WHERE node = ${node} AND id = ${id}`)) > 0;
  }

  async clear(node: number): Promise<void> {
    this.#last.forget(node);
    await this.#db.run(sql`DELETE FROM pubsub_item WHERE node = ${node}`);
  }

  /** The item published last. */
  last(node: number): Soon<PubsubItem | undefined> {
    return this.#last.get(node);
  }

  async get(node: number, id: string): Promise<PubsubItem | undefined> {
    const row = await this.#db.get<Row>(compose(COLUMNS, sql`WHERE node = ${node} AND id = ${id}`));
    return row && read(row);
  }

  /** Those of these items that there are (at most 1,000) and that fit, in order of publication. */
  async some(node: number, ids: readonly string[], since: number, room?: number): Promise<PubsubItem[]> {
    if (ids.length === 0) return [];
    const sized = compose(SIZED, sql`WHERE node = ${node} AND published_at > ${since} AND id IN`, among(ids));
    return (await this.#db.all<Row>(fitting(node, sized, false, room))).map(read);
  }

  /** The ids of the newest, in order of publication. */
  async newest(node: number, limit: number, since: number): Promise<string[]> {
    const rows = await this.#db.all<{ id: string }>(sql`SELECT id FROM pubsub_item
      WHERE node = ${node} AND published_at > ${since} ORDER BY place DESC LIMIT ${limit}`);
    return rows.map(({ id }) => id).reverse();
  }

  async count(node: number, since: number): Promise<number> {
    const row = await this.#db.get<{ n: number }>(
      sql`SELECT count(*) AS n FROM pubsub_item WHERE node = ${node} AND published_at > ${since}`,
    );
    return row?.n ?? 0;
  }

  async page(node: number, query: ItemQuery): Promise<PubsubItem[]> {
    const { after, before, newest, limit, since, room } = query;
    const sized = compose(
      compose(
        SIZED,
        sql`WHERE node = ${node} AND published_at > ${since}`,
        after === undefined
          ? undefined
          : sql`AND place > (SELECT place FROM pubsub_item WHERE node = ${node} AND id = ${after})`,
        before === undefined
          ? undefined
          : sql`AND place < (SELECT place FROM pubsub_item WHERE node = ${node} AND id = ${before})`,
      ),
      newest ? sql`ORDER BY place DESC` : sql`ORDER BY place`,
      sql`LIMIT ${limit}`,
    );
    const items = (await this.#db.all<Row>(fitting(node, sized, newest, room))).map(read);
    return newest ? items.reverse() : items;
  }

  async #loadLast(node: number): Promise<PubsubItem | undefined> {
    const row = await this.#db.get<Row>(compose(COLUMNS, sql`WHERE node = ${node} ORDER BY place DESC LIMIT 1`));
    return row && read(row);
  }
}
