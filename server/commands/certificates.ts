import { createPrivateKey } from 'node:crypto';
import { domainToASCII, domainToUnicode } from 'node:url';
import type { Acme } from '../certificates/acme/acme.ts';
import { permittedNames } from '../certificates/constraints.ts';
import { inspect } from '../certificates/inspect.ts';
import { CertificateRefusal } from '../certificates/refusal.ts';
import type { Renewal } from '../certificates/renewal.ts';
import { makeRequest, type RequestKey } from '../certificates/request.ts';
import { type Accepted, checkGiven, type Given } from '../certificates/upload.ts';
import type { Stores } from '../storage/stores/index.ts';
import { type Actor, record } from './actor.ts';
import { type CertificateFinding, type CertificateView, certificateView, findingOf } from './certificate-views.ts';
import { CommandError } from './command-error.ts';
import type { House } from './house.ts';

/** What commands need of the certificates of the house; `certificates/` has it. */
export interface CertificateNeeds {
  readonly renewal: Pick<Renewal, 'names' | 'put' | 'drop' | 'issue'>;
  readonly acme: Pick<Acme, 'run' | 'running'>;
  /** The folder of the scripts that make records in the DNS for ACME. */
  readonly hooks: string;
  /** The certificate that TLS shows for a name (PEM), undefined when there is none at all. */
  shown(name: string): string | undefined;
}

export interface CertificateCommandOptions extends CertificateNeeds {
  readonly stores: Stores;
  readonly house: House;
  /** This machine's own name. */
  readonly hostname: string;
  readonly now: () => number;
}

/** The house's own authority. */
export interface AuthorityView {
  readonly fingerprint: string;
  readonly subject: string;
  readonly notAfter: number;
  /** When this certificate of it was issued: with every name that comes along there is a new one, of the same key. */
  readonly issuedAt: number;
  /** What it may speak for, with all that is below. */
  readonly names: string[];
  /** Domains whose certificates are its. */
  readonly domains: string[];
}

/** What was given, as it would be shown. */
export interface UploadView {
  readonly names: string[];
  readonly issuer: string;
  readonly notAfter: number;
  readonly fingerprint: string;
  readonly key: string;
  readonly missing: string[];
  readonly notes: string[];
}

/** What somebody gives by a form or the command line. */
export interface Upload {
  readonly chain?: string | undefined;
  readonly key?: string | undefined;
  readonly passphrase?: string | undefined;
  /** A file .p12, in base64. */
  readonly pkcs12?: string | undefined;
}

/** The certificates that the house shows, and where they come from. */
export class CertificateCommands {
  readonly #options: CertificateCommandOptions;

  constructor(options: CertificateCommandOptions) {
    this.#options = options;
  }

  /** Of every domain served, the first of them first. */
  async list(): Promise<CertificateView[]> {
    const { stores, acme, now } = this.#options;
    const served = await stores.domains.list();
    // Before what is written down: a try that ends in between would neither run nor have ended.
    const running = new Set(served.filter(({ name }) => acme.running(name)).map(({ name }) => name));
    const [stored, orders] = await Promise.all([stores.certificates.all(), stores.certificateOrders.orders()]);
    return Promise.all(
      served.map(async ({ name: domain }, at) =>
        certificateView(
          {
            domain,
            first: at === 0,
            stored: stored.find((one) => one.domain === domain),
            shown: this.#options.shown(domain),
            names: await this.#options.renewal.names(domain),
            request: await stores.certificateOrders.request(domain),
            order: orders.find((one) => one.domain === domain),
            running: running.has(domain),
          },
          now(),
        ),
      ),
    );
  }

  /** Of one domain. Throws CommandError. */
  async get(input: string): Promise<CertificateView> {
    const domain = this.#served(input);
    return (await this.list()).find((one) => one.domain === domain)!;
  }

  /** The chain that is stored for a domain (PEM). Throws CommandError. */
  async pem(input: string): Promise<string> {
    const one = await this.#options.stores.certificates.of(this.#served(input));
    if (one === undefined) throw new CommandError('certificate-not-found', 'There is no certificate.');
    return one.chainPem;
  }

  /** By which name this machine is found, and which domain's certificate is shown for it. */
  async machine(): Promise<{ readonly name: string; readonly domain: string; readonly covered: boolean }> {
    const { hostname, stores, shown } = this.#options;
    const pem = shown(hostname);
    const whose = (await stores.certificates.all()).find(({ chainPem }) => chainPem === pem);
    const covered = pem !== undefined && inspect(pem).dns.includes(domainToASCII(hostname));
    return { name: hostname, domain: whose?.domain ?? '', covered };
  }

  /** The house's own authority, undefined before there is one. */
  async authority(): Promise<AuthorityView | undefined> {
    const { stores } = this.#options;
    const found = await stores.certificates.authority();
    if (found === undefined) return undefined;
    const { fingerprint, subject, notAfter } = inspect(found.certificatePem);
    const terms = await stores.certificates.terms();
    const served = this.#options.house.domains();
    return {
      fingerprint,
      subject,
      notAfter,
      issuedAt: found.createdAt,
      names: permittedNames(found.certificatePem).map((name) => domainToUnicode(name) || name),
      domains: terms
        .filter((one) => one.source === 'internal' && served.includes(one.domain))
        .map(({ domain }) => domain),
    };
  }

