import { generateKeyPairSync } from 'node:crypto';
import { checkHook } from '../certificates/acme/hook.ts';
import { AcmeProblem } from '../certificates/acme/problem.ts';
import {
  type AcmeSettings,
  type ChallengeKind,
  readAcmeSettings,
  writeAcmeSettings,
} from '../certificates/acme/settings.ts';
import { directoryOrigin, termsOf } from '../certificates/acme/transport.ts';
import { pastedCertificates } from '../certificates/pem.ts';
import { type Actor, mustMay, record } from './actor.ts';
import { type CertificateCommandOptions, publicNames } from './certificates.ts';
import { CommandError } from './command-error.ts';
import type { ListenerView } from './overview.ts';

const LOOK_MS = 20_000;
const LONGEST_URL = 500;
const UNREACHED =
  'No authority that speaks ACME (RFC 8555) was found there whose own certificate this machine trusts. Is the address the one of its directory? Where it is an authority of your own, give its root certificate.';
/** Nothing but what an address is for certain: it goes into a message to somebody else's machine. */
const EMAIL = /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+$/;
/** Authorities take a hundred names at most. */
const MOST_NAMES = 100;

export interface AcmeCommandOptions extends CertificateCommandOptions {
  readonly listeners: () => readonly ListenerView[];
  /** The boot file has the plain HTTP listener, whether it is open yet or not. */
  readonly plainHttp?: boolean;
}

/** What an administrator decides. */
export interface AcmeWish {
  readonly directory: string;
  readonly authority: string;
  readonly email: string;
  readonly agreed: boolean;
  readonly challenge: ChallengeKind;
  readonly hook: string;
}

/** Certificates that an authority gives to whoever shows that a name is theirs (RFC 8555). */
export class AcmeCommands {
  readonly #options: AcmeCommandOptions;

  constructor(options: AcmeCommandOptions) {
    this.#options = options;
  }

  /** The port of the plain HTTP listener, by which an authority can look whether a name is ours; undefined while it is closed. */
  get httpPort(): number | undefined {
    const address = this.#options.listeners().find(({ name }) => name === 'http')?.address;
    return address === undefined ? undefined : Number(address.replace(/^.*:/, ''));
  }

  /** The folder that a script for the proof by DNS lies in. */
  get hooks(): string {
    return this.#options.hooks;
  }

