import { createHash } from 'node:crypto';
import { Cached, type Soon } from '../cached.ts';
import { type Database, type Statement, sql } from '../database.ts';
import { noPushesTo, type PushRegistrations } from './push.ts';

/** Devices of one account; the one unused for the longest time leaves for the next. */
export const DEVICES_LIMIT = 50;
/** Characters that are kept of what a client says of itself. */
const NAME_LIMIT = 100;
/** Rows that `expire` removes at once. */
const SLICE = 500;

/** What is kept of a token (XEP-0484): enough to make it again with the server's key, and nothing without that key. */
export interface Token {
  readonly seed: Uint8Array;
  /** The one mechanism that it may be used with. */
  readonly mechanism: string;
  /** Milliseconds since 1970, as all times here. */
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** The highest count it was used with; -1 before the first use that had one. */
  readonly count: number;
}

/** One client that somebody has logged in with and that told who it is (XEP-0388 §2.4). */
export interface Device {
  /** Ours: does not show what the client calls itself. */
  readonly id: string;
  /** In its own words; '' when it did not say. */
  readonly software: string;
  readonly name: string;
  readonly firstSeen: number;
  readonly lastSeen: number;
  /** When it last showed the password, 0 when it never did. */
  readonly passwordAt: number;
  /** The token in use. */
  readonly current: Token | undefined;
  /** A newer one that it was given and has not used yet. */
  readonly fresh: Token | undefined;
}

interface Row {
  id: string;
  software: string;
  name: string;
  first_seen: number;
  last_seen: number;
  password_at: number;
  current_seed: Uint8Array | null;
  current_mechanism: string;
  current_issued_at: number;
  current_expires_at: number;
  current_count: number;
  fresh_seed: Uint8Array | null;
  fresh_mechanism: string;
  fresh_issued_at: number;
  fresh_expires_at: number;
  fresh_count: number;
}

/** The name of a client within one account, from what it calls itself, which nobody else may see (XEP-0386 §3.2.1). */
export function deviceId(account: number, agent: string): string {
  return createHash('sha256').update(`${account}\0${agent.toLowerCase()}`).digest('base64url').slice(0, 22);
}

/** Takes the tokens of all devices of an account, in a batch with others. Whoever runs it calls `forget`. */
export function withoutTokens(account: number): Statement {
  return sql`UPDATE device SET current_seed = NULL, fresh_seed = NULL WHERE account = ${account}`;
}

/** The same for the devices altogether. */
export function noDevices(account: number): Statement {
  return sql`DELETE FROM device WHERE account = ${account}`;
}

/** The devices of accounts and their tokens. Where one is woken goes with it: who is not listed must not be told either. */
export class Devices {
  readonly #db: Database;
  readonly #push: PushRegistrations;
  readonly #cache: Cached<number, readonly Device[]>;

  constructor(db: Database, push: PushRegistrations) {
    this.#db = db;
    this.#push = push;
    this.#cache = new Cached(5_000, (account) => this.#load(account));
  }

  /** See `deviceId`. */
  idOf(account: number, agent: string): string {
    return deviceId(account, agent);
  }

  /** All devices of an account, in no order. */
  of(account: number): Soon<readonly Device[]> {
    return this.#cache.get(account);
  }

