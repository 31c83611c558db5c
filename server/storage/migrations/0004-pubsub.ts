/**
 * Nodes of accounts and of services with a domain of their own (XEP-0060, XEP-0163). `service` is the account's number or
 * the service's domain; `account` is there so that a node goes with its account.
 */
export const statements: readonly string[] = [
  `CREATE TABLE pubsub_node (
    id INTEGER PRIMARY KEY,
    service TEXT NOT NULL,
    name TEXT NOT NULL,
    account INTEGER REFERENCES account (id) ON DELETE CASCADE,
    creator TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    config_json TEXT NOT NULL,
    UNIQUE (service, name))`,
  `CREATE INDEX pubsub_node_by_account ON pubsub_node (account)`,
  `CREATE TABLE pubsub_item (
    node INTEGER NOT NULL REFERENCES pubsub_node (id) ON DELETE CASCADE,
    id TEXT NOT NULL,
    place INTEGER NOT NULL,
    publisher TEXT NOT NULL,
    published_at INTEGER NOT NULL,
    payload TEXT NOT NULL,
    PRIMARY KEY (node, id))`,
  `CREATE INDEX pubsub_item_in_order ON pubsub_item (node, place)`,
  `CREATE TABLE pubsub_affiliation (
    node INTEGER NOT NULL REFERENCES pubsub_node (id) ON DELETE CASCADE,
    jid TEXT NOT NULL,
    affiliation TEXT NOT NULL,
    PRIMARY KEY (node, jid)) WITHOUT ROWID`,
  `CREATE INDEX pubsub_affiliation_by_jid ON pubsub_affiliation (jid, node)`,
  `CREATE TABLE pubsub_subscription (
    node INTEGER NOT NULL REFERENCES pubsub_node (id) ON DELETE CASCADE,
    jid TEXT NOT NULL,
    bare TEXT NOT NULL,
    state TEXT NOT NULL,
    deliver INTEGER NOT NULL,
    PRIMARY KEY (node, jid)) WITHOUT ROWID`,
  `CREATE INDEX pubsub_subscription_by_bare ON pubsub_subscription (bare, node)`,
];
