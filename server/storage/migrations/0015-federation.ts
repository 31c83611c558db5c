/**
 * Other servers. `federation_attempt` has what explains each link, for a month; `federation_domain` is one line for each server
 * of whom there is any, which triggers keep. `kind` is `out`, `in` for who has shown who they are, or `claim` for who has only said it;
 * a domain has the rank of the best of them, so that claims drive out claims only, and hide nothing of who is better known. `federation_queue` has what waits for a link,
 * its numbers being the writer's; `federation_held` what waits for an administrator's word. `sender` and `ours` are bare addresses.
 */
export const statements: readonly string[] = [
  `CREATE TABLE federation_domain (
    domain TEXT NOT NULL PRIMARY KEY,
    rank INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    connected INTEGER NOT NULL,
    failed INTEGER NOT NULL
  ) WITHOUT ROWID`,
  'CREATE INDEX federation_domain_by_rank ON federation_domain (rank, last_at, domain)',
  `CREATE TABLE federation_attempt (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    domain TEXT NOT NULL,
    local TEXT NOT NULL,
    direction TEXT NOT NULL,
    kind TEXT NOT NULL,
    claimed INTEGER NOT NULL,
    at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    times INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    code TEXT NOT NULL,
    attempt_json TEXT NOT NULL
  )`,
  'CREATE INDEX federation_attempt_by_domain ON federation_attempt (domain, last_at, id)',
  'CREATE INDEX federation_attempt_by_kind ON federation_attempt (domain, kind, last_at, id)',
  'CREATE INDEX federation_attempt_by_worth ON federation_attempt (domain, claimed, last_at DESC, id DESC)',
  'CREATE INDEX federation_attempt_by_time ON federation_attempt (last_at)',
  `CREATE TRIGGER federation_attempt_added AFTER INSERT ON federation_attempt BEGIN
    INSERT INTO federation_domain (domain, rank, last_at, connected, failed) VALUES (NEW.domain,
      CASE WHEN NEW.outcome = 'connected' THEN 2 WHEN NEW.kind = 'claim' THEN 0 ELSE 1 END, NEW.last_at,
      CASE WHEN NEW.outcome = 'connected' THEN NEW.times ELSE 0 END, CASE WHEN NEW.outcome = 'connected' THEN 0 ELSE NEW.times END)
      ON CONFLICT (domain) DO UPDATE SET
        rank = CASE WHEN excluded.rank > rank THEN excluded.rank ELSE rank END,
        last_at = CASE WHEN excluded.last_at > last_at AND (excluded.rank > 0 OR rank = 0) THEN excluded.last_at ELSE last_at END,
        connected = connected + excluded.connected, failed = failed + excluded.failed; END`,
  `CREATE TRIGGER federation_attempt_repeated AFTER UPDATE OF times ON federation_attempt BEGIN
    UPDATE federation_domain SET
      last_at = CASE WHEN NEW.last_at > last_at AND (NEW.claimed = 0 OR rank = 0) THEN NEW.last_at ELSE last_at END,
      connected = connected + CASE WHEN NEW.outcome = 'connected' THEN NEW.times - OLD.times ELSE 0 END,
      failed = failed + CASE WHEN NEW.outcome = 'connected' THEN 0 ELSE NEW.times - OLD.times END
      WHERE domain = NEW.domain; END`,
  `CREATE TRIGGER federation_attempt_removed AFTER DELETE ON federation_attempt BEGIN
    UPDATE federation_domain SET
      connected = connected - CASE WHEN OLD.outcome = 'connected' THEN OLD.times ELSE 0 END,
      failed = failed - CASE WHEN OLD.outcome = 'connected' THEN 0 ELSE OLD.times END
      WHERE domain = OLD.domain;
    DELETE FROM federation_domain WHERE domain = OLD.domain AND connected = 0 AND failed = 0; END`,
  `CREATE TRIGGER federation_domain_removed AFTER DELETE ON federation_domain BEGIN
    DELETE FROM federation_attempt WHERE domain = OLD.domain; END`,
  `CREATE TABLE federation_queue (
    id INTEGER PRIMARY KEY,
    local TEXT NOT NULL,
    remote TEXT NOT NULL,
    sender TEXT NOT NULL,
    kind TEXT NOT NULL,
    at INTEGER NOT NULL,
    xml TEXT NOT NULL
  )`,
  'CREATE INDEX federation_queue_by_remote ON federation_queue (remote, local, id)',
  'CREATE INDEX federation_queue_by_sender ON federation_queue (sender)',
  `CREATE TABLE federation_held (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    domain TEXT NOT NULL,
    direction TEXT NOT NULL,
    sender TEXT NOT NULL,
    recipient TEXT NOT NULL,
    ours TEXT NOT NULL,
    kind TEXT NOT NULL,
    at INTEGER NOT NULL,
    xml TEXT NOT NULL
  )`,
  'CREATE INDEX federation_held_by_domain ON federation_held (domain, id, direction, at)',
  'CREATE INDEX federation_held_by_direction ON federation_held (direction, id)',
  'CREATE INDEX federation_held_by_ours ON federation_held (ours)',
];