  /** How it is with each certificate, in words. */
  async findings(): Promise<CertificateFinding[]> {
    return (await this.list()).map(findingOf);
  }

  /** Looks at what is given for a domain; nothing is changed. Throws CommandError. */
  async check(input: string, upload: Upload): Promise<UploadView> {
    return this.checkFor(this.#served(input), upload);
  }

  /** The same for a domain (prepared) that may not be served yet. Throws CommandError. */
  async checkFor(domain: string, upload: Upload): Promise<UploadView> {
    return viewOf(await this.#accepted(domain, upload));
  }

  /** Shows what is given from now on, in the place of what there was. Who is connected stays so. Throws CommandError. */
  async upload(by: Actor, input: string, upload: Upload): Promise<UploadView> {
    const { stores, renewal, now } = this.#options;
    const domain = this.#served(input);
    const accepted = await this.#accepted(domain, upload);
    const { chainPem, keyPem, facts } = accepted;
    const { notAfter, fingerprint } = facts;
    // First, so that no certificate by ACME comes in its place.
    await stores.certificateOrders.removeOrder(domain);
    const stillServed = async () => this.#options.house.get(domain) !== undefined;
    const stored = { domain, chainPem, keyPem, notAfter, source: 'uploaded', createdAt: now() };
    if (!(await renewal.put(stored, stillServed))) throw notServed(input);
    // The key of a request is of no more use once its answer is here; another certificate leaves it.
    const request = await stores.certificateOrders.request(domain);
    if (request !== undefined && samePair(request.keyPem, keyPem)) await stores.certificateOrders.removeRequest(domain);
    await record(stores.audit, by, 'certificate.upload', domain, {
      fingerprint,
      until: new Date(notAfter).toISOString().slice(0, 10),
    });
    return viewOf(accepted);
  }

  /** Shows one of the house's own authority from now on. Throws CommandError. */
  async internal(by: Actor, input: string): Promise<CertificateView> {
    const { stores, renewal } = this.#options;
    const domain = this.#served(input);
    await stores.certificateOrders.removeOrder(domain);
    await renewal.issue(domain);
    await record(stores.audit, by, 'certificate.internal', domain);
    return this.get(domain);
  }

  /** Makes a key and a request for a domain, in the place of the request before. Gives the request (PEM). Throws CommandError. */
  async request(by: Actor, input: string, kind: RequestKey): Promise<string> {
    const { stores, renewal, now } = this.#options;
    const domain = this.#served(input);
    const { dns } = await renewal.names(domain);
    const { keyPem, requestPem } = await makeRequest(publicNames(dns), kind);
    await stores.certificateOrders.setRequest({ domain, keyPem, requestPem, createdAt: now() });
    await record(stores.audit, by, 'certificate.request', domain, { key: kind });
    return requestPem;
  }

  /** Forgets a request with its key. Throws CommandError. */
  async dropRequest(by: Actor, input: string): Promise<void> {
    const { stores } = this.#options;
    const domain = this.#served(input);
    if (!(await stores.certificateOrders.removeRequest(domain))) {
      throw new CommandError('certificate-not-found', `There is no request for ${domain}.`);
    }
    await record(stores.audit, by, 'certificate.request.drop', domain);
  }

  /** Forgets all about a domain that is not served any more. */
  async forget(domain: string): Promise<void> {
    await this.#options.stores.certificateOrders.forget(domain);
    await this.#options.renewal.drop(domain);
  }

  async #accepted(domain: string, { pkcs12, ...texts }: Upload): Promise<Accepted> {
    const { stores, renewal, now } = this.#options;
    const given: Given = { ...texts, ...(pkcs12 !== undefined && { pkcs12: Buffer.from(pkcs12, 'base64') }) };
    const request = await stores.certificateOrders.request(domain);
    const waiting = request === undefined ? undefined : createPrivateKey(request.keyPem);
    try {
      return checkGiven(given, await renewal.names(domain), now(), waiting);
    } catch (error) {
      if (error instanceof CertificateRefusal) throw new CommandError('invalid', error.message, error.field);
      throw error;
    }
  }

  #served(input: string): string {
    const domain = this.#options.house.domains().find((one) => one === input.toLowerCase());
    if (domain === undefined) throw notServed(input);
    return domain;
  }
}

function notServed(input: string): CommandError {
  return new CommandError('domain-not-found', `The domain ${input} is not served here.`);
}

/** Without those that no authority elsewhere signs for: a machine's name without a dot. */
export function publicNames(dns: readonly string[]): string[] {
  return dns.filter((name) => name.includes('.'));
}

function samePair(one: string, other: string): boolean {
  // KeyObject.equals() of keys of two kinds leaves an error behind, which the next key that is read fails with.
  const [a, b] = [one, other].map((pem) => createPrivateKey(pem).export({ type: 'pkcs8', format: 'der' }));
  return a!.equals(b!);
}

function viewOf({ facts, missing, notes }: Accepted): UploadView {
  const { dns, issuer, notAfter, fingerprint, key } = facts;
  return { names: [...dns], issuer, notAfter, fingerprint, key, missing: [...missing], notes: [...notes] };
}
