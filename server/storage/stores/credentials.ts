import { Cached, type Soon } from '../cached.ts';
import { type Database, type Statement, sql } from '../database.ts';
import { type Devices, noDevices } from './devices.ts';

export type ScramMechanism = 'SCRAM-SHA-1' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';

/** What is kept of a password (RFC 5802 §3); the password itself is not. */
export interface Credential {
  readonly mechanism: ScramMechanism;
  readonly salt: Uint8Array;
  readonly iterations: number;
  readonly storedKey: Uint8Array;
  readonly serverKey: Uint8Array;
}

interface Row {
  mechanism: ScramMechanism;
  salt: Uint8Array;
  iterations: number;
  stored_key: Uint8Array;
  server_key: Uint8Array;
}

const ALL: readonly ScramMechanism[] = ['SCRAM-SHA-1', 'SCRAM-SHA-256', 'SCRAM-SHA-512'];
/** For how long it is remembered what everybody has keys for. */
const COMMON_MS = 30_000;

/** The SCRAM keys of accounts. */
export class Credentials {
  readonly #db: Database;
  readonly #devices: Devices;
  readonly #cache: Cached<number, readonly Credential[]>;
  readonly #common = new Map<string, { readonly list: readonly ScramMechanism[]; readonly until: number }>();

  constructor(db: Database, devices: Devices) {
    this.#db = db;
    this.#devices = devices;
    this.#cache = new Cached(5_000, (account) => this.#load(account));
  }

  /** All credentials of an account; none when it has no password. */
  of(account: number): Soon<readonly Credential[]> {
    return this.#cache.get(account);
  }

  /**
   * Puts these in the place of all the account had. Whatever got in by the old password is let in no more: its devices
   * and their tokens go with it. `and` is written in the same operation. Throws `constraint` when there is no such account.
   */
  async replace(account: number, list: readonly Credential[], and: readonly Statement[] = []): Promise<void> {
    this.#cache.forget(account);
    this.#devices.forget(account);
    await this.#db.batch([
      sql`DELETE FROM credential WHERE account = ${account}`,
      noDevices(account),
      ...list.map(
        (one) => sql`INSERT INTO credential (account, mechanism, salt, iterations, stored_key, server_key)
          VALUES (${account}, ${one.mechanism}, ${one.salt}, ${one.iterations}, ${one.storedKey}, ${one.serverKey})`,
      ),
      ...and,
    ]);
  }

  /**
   * Adds the keys of one more mechanism for the password that an account has. `storedKey` is one of that password's: when it
   * is gone the password was changed meanwhile, and nothing is added. Nothing that is there is changed.
   */
  async add(account: number, one: Credential, storedKey: Uint8Array): Promise<void> {
    this.#cache.forget(account);
    await this.#db.run(sql`INSERT INTO credential (account, mechanism, salt, iterations, stored_key, server_key)
      SELECT account, ${one.mechanism}, ${one.salt}, ${one.iterations}, ${one.storedKey}, ${one.serverKey}
      FROM credential WHERE account = ${account} AND stored_key = ${storedKey}
      ON CONFLICT (account, mechanism) DO NOTHING`);
  }

  /**
   * The mechanisms for which everybody of a domain has keys who has any. Others were brought along from another server by some of
   * them (XEP-0227), and only there is it looked up, now and then, as it goes through all keys.
   */
  async common(domain: string): Promise<readonly ScramMechanism[]> {
    const known = this.#common.get(domain);
    if (known !== undefined && known.until > Date.now()) return known.list;
    const moved = await this.#db.get(sql`SELECT 1 FROM people_import WHERE way = 'server' LIMIT 1`);
    const list = moved === undefined ? ALL : await this.#loadCommon(domain);
    if (this.#common.size >= 1_000) this.#common.clear();
    this.#common.set(domain, { list, until: Date.now() + COMMON_MS });
    return list;
  }

  /** The account is gone: nothing of it may be remembered. */
  forget(account: number): void {
    this.#cache.forget(account);
  }

  async #loadCommon(domain: string): Promise<readonly ScramMechanism[]> {
    const rows = await this.#db.all<{ mechanism: ScramMechanism; people: number }>(
      sql`SELECT credential.mechanism AS mechanism, count(*) AS people FROM account
        JOIN credential ON credential.account = account.id WHERE account.domain = ${domain} GROUP BY credential.mechanism`,
    );
    const all = await this.#db.get<{ n: number }>(sql`SELECT count(*) AS n FROM account WHERE domain = ${domain}
      AND EXISTS (SELECT 1 FROM credential WHERE credential.account = account.id)`);
    const common = rows.filter(({ people }) => people === all?.n).map(({ mechanism }) => mechanism);
    // People of different servers may have nothing in common.
    return common.length > 0 ? common : ALL;
  }

  async #load(account: number): Promise<readonly Credential[]> {
    const rows = await this.#db.all<Row>(sql`SELECT mechanism, salt, iterations, stored_key, server_key
      FROM credential WHERE account = ${account} ORDER BY mechanism`);
    return rows.map((row) => ({
      mechanism: row.mechanism,
      salt: row.salt,
      iterations: row.iterations,
      storedKey: row.stored_key,
      serverKey: row.server_key,
    }));
  }
}

/** Gives a credential to the account of that name, in the batch that makes it, where its number is not known yet. */
export function firstCredential(domain: string, local: string, one: Credential): Statement {
  return sql`INSERT INTO credential (account, mechanism, salt, iterations, stored_key, server_key)
    SELECT id, ${one.mechanism}, ${one.salt}, ${one.iterations}, ${one.storedKey}, ${one.serverKey}
    FROM account WHERE domain = ${domain} AND local = ${local}`;
}
