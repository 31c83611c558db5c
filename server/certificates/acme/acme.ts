import { createPrivateKey, generateKeyPairSync, randomInt } from 'node:crypto';
import type { CertificateOrders, StoredAcmeOrder } from '../../storage/stores/certificate-orders.ts';
import type { StoredCertificate } from '../../storage/stores/certificates.ts';
import type { Settings } from '../../storage/stores/settings.ts';
import type { Logger } from '../../util/log.ts';
import { CertificateRefusal } from '../refusal.ts';
import type { Renewal } from '../renewal.ts';
import { makeRequest } from '../request.ts';
import { type Accepted, checkGiven } from '../upload.ts';
import type { Challenges } from './challenges.ts';
import { runHook } from './hook.ts';
import { orderCertificate, type Solver } from './order.ts';
import { AcmeProblem, explain } from './problem.ts';
import { type AcmeSettings, readAcmeSettings } from './settings.ts';
import { asking, type Where } from './transport.ts';

const HOUR_MS = 3_600_000;
const LONGEST_BACK_OFF_MS = 24 * HOUR_MS;
const LOOK_MS = 10 * 60_000;
/** A hook may wait for the DNS, a name at a time. */
const RUN_MS = 15 * 60_000;

export interface AcmeOptions {
  readonly orders: CertificateOrders;
  readonly settings: Settings;
  readonly renewal: Pick<Renewal, 'names' | 'put'>;
  /** The domains served now. */
  readonly domains: () => Promise<readonly string[]>;
  readonly challenges: Challenges;
  /** The folder of scripts for DNS-01. */
  readonly hooks: string;
  readonly log: Logger;
  /** Told how each try went; `failure` is '' when a certificate came. */
  readonly tried: (domain: string, failure: string) => Promise<void>;
  readonly now?: () => number;
}

/** When a certificate is renewed: with a third of its life left, some earlier, so that not all houses come at once. */
export function renewalTime(notBefore: number, notAfter: number): number {
  const life = Math.max(notAfter - notBefore, 0);
  return Math.floor(notAfter - life / 3 - (life / 30) * (randomInt(1_000) / 1_000));
}

/** How long to wait after so many failures in a row. */
export function backOff(failures: number): number {
  const wait = Math.min(HOUR_MS * 2 ** Math.min(failures - 1, 10), LONGEST_BACK_OFF_MS);
  return Math.floor(wait * (1 + randomInt(100) / 1_000));
}

