import { ArchiveIds } from '../archive-id.ts';
import { Cached, type Soon } from '../cached.ts';
import { compose, type Database, type Statement, sql } from '../database.ts';

export type Affiliation = 'owner' | 'publisher' | 'publish-only' | 'member' | 'none' | 'outcast';
export type AccessModel = 'authorize' | 'open' | 'presence' | 'roster' | 'whitelist';

/** How a node is set up (XEP-0060 §16.4.4). */
export interface NodeConfig {
  readonly title: string;
  readonly description: string;
  /** The namespace of payloads, for people and clients to read. */
  readonly type: string;
  readonly accessModel: AccessModel;
  /** For the access model `roster`. */
  readonly rosterGroups: readonly string[];
  readonly publishModel: 'open' | 'publishers' | 'subscribers';
  readonly persistItems: boolean;
  readonly maxItems: number | 'max';
  /** In seconds. */
  readonly itemExpire: number | 'max';
  readonly maxPayloadSize: number;
  readonly sendLast: 'never' | 'on_sub' | 'on_sub_and_presence';
  readonly deliverNotifications: boolean;
  readonly deliverPayloads: boolean;
  readonly notifyConfig: boolean;
  readonly notifyDelete: boolean;
  readonly notifyRetract: boolean;
  readonly notificationType: 'headline' | 'normal';
  readonly itemReply: 'none' | 'publisher';
}

export interface NodeSubscription {
  /** As it was subscribed: bare or full. */
  readonly jid: string;
  readonly bare: string;
  readonly state: 'pending' | 'subscribed';
  /** XEP-0060 §16.4.2 `pubsub#deliver`. */
  readonly deliver: boolean;
}

/** A node as it is, not to be changed. */
export interface PubsubNode {
  readonly id: number;
  /** An account's number, or the domain of a service. */
  readonly service: string;
  readonly name: string;
  readonly creator: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly config: NodeConfig;
  /** By bare address. */
  readonly affiliations: ReadonlyMap<string, Affiliation>;
  /** By the address that was subscribed. */
  readonly subscriptions: ReadonlyMap<string, NodeSubscription>;
}

/** A page of nodes by name; `last` from the end. */
export interface NodeQuery {
  readonly after?: string | undefined;
  readonly before?: string | undefined;
  readonly last: boolean;
  readonly limit: number;
}

interface Row {
  id: number;
  service: string;
  name: string;
  creator: string;
  created_at: number;
  config_json: string;
}

interface SubscriptionRow {
  jid: string;
  bare: string;
  state: 'pending' | 'subscribed';
  deliver: number;
}

const key = (service: string, name: string): string => `${service} ${name}`;

/**
 * What takes a person off the nodes of others, so that whoever has the address next inherits nothing. Nodes of services that
 * nobody has anything to do with then are deleted: nobody could.
 */
export function leaveNodes(bare: string): Statement[] {
  return [
    sql`DELETE FROM pubsub_node WHERE account IS NULL
      AND id IN (SELECT node FROM pubsub_affiliation WHERE jid = ${bare})
      AND NOT EXISTS (SELECT 1 FROM pubsub_affiliation a WHERE a.node = pubsub_node.id AND a.jid <> ${bare})`,
    // What is left counts for another of its owners, not for whoever has the address next.
    sql`UPDATE pubsub_node SET creator = COALESCE((SELECT MIN(a.jid) FROM pubsub_affiliation a
      WHERE a.node = pubsub_node.id AND a.jid <> ${bare} AND a.affiliation = 'owner'), '')
      WHERE creator = ${bare} AND account IS NULL`,
    sql`DELETE FROM pubsub_affiliation WHERE jid = ${bare}`,
    sql`DELETE FROM pubsub_subscription WHERE bare = ${bare}`,
  ];
}

/** Nodes of publish-subscribe services, with who may do what and who is subscribed. */
export class PubsubNodes {
  readonly #db: Database;
  readonly #ids = new ArchiveIds();
  readonly #nodes: Cached<string, PubsubNode | undefined>;
  readonly #names: Cached<string, readonly string[]>;

