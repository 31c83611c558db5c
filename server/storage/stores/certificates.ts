import { type Database, sql } from '../database.ts';

/** A certificate authority of the house. PEM texts; the key is secret. */
export interface StoredAuthority {
  readonly name: string;
  readonly keyPem: string;
  readonly certificatePem: string;
  readonly createdAt: number;
}

/** What one domain shows. The chain begins with its own certificate; the key is secret. Times are ms since 1970. */
export interface StoredCertificate {
  readonly domain: string;
  readonly chainPem: string;
  readonly keyPem: string;
  readonly notAfter: number;
  /** Where it came from: 'internal', 'uploaded', 'acme'. */
  readonly source: string;
  readonly createdAt: number;
}

/** Certificates with their keys. */
export class Certificates {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  async authority(name = 'internal'): Promise<StoredAuthority | undefined> {
    return this.#db.get<StoredAuthority>(sql`SELECT name, key_pem AS "keyPem", certificate_pem AS "certificatePem",
      created_at AS "createdAt" FROM authority WHERE name = ${name}`);
  }

  /** Stores a new authority or puts it in the old one's place. */
  async setAuthority(authority: StoredAuthority): Promise<void> {
    await this.#db.run(sql`INSERT INTO authority (name, key_pem, certificate_pem, created_at)
      VALUES (${authority.name}, ${authority.keyPem}, ${authority.certificatePem}, ${authority.createdAt})
      ON CONFLICT (name) DO UPDATE SET key_pem = excluded.key_pem,
        certificate_pem = excluded.certificate_pem, created_at = excluded.created_at`);
  }

  async of(domain: string): Promise<StoredCertificate | undefined> {
    return (await this.#select(domain))[0];
  }

  /** All of them, ordered by domain. */
  async all(): Promise<StoredCertificate[]> {
    return this.#select(undefined);
  }

  /** How long they last and where they came from, ordered by domain; without the long texts and the keys. */
  async terms(): Promise<Pick<StoredCertificate, 'domain' | 'notAfter' | 'source'>[]> {
    return this.#db.all(sql`SELECT domain, not_after AS "notAfter", source FROM certificate ORDER BY domain`);
  }

  /** Stores a domain's certificate or puts it in the old one's place. */
  async set(one: StoredCertificate): Promise<void> {
    await this.#db.run(sql`INSERT INTO certificate (domain, chain_pem, key_pem, not_after, source, created_at)
      VALUES (${one.domain}, ${one.chainPem}, ${one.keyPem}, ${one.notAfter}, ${one.source}, ${one.createdAt})
      ON CONFLICT (domain) DO UPDATE SET chain_pem = excluded.chain_pem, key_pem = excluded.key_pem,
        not_after = excluded.not_after, source = excluded.source, created_at = excluded.created_at`);
  }

  async remove(domain: string): Promise<void> {
    await this.#db.run(sql`DELETE FROM certificate WHERE domain = ${domain}`);
  }

  async #select(domain: string | undefined): Promise<StoredCertificate[]> {
    const any = domain === undefined ? 1 : 0;
    return this.#db.all<StoredCertificate>(sql`SELECT domain, chain_pem AS "chainPem", key_pem AS "keyPem",
      not_after AS "notAfter", source, created_at AS "createdAt" FROM certificate
      WHERE ${any} = 1 OR domain = ${domain ?? ''} ORDER BY domain`);
  }
}
