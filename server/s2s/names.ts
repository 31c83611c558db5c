import { lookup, Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import { ownHosts } from './hosts-file.ts';
import { Places } from './places.ts';
import { type Found, Remembered } from './remembered.ts';
import { asciiName } from './target.ts';

export interface SrvRecord {
  /** Without a final dot; `.` where there is no service (RFC 2782). */
  readonly target: string;
  readonly port: number;
  readonly priority: number;
  readonly weight: number;
}

/** What the DNS has under one name; of very many only those of the lowest priorities. */
export interface SrvRecords {
  readonly records: readonly SrvRecord[];
  /** How many there were beside those. */
  readonly more: number;
}

/** `no-name`: the name does not exist. `no-record`: it does, and has nothing of what was asked for. */
export type NameFailure = 'no-name' | 'no-record' | 'timeout' | 'failed';

/** Why a question to the DNS has no answer. */
export class NameError extends Error {
  readonly failure: NameFailure;
  readonly asked: string;

  /** `detail`: what the resolver said, for the log. */
  constructor(failure: NameFailure, asked: string, detail = '') {
    super(`${asked}: ${failure}${detail === '' ? '' : ` (${detail})`}`);
    this.name = 'NameError';
    this.failure = failure;
    this.asked = asked;
  }
}

/** The ways to ask for names. All reject with NameError, or with the reason of the signal; nothing else. */
export interface Names {
  /** The SRV records of a full name (`_xmpp-server._tcp.example.test`), one at least. */
  srv(name: string, signal: AbortSignal): Promise<SrvRecords>;
  /** The IP addresses of a host, IPv6 first, one at least, of each family 16 at most. An IP address is its own. */
  addresses(host: string, signal: AbortSignal): Promise<readonly string[]>;
  /** The same as the DNS has it for everybody: neither this machine's hosts file nor its neighbours are asked. */
  published(host: string, signal: AbortSignal): Promise<readonly string[]>;
}

export interface NameLimits {
  /** ms until one server is asked again (the second time twice as long), and until a question is given up. */
  readonly retry: number;
  readonly patience: number;
  /** Questions at once, and such that wait. */
  readonly atOnce: number;
  readonly waiting: number;
  /** ms for which an answer, the answer that there is nothing, and a failure may be said again. */
  readonly keep: number;
  readonly keepNothing: number;
  readonly keepFailure: number;
}

export const LIMITS: NameLimits = {
  retry: 1_600,
  patience: 5_000,
  atOnce: 32,
  waiting: 500,
  keep: 60_000,
  keepNothing: 15_000,
  keepFailure: 3_000,
};

const TRIES = 2;
/** A question that has less time left is not asked any more. */
const LEAST_MS = 100;
const MAX_ANSWERS = 1_000;
const MAX_RECORDS = 64;
const MAX_ADDRESSES = 16;
/** How long the other family is waited for when one has come (RFC 8305 §3; a server has more time than a person). */
const OTHER_FAMILY_MS = 500;
/** Names that are not in the DNS but known to neighbours (mDNS, RFC 6762; NetBIOS): the system may know how to ask them. */
const NEIGHBOUR = /^[^.]+$|\.local$/;

const NOTHING: Readonly<Record<string, NameFailure>> = {
  ENOTFOUND: 'no-name',
  ENODATA: 'no-record',
  EBADNAME: 'no-name', // longer than any name
  ETIMEOUT: 'timeout',
  ECANCELLED: 'timeout',
};

function nameError(error: unknown, asked: string): NameError {
  if (error instanceof NameError) return error;
  const { code = 'unknown' } = error as NodeJS.ErrnoException;
  return new NameError(NOTHING[code] ?? 'failed', asked, code);
}

interface Family {
  readonly addresses: readonly string[];
  readonly ms: number;
  readonly error?: NameError;
}

class DnsNames implements Names {
  readonly #servers: readonly string[];
  readonly #limits: NameLimits;
  readonly #places: Places;
  /** Apart: these questions take the few threads of the system's library, and as long as that wants. */
  readonly #neighbours: Places;
  readonly #srv: Remembered<SrvRecords>;
  readonly #addresses: Remembered<readonly string[]>;

  constructor(servers: readonly string[], limits: NameLimits) {
    this.#servers = servers;
    this.#limits = limits;
    this.#places = new Places(limits.atOnce, limits.waiting);
    this.#neighbours = new Places(2, 50);
    const failureMs = (error: unknown): number =>
      error instanceof NameError && error.failure.startsWith('no-') ? limits.keepNothing : limits.keepFailure;
    this.#srv = new Remembered(MAX_ANSWERS, failureMs);
    this.#addresses = new Remembered(MAX_ANSWERS, failureMs);
  }

  async srv(name: string, signal: AbortSignal): Promise<SrvRecords> {
    const asked = known(name);
    return await this.#srv.get(asked, () => this.#ask(asked, (resolver) => this.#records(resolver, asked)), signal);
  }

  async addresses(host: string, signal: AbortSignal): Promise<readonly string[]> {
    if (isIP(host) !== 0) return [host];
    const asked = known(host);
    if (this.#servers.length > 0) return await this.published(asked, signal);
    return await this.#addresses.get(`system ${asked}`, () => this.#system(asked), signal);
  }

  async published(host: string, signal: AbortSignal): Promise<readonly string[]> {
    const asked = known(host);
    return await this.#addresses.get(asked, () => this.#dns(asked), signal);
  }

  /** As programs of this machine would find it: its hosts file first. */
  async #system(asked: string): Promise<Found<readonly string[]>> {
    const own = await ownHosts(asked);
    if (own.length > 0) return { value: inFamilies(own), ms: this.#limits.keep };
    // All others are asked for without the system's library: that cannot be told to stop, tries `name.search.domain`,
    // too, and shares its threads with the disk.
    if (!NEIGHBOUR.test(asked)) return await this.#dns(asked);
    return await this.#inTime(asked, this.#neighbours, async () => {
      const found = (await lookup(asked, { all: true })).map(({ address }) => address);
      if (found.length === 0) throw new NameError('no-record', asked);
      return { value: inFamilies(found), ms: this.#limits.keep };
    });
  }

  #dns(asked: string): Promise<Found<readonly string[]>> {
    return this.#ask(asked, (resolver) => this.#bothFamilies(resolver, asked));
  }

  /** One question with a resolver of its own, which knows what the system's file says now and can be stopped. */
  #ask<T>(asked: string, question: (resolver: Resolver) => Promise<Found<T>>): Promise<Found<T>> {
    return this.#inTime(asked, this.#places, async (left) => {
      const resolver = new Resolver({ timeout: this.#limits.retry, tries: TRIES });
      const stop = setTimeout(() => resolver.cancel(), left);
      try {
        if (this.#servers.length > 0) resolver.setServers(this.#servers);
        return await question(resolver);
      } finally {
        clearTimeout(stop);
        resolver.cancel();
      }
    });
  }

  /** Waits for a place and an answer together no longer than the patience allows. */
  async #inTime<T>(asked: string, places: Places, question: (left: number) => Promise<T>): Promise<T> {
    let over: NodeJS.Timeout | undefined;
    const { patience } = this.#limits;
    const until = performance.now() + patience;
    const end = new Promise<never>((_, reject) => {
      over = setTimeout(() => reject(new NameError('timeout', asked)), patience);
    });
    const answer = places.run(async () => {
      const left = until - performance.now();
      // Nobody waits any more, or hardly, for what got its place too late.
      if (left < LEAST_MS) throw new NameError('timeout', asked, 'too many questions at once');
      return await question(left);
    });
    answer.catch(() => undefined);
    try {
      const found = await Promise.race([answer, end]);
      if (found === undefined) throw new NameError('failed', asked, 'too many questions at once');
      return found;
    } catch (error) {
      throw nameError(error, asked);
    } finally {
      clearTimeout(over);
    }
  }

  async #records(resolver: Resolver, asked: string): Promise<Found<SrvRecords>> {
    const all = await resolver.resolveSrv(asked);
    const records = all
      .map(({ name, port, priority, weight }) => ({ target: targetName(name), port, priority, weight }))
      .sort((a, b) => a.priority - b.priority);
    if (records.length === 0) throw new NameError('no-record', asked);
    const more = Math.max(0, records.length - MAX_RECORDS);
    return { value: { records: records.slice(0, MAX_RECORDS), more }, ms: this.#limits.keep };
  }

  async #bothFamilies(resolver: Resolver, asked: string): Promise<Found<readonly string[]>> {
    const family = async (answers: Promise<{ address: string; ttl: number }[]>): Promise<Family> => {
      try {
        const list = (await answers).slice(0, MAX_ADDRESSES);
        if (list.length === 0) throw new NameError('no-record', asked);
        const ttl = Math.min(...list.map((one) => one.ttl)) * 1_000;
        return { addresses: list.map(({ address }) => address), ms: Math.min(this.#limits.keep, Math.max(1_000, ttl)) };
      } catch (error) {
        return { addresses: [], ms: this.#limits.keepFailure, error: nameError(error, asked) };
      }
    };
    const six = family(resolver.resolve6(asked, { ttl: true }));
    const four = family(resolver.resolve4(asked, { ttl: true }));
    const first = await Promise.any([six, four].map(found)).catch(() => undefined);
    // A resolver that never answers for one family must not take the other with it.
    const families = await Promise.all([six, four].map((one) => (first === undefined ? one : soon(one))));
    const addresses = families.flatMap((one) => one.addresses);
    if (addresses.length > 0) return { value: addresses, ms: Math.min(...families.map(({ ms }) => ms)) };
    throw worst(families.map(({ error }) => error!));
  }
}

async function found(family: Promise<Family>): Promise<Family> {
  const one = await family;
  if (one.error !== undefined) throw one.error;
  return one;
}

async function soon(family: Promise<Family>): Promise<Family> {
  let over: NodeJS.Timeout | undefined;
  const late = new Promise<Family>((resolve) => {
    over = setTimeout(resolve, OTHER_FAMILY_MS, { addresses: [], ms: 1_000 });
  });
  return await Promise.race([family, late]).finally(() => clearTimeout(over));
}

/** That one family does not exist says something only when the other does not, either. */
function worst(errors: readonly NameError[]): NameError {
  const order: readonly NameFailure[] = ['timeout', 'failed', 'no-record', 'no-name'];
  return errors.toSorted((a, b) => order.indexOf(a.failure) - order.indexOf(b.failure))[0]!;
}

function known(name: string): string {
  const ascii = asciiName(name);
  if (ascii === undefined) throw new NameError('no-name', name.slice(0, 300), 'no name that the DNS could have');
  return ascii;
}

function targetName(name: string): string {
  return name === '' || name === '.' ? '.' : name.replace(/\.$/, '').toLowerCase();
}

function inFamilies(addresses: readonly string[]): string[] {
  const of = (version: number): string[] => addresses.filter((one) => isIP(one) === version).slice(0, MAX_ADDRESSES);
  return [...new Set([...of(6), ...of(4)])];
}

/** Opens the way to the DNS: by these servers, or, where none are given, by what the system has. */
export function openNames(
  servers: readonly { readonly host: string; readonly port: number }[],
  limits: Partial<NameLimits> = {},
): Names {
  const written = servers.map(({ host, port }) => (isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`));
  return new DnsNames(written, { ...LIMITS, ...limits });
}
