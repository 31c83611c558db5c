import { type Database, sql } from '../database.ts';

/** A request for a signature that waits for its answer. PEM texts; the key is secret. */
export interface StoredRequest {
  readonly domain: string;
  readonly requestPem: string;
  readonly keyPem: string;
  readonly createdAt: number;
}

/** Who we are for one authority that is asked by ACME. The key is secret; `url` is '' until it knows us. */
export interface StoredAcmeAccount {
  readonly directory: string;
  readonly keyPem: string;
  readonly url: string;
  readonly createdAt: number;
}

/** A domain whose certificate is got by ACME. Times are ms since 1970, 0 for never. */
export interface StoredAcmeOrder {
  readonly domain: string;
  /** DNS names in ASCII, the domain first. */
  readonly names: readonly string[];
  /** When it is tried next. */
  readonly nextAt: number;
  readonly triedAt: number;
  /** How often it has failed since it last went well. */
  readonly failures: number;
  /** Why it failed last, a sentence; '' when it went well or was not tried. */
  readonly failure: string;
}

type OrderRow = Omit<StoredAcmeOrder, 'names'> & { readonly namesJson: string };

/** What others are asked to sign. */
export class CertificateOrders {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async request(domain: string): Promise<StoredRequest | undefined> {
    return this.#db.get<StoredRequest>(sql`SELECT domain, request_pem AS "requestPem", key_pem AS "keyPem",
      created_at AS "createdAt" FROM certificate_request WHERE domain = ${domain}`);
  }

  /** Stores a request, in the place of the one before. */
  async setRequest(one: StoredRequest): Promise<void> {
    await this.#db.run(sql`INSERT INTO certificate_request (domain, request_pem, key_pem, created_at)
      VALUES (${one.domain}, ${one.requestPem}, ${one.keyPem}, ${one.createdAt})
      ON CONFLICT (domain) DO UPDATE SET request_pem = excluded.request_pem, key_pem = excluded.key_pem,
        created_at = excluded.created_at`);
  }

  /** True when there was one. */
  async removeRequest(domain: string): Promise<boolean> {
    return (await this.#db.run(sql`DELETE FROM certificate_request WHERE domain = ${domain}`)) > 0;
  }

  async account(directory: string): Promise<StoredAcmeAccount | undefined> {
    return this.#db.get<StoredAcmeAccount>(sql`SELECT directory, key_pem AS "keyPem", url, created_at AS "createdAt"
      FROM acme_account WHERE directory = ${directory}`);
  }

  async setAccount(one: StoredAcmeAccount): Promise<void> {
    await this.#db.run(sql`INSERT INTO acme_account (directory, key_pem, url, created_at)
      VALUES (${one.directory}, ${one.keyPem}, ${one.url}, ${one.createdAt})
      ON CONFLICT (directory) DO UPDATE SET key_pem = excluded.key_pem, url = excluded.url`);
  }

  /** All of them, ordered by domain. */
  async orders(): Promise<StoredAcmeOrder[]> {
    const rows = await this.#db.all<OrderRow>(sql`SELECT domain, names_json AS "namesJson", next_at AS "nextAt",
      tried_at AS "triedAt", failures, failure FROM acme_order ORDER BY domain`);
    return rows.map(({ namesJson, ...row }) => ({ ...row, names: JSON.parse(namesJson) as string[] }));
  }

  async order(domain: string): Promise<StoredAcmeOrder | undefined> {
    return (await this.orders()).find((one) => one.domain === domain);
  }

  async setOrder(one: StoredAcmeOrder): Promise<void> {
    await this.#db.run(sql`INSERT INTO acme_order (domain, names_json, next_at, tried_at, failures, failure)
      VALUES (${one.domain}, ${JSON.stringify(one.names)}, ${one.nextAt}, ${one.triedAt}, ${one.failures}, ${one.failure})
      ON CONFLICT (domain) DO UPDATE SET names_json = excluded.names_json, next_at = excluded.next_at,
        tried_at = excluded.tried_at, failures = excluded.failures, failure = excluded.failure`);
  }

  /** What came of a try, while the order is still there and for the same names; else nothing is changed. */
  async tried(one: StoredAcmeOrder): Promise<void> {
    await this.#db.run(sql`UPDATE acme_order SET next_at = ${one.nextAt}, tried_at = ${one.triedAt},
      failures = ${one.failures}, failure = ${one.failure}
      WHERE domain = ${one.domain} AND names_json = ${JSON.stringify(one.names)}`);
  }

  /** True when there was one. */
  async removeOrder(domain: string): Promise<boolean> {
    return (await this.#db.run(sql`DELETE FROM acme_order WHERE domain = ${domain}`)) > 0;
  }

  /** All that was asked for on behalf of a domain. */
  async forget(domain: string): Promise<void> {
    await this.#db.batch([
      sql`DELETE FROM certificate_request WHERE domain = ${domain}`,
      sql`DELETE FROM acme_order WHERE domain = ${domain}`,
    ]);
  }
}
