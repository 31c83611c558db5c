import { isPublic } from '../s2s/addresses.ts';
import { machineName, type Reach, reachOf, recordsFor, type Served } from '../s2s/dns-records.ts';
import { DNS_SERVERS, type DnsServer, dnsText } from '../s2s/dns-text.ts';
import type { Names } from '../s2s/names.ts';
import { asciiName } from '../s2s/target.ts';
import { CommandError } from './command-error.ts';
import { compare, type RecordView } from './dns-compare.ts';
import { details, remarks } from './dns-sentences.ts';
import type { House } from './house.ts';
import type { ListenerView } from './overview.ts';
import type { WishedReach } from './setup.ts';

export interface DnsOptions {
  readonly names: Names;
  /** The addresses of this machine, as others reach it. */
  readonly addresses: () => readonly string[];
  /** Whether this house talks with other servers at all. */
  readonly federates: () => boolean;
}

export interface DnsView {
  readonly domain: string;
  /** The domain as the DNS has it. */
  readonly ascii: string;
  /** Who can know such a name at all. */
  readonly known: Reach;
  readonly records: RecordView[];
  readonly remarks: string[];
  /** Remarks for those who want to know more. */
  readonly details: string[];
  /** What to paste, by the DNS server it is for. */
  readonly texts: Record<DnsServer, string>;
}

export interface DnsDoctorOptions extends DnsOptions {
  readonly house: House;
  readonly hostname: string;
  readonly listeners: () => readonly ListenerView[];
}

/** Services that somebody of another server may have to reach; those that the house does not have are left out. */
const SERVICES = ['conference', 'pubsub', 'upload', 'proxy'];

/** Tells which records a domain should have, and which it has. */
export class DnsDoctor {
  readonly #options: DnsDoctorOptions;

  constructor(options: DnsDoctorOptions) {
    this.#options = options;
  }

  /**
   * Asks the DNS now, for all records or only for those that are needed to be reached from somewhere: in an office's own network no
   * other server looks for this one. Throws CommandError for a domain that is not served or cannot be in the DNS.
   */
  async examine(input: string, from?: WishedReach): Promise<DnsView> {
    const { house, names, hostname } = this.#options;
    const domain = house.domains().find((one) => one === input.toLowerCase());
    if (domain === undefined) throw new CommandError('domain-not-found', `The domain ${input} is not served here.`);
    const ascii = asciiName(domain);
    if (ascii === undefined)
      throw new CommandError('invalid', `${domain} is no name that the DNS could have.`, 'domain');
    const all = this.#served(domain, ascii);
    const served = from === 'office' ? { ...all, federates: false } : all;
    const wanted = recordsFor(served);
    // Each question ends by itself; nobody else ends one.
    const { signal } = new AbortController();
    const compared = await Promise.all(wanted.map((one) => compare(names, served, one, signal)));
    const reach = reachOf(ascii);
    const machine = machineName(hostname, ascii);
    const facts = {
      domain: ascii,
      reach,
      from,
      hostname,
      better: machine.own ? undefined : machine.name,
      federates: all.federates,
      own: all.addresses,
      behind: all.addresses.every((address) => !isPublic(address)),
      ports: Object.values(all.ports),
      https: this.#port('https'),
    };
    const texts = Object.fromEntries(DNS_SERVERS.map((server) => [server, dnsText(server, ascii, wanted)]));
    return {
      domain,
      ascii,
      known: reach,
      records: compared.filter((one) => one !== undefined),
      remarks: remarks(facts),
      details: details(facts),
      texts: texts as Record<DnsServer, string>,
    };
  }

  #served(domain: string, ascii: string): Served {
    const { house, hostname, addresses, federates } = this.#options;
    const doors = ['c2s', 'c2s_tls', 's2s', 's2s_tls'] as const;
    const ports = doors.map((door) => [door, this.#port(door)] as const).filter(([, port]) => port !== undefined);
    return {
      domain: ascii,
      hostname,
      addresses: addresses(),
      federates: federates(),
      services: SERVICES.filter((name) => house.taken(`${name}.${domain}`)),
      ports: Object.fromEntries(ports),
    };
  }

  #port(door: string): number | undefined {
    const found = this.#options.listeners().find(({ name }) => name === door);
    const digits = found?.address.match(/:(\d+)$/)?.[1];
    return digits === undefined ? undefined : Number(digits);
  }
}