  async find(account: number, id: string): Promise<Device | undefined> {
    return (await this.#cache.get(account)).find((one) => one.id === id);
  }

  /**
   * Changes one device in one go: `change` gets what is known of it and gives what shall be, undefined for no change; what
   * it throws is thrown. Resolves once that is on disk, or, with `lazily`, as soon as others see it.
   */
  async change(
    account: number,
    id: string,
    change: (known: Device | undefined) => Device | undefined,
    lazily = false,
  ): Promise<void> {
    // As of this very turn: a change made to an older state would undo what came between.
    let all: readonly Device[] | undefined;
    while (all === undefined) {
      await this.#cache.get(account);
      all = this.#cache.peek(account);
    }
    const wanted = change(all.find((one) => one.id === id));
    if (wanted === undefined) return;
    const device = { ...wanted, software: shortened(wanted.software), name: shortened(wanted.name) };
    const others = all.filter((one) => one.id !== id).sort((a, b) => b.lastSeen - a.lastSeen);
    const leaving = others.splice(DEVICES_LIMIT - 1);
    this.#cache.put(account, [device, ...others]);
    if (leaving.length > 0) this.#push.forget(account);
    const statements = [...leaving.flatMap((one) => remove(account, one.id)), put(account, device)];
    // What could not be written must not be remembered: the account may be gone, or the disk full.
    if (lazily) this.#db.queue(statements, () => this.#cache.forget(account));
    else {
      try {
        await this.#db.batch(statements);
      } catch (error) {
        this.#cache.forget(account);
        throw error;
      }
    }
  }

  /** Removes one device with its tokens. Resolves once that is on disk; nothing happens when there is none. */
  async remove(account: number, id: string): Promise<void> {
    this.#cache.forget(account);
    this.#push.forget(account);
    await this.#db.batch(remove(account, id));
  }

  /** Takes one device's tokens. Resolves once that is on disk; false when there is no such device. */
  async takeTokens(account: number, id: string): Promise<boolean> {
    this.#cache.forget(account);
    const changed = await this.#db.run(sql`UPDATE device SET current_seed = NULL, fresh_seed = NULL
      WHERE account = ${account} AND id = ${id}`);
    return changed > 0;
  }

  /** Removes some devices last seen before a time. Gives how many there were; to be called again while it is not 0. */
  async expire(before: number): Promise<number> {
    const old = await this.#db.all<{ account: number; id: string }>(sql`SELECT account, id FROM device
      WHERE last_seen < ${before} ORDER BY last_seen LIMIT ${SLICE}`);
    if (old.length === 0) return 0;
    for (const { account } of old) {
      this.#cache.forget(account);
      this.#push.forget(account);
    }
    // One that came back meanwhile stays, with what it has.
    await this.#db.batch(
      old.flatMap(({ account, id }) => [
        sql`DELETE FROM push_registration WHERE account = ${account} AND device = ${id} AND EXISTS
          (SELECT 1 FROM device WHERE account = ${account} AND id = ${id} AND last_seen < ${before})`,
        sql`DELETE FROM device WHERE account = ${account} AND id = ${id} AND last_seen < ${before}`,
      ]),
    );
    return old.length;
  }

  /** What is remembered of an account is not right any more. */
  forget(account: number): void {
    this.#cache.forget(account);
  }

  async #load(account: number): Promise<readonly Device[]> {
    const rows = await this.#db.all<Row>(sql`SELECT id, software, name, first_seen, last_seen, password_at,
        current_seed, current_mechanism, current_issued_at, current_expires_at, current_count,
        fresh_seed, fresh_mechanism, fresh_issued_at, fresh_expires_at, fresh_count
      FROM device WHERE account = ${account}`);
    return rows.map((row) => ({
      id: row.id,
      software: row.software,
      name: row.name,
      firstSeen: row.first_seen,
      lastSeen: row.last_seen,
      passwordAt: row.password_at,
      current:
        row.current_seed === null
          ? undefined
          : {
              seed: row.current_seed,
              mechanism: row.current_mechanism,
              issuedAt: row.current_issued_at,
              expiresAt: row.current_expires_at,
              count: row.current_count,
            },
      fresh:
        row.fresh_seed === null
          ? undefined
          : {
              seed: row.fresh_seed,
              mechanism: row.fresh_mechanism,
              issuedAt: row.fresh_issued_at,
              expiresAt: row.fresh_expires_at,
              count: row.fresh_count,
            },
    }));
  }
}

function shortened(text: string): string {
  return [...text.trim()].slice(0, NAME_LIMIT).join('');
}

function remove(account: number, id: string): Statement[] {
  return [sql`DELETE FROM device WHERE account = ${account} AND id = ${id}`, noPushesTo(account, id)];
}

function put(
  account: number,
  { id, software, name, firstSeen, lastSeen, passwordAt, current, fresh }: Device,
): Statement {
  return sql`INSERT INTO device (account, id, software, name, first_seen, last_seen, password_at,
      current_seed, current_mechanism, current_issued_at, current_expires_at, current_count,
      fresh_seed, fresh_mechanism, fresh_issued_at, fresh_expires_at, fresh_count)
    VALUES (${account}, ${id}, ${software}, ${name}, ${firstSeen}, ${lastSeen}, ${passwordAt},
      ${current?.seed ?? null}, ${current?.mechanism ?? null}, ${current?.issuedAt ?? null},
      ${current?.expiresAt ?? null}, ${current?.count ?? null},
      ${fresh?.seed ?? null}, ${fresh?.mechanism ?? null}, ${fresh?.issuedAt ?? null},
      ${fresh?.expiresAt ?? null}, ${fresh?.count ?? null})
    ON CONFLICT (account, id) DO UPDATE SET software = excluded.software, name = excluded.name,
      first_seen = excluded.first_seen, last_seen = excluded.last_seen, password_at = excluded.password_at,
      current_seed = excluded.current_seed, current_mechanism = excluded.current_mechanism,
      current_issued_at = excluded.current_issued_at, current_expires_at = excluded.current_expires_at,
      current_count = excluded.current_count, fresh_seed = excluded.fresh_seed,
      fresh_mechanism = excluded.fresh_mechanism, fresh_issued_at = excluded.fresh_issued_at,
      fresh_expires_at = excluded.fresh_expires_at, fresh_count = excluded.fresh_count`;
}