/** Whether an authority says that it does not know our account, as one that was set up anew does. */
function hasForgotten(error: unknown): boolean {
  const { message = '' } = error as { message?: string };
  return /account/i.test(message) && /not (?:found|exist)|n[o']t exist|unable to find|unknown/i.test(message);
}

/** Gets and renews the certificates of those domains that were told to have theirs by ACME. */
export class Acme implements AsyncDisposable {
  readonly #options: AcmeOptions;
  readonly #now: () => number;
  readonly #running = new Set<string>();
  readonly #ending = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: AcmeOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** Whether a certificate is being got for a domain, or is about to be. */
  running(domain: string): boolean {
    return this.#running.has(domain);
  }

  /** Looks for what is due now and then from now on. */
  start(): void {
    const look = () =>
      void this.check().catch((err: unknown) => this.#options.log.error({ err }, 'ACME was not looked after'));
    this.#timer ??= setInterval(look, LOOK_MS).unref();
    look();
  }

  /** Gets what is due. */
  async check(): Promise<void> {
    const served = await this.#options.domains();
    for (const one of await this.#options.orders.orders()) {
      if (one.nextAt <= this.#now() && served.includes(one.domain)) await this.run(one.domain);
    }
  }

  /** Gets a certificate now; resolves with '' or with why none came, when that is written down. One at a time for the whole house. */
  run(domain: string): Promise<string> {
    if (this.#running.has(domain)) return this.#last.then(() => '');
    this.#running.add(domain);
    const done = this.#last.then(() => this.#try(domain)).finally(() => this.#running.delete(domain));
    this.#last = done.catch((err: unknown) =>
      this.#options.log.error({ err, domain }, 'what came of ACME was not written down'),
    );
    return done;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.#ending.abort();
    await this.#last;
  }

  async #try(domain: string): Promise<string> {
    const { orders, log, tried } = this.#options;
    const one = await orders.order(domain);
    if (one === undefined || this.#ending.signal.aborted) return '';
    const began = this.#now();
    let failure = '';
    let nextAt = 0;
    try {
      const { facts } = await this.#get(one);
      nextAt = renewalTime(facts.notBefore, facts.notAfter);
      log.info({ domain, until: new Date(facts.notAfter).toISOString().slice(0, 10) }, 'got a certificate by ACME');
    } catch (error) {
      // The server stops: that is nobody's failure.
      if (this.#ending.signal.aborted) return '';
      failure = explain(error).message;
      nextAt = began + backOff(one.failures + 1);
      log.warn({ domain, failure }, 'no certificate came by ACME');
    }
    await orders.tried({ ...one, nextAt, triedAt: began, failures: failure === '' ? 0 : one.failures + 1, failure });
    await tried(domain, failure);
    return failure;
  }

  async #get({ domain, names }: StoredAcmeOrder): Promise<Accepted> {
    const { orders, settings: store } = this.#options;
    const settings = await readAcmeSettings(store);
    if (!settings.agreed) throw new AcmeProblem('Nobody has agreed to the terms of the authority yet.');
    const signal = AbortSignal.any([this.#ending.signal, AbortSignal.timeout(RUN_MS)]);
    const where: Where = { directory: settings.directory, authority: settings.authority, signal };
    const { keyPem, requestPem } = await makeRequest(names, 'ec');
    const needs = { names, requestPem, solver: this.#solver(settings, signal), signal };
    const chain = await asking(where, async (make) => {
      const account = (await orders.account(settings.directory)) ?? this.#newAccount(settings.directory);
      const register = async () => {
        const fresh = make({ accountKey: account.keyPem });
        await fresh.createAccount({
          termsOfServiceAgreed: true,
          ...(settings.email !== '' && { contact: [`mailto:${settings.email}`] }),
        });
        await orders.setAccount({ ...account, url: fresh.getAccountUrl() });
        return fresh;
      };
      const client =
        account.url === '' ? await register() : make({ accountKey: account.keyPem, accountUrl: account.url });
      try {
        return await orderCertificate(client, needs);
      } catch (error) {
        if (account.url === '' || !hasForgotten(error)) throw error;
        return orderCertificate(await register(), needs);
      }
    });
    return this.#store(domain, chain, keyPem, names);
  }

  /** What came is looked at as if somebody had brought it; only then it is shown. */
  async #store(domain: string, chain: string, keyPem: string, names: readonly string[]): Promise<Accepted> {
    const { orders, renewal } = this.#options;
    let accepted: Accepted;
    try {
      const wanted = { ...(await renewal.names(domain)), dns: names };
      accepted = checkGiven({ chain }, wanted, this.#now(), createPrivateKey(keyPem));
    } catch (error) {
      if (!(error instanceof CertificateRefusal)) throw error;
      throw new AcmeProblem(`The certificate that came cannot be used. ${error.message}`, { cause: error });
    }
    const { chainPem, facts } = accepted;
    const stored: StoredCertificate = {
      domain,
      chainPem,
      keyPem,
      notAfter: facts.notAfter,
      source: 'acme',
      createdAt: this.#now(),
    };
    // Meanwhile somebody may have decided otherwise, or the domain may be gone.
    const stillWanted = async () =>
      (await orders.order(domain)) !== undefined && (await this.#options.domains()).includes(domain);
    if (!(await renewal.put(stored, stillWanted))) throw new AcmeProblem('It is not wanted any more.');
    return accepted;
  }

  #newAccount(directory: string) {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const keyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    return { directory, keyPem, url: '', createdAt: this.#now() };
  }

  #solver({ challenge: kind, hook }: AcmeSettings, signal: AbortSignal): Solver {
    const { hooks: scripts } = this.#options;
    const { challenges } = this.#options;
    if (kind === 'http-01') {
      return {
        kind,
        show: async (_name, token, answer) => challenges.set(token, answer),
        hide: async (_name, token) => challenges.remove(token),
      };
    }
    return {
      kind,
      show: (name, _token, answer) => runHook(scripts, hook, 'add', `_acme-challenge.${name}`, answer, { signal }),
      // Also when all took too long: what was made is taken away again.
      hide: (name, _token, answer) => runHook(scripts, hook, 'remove', `_acme-challenge.${name}`, answer),
    };
  }
}
