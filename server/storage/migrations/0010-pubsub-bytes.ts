const WEIGHT = (row: string): string => `octet_length(${row}.id) + octet_length(${row}.payload) + 100`;

/**
 * What the items of each node weigh, the rest of a row by and large, so that nobody's nodes take the whole disk. Triggers keep
 * it, for items go in many ways; the CHECK makes a write fail as a whole that would put in too much (`PubsubItems`).
 */
export const statements: readonly string[] = [
  `ALTER TABLE pubsub_node ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0 CONSTRAINT quota CHECK (bytes >= 0)`,
  `UPDATE pubsub_node SET bytes = COALESCE((SELECT SUM(${WEIGHT('i')}) FROM pubsub_item i WHERE i.node = pubsub_node.id), 0)`,
  `CREATE INDEX pubsub_node_by_creator ON pubsub_node (creator, service, bytes)`,
  `CREATE TRIGGER pubsub_item_added AFTER INSERT ON pubsub_item BEGIN
    UPDATE pubsub_node SET bytes = bytes + ${WEIGHT('NEW')} WHERE id = NEW.node; END`,
  `CREATE TRIGGER pubsub_item_changed AFTER UPDATE OF id, payload ON pubsub_item BEGIN
    UPDATE pubsub_node SET bytes = bytes + ${WEIGHT('NEW')} - (${WEIGHT('OLD')}) WHERE id = NEW.node; END`,
  `CREATE TRIGGER pubsub_item_removed AFTER DELETE ON pubsub_item BEGIN
    UPDATE pubsub_node SET bytes = bytes - (${WEIGHT('OLD')}) WHERE id = OLD.node; END`,
];
