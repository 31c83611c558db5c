import { createPrivateKey, X509Certificate } from 'node:crypto';
import { isIPv4 } from 'node:net';
import { domainToASCII } from 'node:url';
import type { Certificates, StoredAuthority, StoredCertificate } from '../storage/stores/certificates.ts';
import type { Logger } from '../util/log.ts';
import { authorityFor, leafFor, narrowedFor } from './authority.ts';
import { inspect } from './inspect.ts';
import { machineAddresses, type Names, namesFor } from './names.ts';
import type { Unseen } from './unseen.ts';

const DAY_MS = 86_400_000;
const RENEW_BELOW_MS = 30 * DAY_MS;
/** What came from elsewhere ends at any hour, and somebody else must stand in for it then. */
const LOOK_MS = 3_600_000;

export interface RenewalOptions {
  readonly store: Certificates;
  /** The domains served now. */
  readonly domains: () => Promise<readonly string[]>;
  /** Names of components, which other servers connect to by names of their own. */
  readonly components?: () => Promise<readonly string[]>;
  /** This machine's own name. */
  readonly hostname: string;
  readonly log: Logger;
  /** Whether nobody can have the authority yet; left out: somebody may. */
  readonly unseen?: Unseen;
  /** Told after certificates have been stored, to show them from now on. */
  readonly renewed: () => Promise<void>;
  /** IP addresses to name; default: this machine's. */
  readonly addresses?: () => readonly string[];
  readonly now?: () => number;
}

/** When a certificate of ours is renewed by itself (ms since 1970), as long as nothing else is the matter with it. */
export function renewedFrom(notAfter: number): number {
  return notAfter - RENEW_BELOW_MS;
}

/** Why TLS cannot show it, or nobody would take it; undefined when it is well. */
function fault({ chainPem, keyPem, notAfter }: StoredCertificate, now: number): string | undefined {
  if (notAfter <= now) return 'it has ended';
  try {
    const fits = new X509Certificate(chainPem).checkPrivateKey(createPrivateKey(keyPem));
    return fits ? undefined : 'its key is that of another one';
  } catch {
    return 'it cannot be read';
  }
}

/** Why a domain needs a new certificate of ours, or undefined when it does not. */
function reason(
  one: StoredCertificate | undefined,
  names: Names,
  authority: StoredAuthority | undefined,
  now: number,
): string | undefined {
  if (one === undefined) return 'there was none';
  if (authority === undefined) return 'the authority is gone';
  const wrong = fault(one, now);
  if (wrong !== undefined) return wrong;
  if (one.notAfter - now < RENEW_BELOW_MS) return 'the old one ends soon';
  const facts = inspect(one.chainPem);
  const missing = [
    ...names.dns.filter((name) => !facts.dns.includes(name)),
    // IPv6 addresses may change daily (RFC 8981); they come along when there is a better reason.
    ...names.addresses.filter((address) => isIPv4(address) && !facts.addresses.includes(address)),
  ];
  if (missing.length > 0) return `it lacked ${missing.join(', ')}`;
  const { publicKey } = new X509Certificate(authority.certificatePem);
  return new X509Certificate(one.chainPem).verify(publicKey) ? undefined : 'the authority is another one';
}

interface Due {
  readonly why: string;
  /** In the place of one from elsewhere, which stays stored. */
  readonly standsIn: boolean;
}

const ASKED_FOR: Due = { why: 'it was asked for', standsIn: false };

/** Why a domain needs one of ours: whoever brought theirs renews it, and ours stands in when they did not. */
function dueOf(
  one: StoredCertificate | undefined,
  standIn: StoredCertificate | undefined,
  names: Names,
  authority: StoredAuthority | undefined,
  now: number,
): Due | undefined {
  const own = one === undefined || one.source === 'internal';
  const why = own ? reason(one, names, authority, now) : fault(one, now);
  if (why === undefined || own) return why === undefined ? undefined : { why, standsIn: false };
  return reason(standIn, names, authority, now) === undefined ? undefined : { why, standsIn: true };
}

/** Sees to it that every served domain has a certificate that is valid and names what it must: now, and once an hour. */
export class Renewal implements AsyncDisposable {
  readonly #options: RenewalOptions;
  readonly #now: () => number;
  #timer: NodeJS.Timeout | undefined;
  /** By domain: ours in the place of one from elsewhere that is of no use any more. That one stays stored, and is told of. */
  readonly #standIns = new Map<string, StoredCertificate>();
  /** Checks come one after the other: two at once would issue twice. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: RenewalOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /**
   * Issues what is missing or due and stores it, the authority before what it signed. `also` is a domain that is about
   * to be served. Gives the domains that have a new certificate. Idempotent.
   */
  check(also?: string): Promise<readonly string[]> {
    return this.#next(also, undefined);
  }

  /** A new certificate of our own authority for a domain, whatever it has. */
  async issue(domain: string): Promise<void> {
    await this.#next(domain, domain);
  }

