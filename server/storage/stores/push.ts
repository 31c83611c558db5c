import { Cached, type Soon } from '../cached.ts';
import { type Database, type Statement, sql } from '../database.ts';

/** Where one device of somebody's is woken (XEP-0357). */
export interface PushRegistration {
  /** The app server. */
  readonly jid: string;
  /** The app server's name for the device, '' for none. */
  readonly node: string;
  /** The device's resource when it asked for this. */
  readonly resource: string;
  /** Which of the account's devices that was (`Devices.idOf`), '' when it did not say. */
  readonly device: string;
  /** The form that goes with every publication, serialised; '' for none. It may hold a secret of the app server's. */
  readonly optionsXml: string;
  /** When it was last asked for, ms since 1970. */
  readonly createdAt: number;
}

/** Takes away those of one device, in a batch with others. Whoever runs it calls `forget`. */
export function noPushesTo(account: number, device: string): Statement {
  return sql`DELETE FROM push_registration WHERE account = ${account} AND device = ${device}`;
}

/** Registrations for push notifications, by account. */
export class PushRegistrations {
  readonly #db: Database;
  /** Most accounts have none: that, too, is remembered, so that a message to them costs one look. */
  readonly #cache: Cached<number, readonly PushRegistration[]>;

  constructor(db: Database) {
    this.#db = db;
    this.#cache = new Cached(
      200_000,
      (account) => this.#load(account),
      (list) => list.length * 4 + 1,
    );
  }

  of(account: number): Soon<readonly PushRegistration[]> {
    return this.#cache.get(account);
  }

  /** Adds one, or puts it in the place of that with the same address and node. On disk when it resolves. */
  async put(account: number, one: PushRegistration): Promise<void> {
    this.#cache.forget(account);
    await this.#db.run(sql`INSERT INTO push_registration (account, jid, node, resource, device, options_xml, created_at)
      VALUES (${account}, ${one.jid}, ${one.node}, ${one.resource}, ${one.device}, ${one.optionsXml}, ${one.createdAt})
      ON CONFLICT (account, jid, node) DO UPDATE
      SET resource = excluded.resource, device = excluded.device, options_xml = excluded.options_xml,
        created_at = excluded.created_at`);
  }

  /** Takes one away, or with no node all of an app server. On disk when it resolves. */
  async remove(account: number, jid: string, node?: string): Promise<void> {
    this.#cache.forget(account);
    await this.#db.run(
      node === undefined
        ? sql`DELETE FROM push_registration WHERE account = ${account} AND jid = ${jid}`
        : sql`DELETE FROM push_registration WHERE account = ${account} AND jid = ${jid} AND node = ${node}`,
    );
  }

  /**
   * Takes all of somebody's away but those that one session asked for: who had the old password must not go on being told,
   * nor who once had the same resource. `since` is when that session began, ms since 1970.
   */
  async clear(account: number, spared?: { readonly resource: string; readonly since: number }): Promise<void> {
    this.#cache.forget(account);
    const { resource = '', since = 0 } = spared ?? {};
    await this.#db.run(
      spared === undefined
        ? sql`DELETE FROM push_registration WHERE account = ${account}`
        : sql`DELETE FROM push_registration WHERE account = ${account} AND (resource <> ${resource} OR created_at < ${since})`,
    );
  }

  /**
   * Takes away those of one client: of a device, and those asked for under one of these resources by nobody known. On disk
   * when it resolves.
   */
  async removeClient(account: number, device: string, resources: readonly string[]): Promise<void> {
    this.#cache.forget(account);
    await this.#db.batch([
      ...(device === '' ? [] : [noPushesTo(account, device)]),
      ...resources.map(
        (one) => sql`DELETE FROM push_registration WHERE account = ${account} AND device = '' AND resource = ${one}`,
      ),
    ]);
  }

  /** What is remembered of an account is not right any more. */
  forget(account: number): void {
    this.#cache.forget(account);
  }

  async #load(account: number): Promise<readonly PushRegistration[]> {
    return this.#db.all<PushRegistration>(sql`SELECT jid, node, resource, device, options_xml AS "optionsXml", created_at AS "createdAt"
      FROM push_registration WHERE account = ${account} ORDER BY jid, node`);
  }
}