  constructor(db: Database) {
    this.#db = db;
    const weigh = (node: PubsubNode | undefined) =>
      node === undefined ? 1 : 4 + node.affiliations.size + node.subscriptions.size;
    this.#nodes = new Cached(200_000, (at) => this.#load(at), weigh);
    this.#names = new Cached(
      200_000,
      (service) => this.#loadNames(service),
      (names) => names.length + 1,
    );
  }

  get(service: string, name: string): Soon<PubsubNode | undefined> {
    return this.#nodes.get(key(service, name));
  }

  /** The names of all nodes of an account; a service of its own has too many for that. */
  names(account: number): Soon<readonly string[]> {
    return this.#names.get(String(account));
  }

  async count(service: string): Promise<number> {
    const row = await this.#db.get<{ n: number }>(
      sql`SELECT count(*) AS n FROM pubsub_node WHERE service = ${service}`,
    );
    return row?.n ?? 0;
  }

  /** How many of them one person made. */
  async countOf(service: string, creator: string): Promise<number> {
    const row = await this.#db.get<{ n: number }>(
      sql`SELECT count(*) AS n FROM pubsub_node WHERE creator = ${creator} AND service = ${service}`,
    );
    return row?.n ?? 0;
  }

  /** Names in order, from one name on or up to one. */
  async page(service: string, query: NodeQuery): Promise<string[]> {
    const { after, before, last, limit } = query;
    const rows = await this.#db.all<{ name: string }>(
      compose(
        sql`SELECT name FROM pubsub_node WHERE service = ${service}`,
        after === undefined ? undefined : sql`AND name > ${after}`,
        before === undefined ? undefined : sql`AND name < ${before}`,
        last ? sql`ORDER BY name DESC` : sql`ORDER BY name`,
        sql`LIMIT ${limit}`,
      ),
    );
    const names = rows.map((row) => row.name);
    return last ? names.reverse() : names;
  }

  /** A node that is not stored yet, to be handed to `createStatements`. */
  make(service: string, name: string, creator: string, config: NodeConfig, owners: readonly string[]): PubsubNode {
    return {
      id: this.#ids.next(),
      service,
      name,
      creator,
      createdAt: Date.now(),
      config,
      affiliations: new Map(owners.map((jid) => [jid, 'owner'])),
      subscriptions: new Map(),
    };
  }

  /** What stores a new node, to be written in the turn in which it is asked for. The write fails when the name is taken. */
  createStatements(node: PubsubNode, account: number | undefined): Statement[] {
    this.#nodes.forget(key(node.service, node.name));
    this.#names.forget(node.service);
    return [
      sql`INSERT INTO pubsub_node (id, service, name, account, creator, created_at, config_json)
        VALUES (${node.id}, ${node.service}, ${node.name}, ${account ?? null}, ${node.creator}, ${node.createdAt},
          ${JSON.stringify(node.config)})`,
      ...[...node.affiliations].map(([jid, affiliation]) => this.#affiliate(node.id, jid, affiliation)),
    ];
  }

  async configure(node: PubsubNode, config: NodeConfig, more: readonly Statement[] = []): Promise<void> {
    this.#nodes.forget(key(node.service, node.name));
    await this.#db.batch([
      sql`UPDATE pubsub_node SET config_json = ${JSON.stringify(config)} WHERE id = ${node.id}`,
      ...more,
    ]);
  }

  /** Removes a node with all that is in it. */
  async remove(node: PubsubNode): Promise<void> {
    this.#nodes.forget(key(node.service, node.name));
    this.#names.forget(node.service);
    await this.#db.run(sql`DELETE FROM pubsub_node WHERE id = ${node.id}`);
  }

  /** Removes all nodes of a service that has a domain of its own. */
  async removeService(service: string): Promise<void> {
    this.#nodes.clear();
    this.#names.forget(service);
    await this.#db.run(sql`DELETE FROM pubsub_node WHERE service = ${service}`);
  }

  /** Changes affiliations; `none` removes one. */
  async affiliate(node: PubsubNode, changes: ReadonlyMap<string, Affiliation>): Promise<void> {
    this.#nodes.forget(key(node.service, node.name));
    await this.#db.batch([...changes].map(([jid, affiliation]) => this.#affiliate(node.id, jid, affiliation)));
  }

  /** Puts subscriptions in place and takes others away. */
  async subscribe(node: PubsubNode, put: readonly NodeSubscription[], gone: readonly string[] = []): Promise<void> {
    this.#nodes.forget(key(node.service, node.name));
    await this.#db.batch([
      ...put.map(
        ({ jid, bare, state, deliver }) => sql`INSERT INTO pubsub_subscription (node, jid, bare, state, deliver)
          VALUES (${node.id}, ${jid}, ${bare}, ${state}, ${deliver ? 1 : 0})
          ON CONFLICT (node, jid) DO UPDATE SET state = excluded.state, deliver = excluded.deliver`,
      ),
      ...gone.map((jid) => sql`DELETE FROM pubsub_subscription WHERE node = ${node.id} AND jid = ${jid}`),
    ]);
  }

  /** The subscriptions of a person to all nodes of a service. */
  async subscriptionsOf(service: string, bare: string): Promise<{ node: string; jid: string; state: string }[]> {
    return this.#db.all(sql`SELECT n.name AS node, s.jid AS jid, s.state AS state
      FROM pubsub_subscription s JOIN pubsub_node n ON n.id = s.node
      WHERE s.bare = ${bare} AND n.service = ${service} ORDER BY n.name, s.jid`);
  }

  async affiliationsOf(service: string, bare: string): Promise<{ node: string; affiliation: Affiliation }[]> {
    return this.#db.all(sql`SELECT n.name AS node, a.affiliation AS affiliation
      FROM pubsub_affiliation a JOIN pubsub_node n ON n.id = a.node
      WHERE a.jid = ${bare} AND n.service = ${service} ORDER BY n.name`);
  }

  /** The account is gone, and with it what it was at the nodes of others. */
  forget(account: number): void {
    this.#names.forget(String(account));
    this.#nodes.clear();
  }

  #affiliate(node: number, jid: string, affiliation: Affiliation): Statement {
    if (affiliation === 'none') return sql`DELETE FROM pubsub_affiliation WHERE node = ${node} AND jid = ${jid}`;
    return sql`INSERT INTO pubsub_affiliation (node, jid, affiliation) VALUES (${node}, ${jid}, ${affiliation})
      ON CONFLICT (node, jid) DO UPDATE SET affiliation = excluded.affiliation`;
  }

  async #load(at: string): Promise<PubsubNode | undefined> {
    const space = at.indexOf(' ');
    const row = await this.#db.get<Row>(sql`SELECT id, service, name, creator, created_at, config_json FROM pubsub_node
      WHERE service = ${at.slice(0, space)} AND name = ${at.slice(space + 1)}`);
    if (row === undefined) return undefined;
    const [affiliations, subscriptions] = await Promise.all([
      this.#db.all<{ jid: string; affiliation: Affiliation }>(
        sql`SELECT jid, affiliation FROM pubsub_affiliation WHERE node = ${row.id} ORDER BY jid`,
      ),
      this.#db.all<SubscriptionRow>(
        sql`SELECT jid, bare, state, deliver FROM pubsub_subscription WHERE node = ${row.id} ORDER BY jid`,
      ),
    ]);
    return {
      id: row.id,
      service: row.service,
      name: row.name,
      creator: row.creator,
      createdAt: row.created_at,
      config: JSON.parse(row.config_json) as NodeConfig,
      affiliations: new Map(affiliations.map((one) => [one.jid, one.affiliation])),
      subscriptions: new Map(subscriptions.map((one) => [one.jid, { ...one, deliver: one.deliver === 1 }])),
    };
  }

  async #loadNames(service: string): Promise<readonly string[]> {
    const rows = await this.#db.all<{ name: string }>(
      sql`SELECT name FROM pubsub_node WHERE service = ${service} ORDER BY name`,
    );
    return rows.map((row) => row.name);
  }
}