  settings(): Promise<AcmeSettings> {
    return readAcmeSettings(this.#options.stores.settings);
  }

  /** Where the terms of an authority are; undefined: it has none. Throws CommandError when it cannot be asked. */
  async terms(directory: string, authority: string): Promise<string | undefined> {
    checkDirectory(directory);
    checkAuthority(authority);
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    try {
      return await termsOf({ directory, authority, signal: AbortSignal.timeout(LOOK_MS) }, key);
    } catch (error) {
      // One sentence for whatever went wrong: it is no tool to find out what listens in the network.
      if (error instanceof AcmeProblem) throw new CommandError('invalid', UNREACHED, 'directory');
      throw error;
    }
  }

  /** Decides how certificates are got. Throws CommandError; nothing is changed then. */
  async set(by: Actor, wish: AcmeWish): Promise<AcmeSettings> {
    const { stores } = this.#options;
    const chosen = wish.hook.trim();
    if (chosen !== '' && chosen !== (await this.settings()).hook) mustMay(by, 'owner'); // the server runs it
    const settings = await this.check(wish);
    await writeAcmeSettings(stores.settings, settings);
    const { directory, challenge, hook, email } = settings;
    await record(stores.audit, by, 'acme.set', directory, { challenge, email, ...(hook !== '' && { hook }) });
    return settings;
  }

  /** What would be decided; changes nothing. Throws CommandError. */
  async check(wish: AcmeWish): Promise<AcmeSettings> {
    const email = wish.email.trim();
    const settings: AcmeSettings = { ...wish, email, directory: wish.directory.trim(), hook: wish.hook.trim() };
    checkDirectory(settings.directory);
    checkAuthority(settings.authority);
    if (email !== '' && !EMAIL.test(email))
      throw new CommandError('invalid', 'This is not an e-mail address.', 'email');
    if (!settings.agreed) {
      throw new CommandError('invalid', 'The authority gives certificates only to who agrees to its terms.', 'agreed');
    }
    if (settings.challenge === 'http-01') this.#checkDoor();
    else {
      if (settings.hook === '') throw new CommandError('invalid', 'The proof by DNS needs a script.', 'hook');
    }
    if (settings.hook !== '') await this.#checkHook(settings.hook);
    return settings;
  }

  /**
   * Has the certificate of a domain got by ACME from now on, for these of its names (ASCII); without, for those below it. Begins at
   * once, or when the doors are open, where none is yet; how it went is seen in the list. Throws CommandError.
   */
  async use(by: Actor, input: string, wish?: readonly string[]): Promise<void> {
    const { stores, acme, renewal } = this.#options;
    const domain = this.#served(input);
    const { agreed, challenge } = await this.settings();
    if (!agreed) throw new CommandError('not-allowed', 'Say first how certificates are got by ACME.');
    if (challenge === 'http-01') this.#checkDoor();
    const { dns } = await renewal.names(domain);
    const own = dns[0]!;
    this.checkName(own);
    const names =
      wish === undefined
        ? publicNames(dns).filter((name) => name === own || name.endsWith(`.${own}`))
        : [...new Set(wish)];
    const strange = names.find((name) => !dns.includes(name));
    if (strange !== undefined) {
      throw new CommandError('invalid', `“${strange.slice(0, 100)}” is none of the names of ${domain}.`, 'names');
    }
    if (!names.includes(own)) throw new CommandError('invalid', `${own} itself must be among the names.`, 'names');
    if (names.length > MOST_NAMES)
      throw new CommandError('invalid', `These are more than ${MOST_NAMES} names.`, 'names');
    const sorted = [own, ...names.filter((name) => name !== own)];
    await stores.certificateOrders.setOrder({ domain, names: sorted, nextAt: 0, triedAt: 0, failures: 0, failure: '' });
    await record(stores.audit, by, 'acme.use', domain, { names: sorted.join(', ').slice(0, 500) });
    // While the server starts nobody could look at a proof: what is due is begun when all doors are open.
    if (this.#options.listeners().length > 0) this.#begin(acme.run(domain));
  }

  /** Throws CommandError for a name that no authority speaks for. */
  checkName(name: string): void {
    if (!name.includes('.'))
      throw new CommandError('invalid', `No authority gives a certificate for ${name}.`, 'names');
  }

  /** Whether the certificate of a domain is got by ACME. */
  async uses(domain: string): Promise<boolean> {
    return (await this.#options.stores.certificateOrders.order(domain)) !== undefined;
  }

  /** Tries now. Throws CommandError. */
  async run(by: Actor, input: string): Promise<void> {
    const { stores, acme } = this.#options;
    const domain = this.#served(input);
    if ((await stores.certificateOrders.order(domain)) === undefined) {
      throw new CommandError('certificate-not-found', `The certificate of ${domain} is not got by ACME.`);
    }
    await record(stores.audit, by, 'acme.run', domain);
    this.#begin(acme.run(domain));
  }

  /** Asks for no more; what came stays until it ends. Throws CommandError. */
  async stop(by: Actor, input: string): Promise<void> {
    const { stores } = this.#options;
    const domain = this.#served(input);
    if (!(await stores.certificateOrders.removeOrder(domain))) {
      throw new CommandError('certificate-not-found', `The certificate of ${domain} is not got by ACME.`);
    }
    await record(stores.audit, by, 'acme.stop', domain);
  }

  /** It takes up to some minutes; what came of it is stored, and told by `list`. */
  #begin(run: Promise<string>): void {
    run.catch(() => undefined);
  }

  #checkDoor(): void {
    if (this.httpPort !== undefined || this.#options.plainHttp === true) return;
    throw new CommandError(
      'invalid',
      'The proof by HTTP needs the plain HTTP listener: write http = ["[::]:80"] under [listen] into the boot file and start the server again. Or choose the proof by DNS.',
      'challenge',
    );
  }

  async #checkHook(given: string): Promise<void> {
    try {
      await checkHook(this.#options.hooks, given);
    } catch (error) {
      throw refused(error, 'hook');
    }
  }

  #served(input: string): string {
    const domain = this.#options.house.domains().find((one) => one === input.toLowerCase());
    if (domain === undefined) throw new CommandError('domain-not-found', `The domain ${input} is not served here.`);
    return domain;
  }
}

function refused(error: unknown, field: string): unknown {
  return error instanceof AcmeProblem ? new CommandError('invalid', error.message, field) : error;
}

function checkDirectory(directory: string): void {
  try {
    if (directory.length > LONGEST_URL) throw new AcmeProblem('This address is too long.');
    directoryOrigin(directory);
  } catch (error) {
    throw refused(error, 'directory');
  }
}

function checkAuthority(pem: string): void {
  if (pem === '') return;
  try {
    pastedCertificates(pem);
  } catch (error) {
    throw new CommandError('invalid', (error as Error).message, 'authority');
  }
}