  #next(also: string | undefined, anew: string | undefined): Promise<readonly string[]> {
    return this.#alone(() => this.#check(also, anew));
  }

  /** One after the other: who replaces a certificate does not do so between what somebody else has read and writes. */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }

  /**
   * Shows a certificate that came from elsewhere from now on. `wanted` is asked right before; false: it is not, and nothing was done.
   */
  async put(one: StoredCertificate, wanted: () => Promise<boolean> = async () => true): Promise<boolean> {
    return this.#alone(async () => {
      if (!(await wanted())) return false;
      await this.#options.store.set(one);
      this.#standIns.delete(one.domain);
      await this.#options.renewed();
      return true;
    });
  }

  /**
   * Forgets the certificate of a domain that is not served any more. The authority does not speak for it any more either, as long as
   * nobody can have that: so what devices fetch first has nothing of the domain that the first start chose.
   */
  async drop(domain: string): Promise<void> {
    await this.#alone(async () => {
      await this.#options.store.remove(domain);
      this.#standIns.delete(domain);
      await this.#narrow();
      await this.#options.renewed();
    });
  }

  async #narrow(): Promise<void> {
    const { store, hostname, unseen, log } = this.#options;
    const current = await store.authority();
    if (current === undefined || !(await unseen?.holds())) return;
    const dns = [hostname, ...(await this.#options.domains())].map(domainToASCII);
    const authority = await narrowedFor(current, dns, this.#now());
    if (authority === current) return;
    await store.setAuthority(authority);
    const { fingerprint } = inspect(authority.certificatePem);
    log.info({ fingerprint, names: dns }, 'narrowed the internal authority, which nobody has yet');
  }

  /** What is to be shown in the place of a domain's certificate that has ended or cannot be used. */
  standIn(domain: string): StoredCertificate | undefined {
    return this.#standIns.get(domain);
  }

  /** The names that the certificate of a domain should have. */
  async names(domain: string): Promise<Names> {
    const { hostname, components } = this.#options;
    const addresses = (this.#options.addresses ?? machineAddresses)();
    return namesFor(domain, hostname, addresses, (await components?.()) ?? []);
  }

  /** Checks once an hour from now on. A check that fails is logged, and tried again the next time. */
  start(): void {
    this.#timer ??= setInterval(() => {
      this.check().catch((err: unknown) => this.#options.log.error({ err }, 'certificates could not be renewed'));
    }, LOOK_MS).unref();
  }

  /** Ends these checks and waits for one under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    await this.#last;
  }

  async #check(also: string | undefined, anew: string | undefined): Promise<readonly string[]> {
    const { store, hostname, log, renewed } = this.#options;
    const now = this.#now();
    const addresses = (this.#options.addresses ?? machineAddresses)();
    const domains = new Set(await this.#options.domains());
    if (also !== undefined) domains.add(also);
    const components = (await this.#options.components?.()) ?? [];
    let authority = await store.authority();
    const due: (Due & { readonly names: Names })[] = [];
    let restored = false;
    for (const domain of domains) {
      const names = namesFor(domain, hostname, addresses, components);
      const one = await store.of(domain);
      const standIn = this.#standIns.get(domain);
      const found = domain === anew ? ASKED_FOR : dueOf(one, standIn, names, authority, now);
      if (found !== undefined) due.push({ ...found, names });
      // After the clock of the machine was wrong.
      else if (one !== undefined && fault(one, now) === undefined) restored = this.#standIns.delete(domain) || restored;
    }
    if (due.length === 0) {
      if (restored) await renewed();
      return [];
    }
    authority = await this.#authority(authority, [hostname, ...domains].map(domainToASCII), now);
    for (const { names, why, standsIn } of due) {
      const leaf = await leafFor(authority, names, now);
      const until = new Date(leaf.notAfter).toISOString().slice(0, 10);
      if (standsIn) {
        this.#standIns.set(names.domain, leaf);
        log.warn({ domain: names.domain, until, why }, 'one of our own stands in for the certificate from elsewhere');
        continue;
      }
      await store.set(leaf);
      this.#standIns.delete(names.domain);
      log.info({ domain: names.domain, until, why }, 'issued a certificate');
    }
    await renewed();
    return due.map(({ names }) => names.domain);
  }

  async #authority(
    current: StoredAuthority | undefined,
    dns: readonly string[],
    now: number,
  ): Promise<StoredAuthority> {
    const { store, log } = this.#options;
    const authority = await authorityFor(current, dns, now);
    if (authority === current) return authority;
    if (current === undefined) await this.#options.unseen?.begin();
    await store.setAuthority(authority);
    const { fingerprint } = inspect(authority.certificatePem);
    log.info(
      { fingerprint, names: dns },
      current === undefined ? 'made the internal authority' : 'widened the internal authority; clients need it anew',
    );
    return authority;
  }
}
