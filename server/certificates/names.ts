import { networkInterfaces } from 'node:os';
import { domainToASCII } from 'node:url';
import ipaddr from 'ipaddr.js';

/** Services of a domain that clients reach under names of their own. */
const SERVICES = ['conference', 'upload', 'proxy', 'pubsub'];
/** Other servers look at a hundred names of a certificate, some at less. */
const MAX_MORE = 80;
/** More addresses make a certificate large and help nobody (containers have bridges by the dozen). */
const MAX_ADDRESSES = 16;
const PRIVATE = new Set(['private', 'loopback', 'uniqueLocal', 'carrierGradeNat']);

/** What a certificate is to name. */
export interface Names {
  /** As XMPP writes it, in Unicode. */
  readonly domain: string;
  /** ASCII, without doubles. */
  readonly dns: readonly string[];
  /** IP addresses in the form of RFC 5952. */
  readonly addresses: readonly string[];
}

/** Whether `name` is `parent` or below it. Both in ASCII. */
export function within(name: string, parent: string): boolean {
  return name === parent || name.endsWith(`.${parent}`);
}

/**
 * The addresses of this machine that its certificates name: private and loopback ones. Link-local ones mean nothing
 * without an interface, and public ones are outside the authority's constraints: whoever has one has a name in DNS.
 */
export function machineAddresses(): string[] {
  const found = new Set(['127.0.0.1', '::1']);
  let interfaces: ReturnType<typeof networkInterfaces> = {};
  try {
    interfaces = networkInterfaces();
  } catch {
    // A sandbox without AF_NETLINK: the names will do.
  }
  for (const { address } of Object.values(interfaces).flatMap((list) => list ?? [])) {
    const parsed = ipaddr.process(address.split('%')[0] ?? '');
    if (PRIVATE.has(parsed.range())) found.add(parsed.toString());
  }
  return [...found].slice(0, MAX_ADDRESSES).sort();
}

/** The names that the certificate of a served domain carries; `more` are others in question, of which those below it count. */
export function namesFor(
  domain: string,
  hostname: string,
  addresses: readonly string[],
  more: readonly string[] = [],
): Names {
  const ascii = domainToASCII(domain);
  const below = more.map(domainToASCII).filter((name) => name !== '' && within(name, ascii));
  const services = SERVICES.map((service) => `${service}.${ascii}`);
  const dns = new Set([ascii, ...services, domainToASCII(hostname), ...below.slice(0, MAX_MORE)]);
  return { domain, dns: [...dns].filter((name) => name.length > 0 && name.length <= 253), addresses };
}
