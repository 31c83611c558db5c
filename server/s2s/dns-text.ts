import { isIPv6 } from 'node:net';
import { isPublic } from './addresses.ts';
import { type AddressWanted, reachOf, type SrvWanted, type Wanted } from './dns-records.ts';

export const DNS_SERVERS = ['bind', 'unbound', 'dnsmasq', 'windows'] as const;
export type DnsServer = (typeof DNS_SERVERS)[number];

/** Seconds for which others may keep a record: short enough to mend a mistake the same day. */
const TTL = 3_600;

/** How one program writes it. */
interface Format {
  /** What begins a remark. */
  readonly remark: string;
  /** Lines before all records; the first sentence says where the text belongs. */
  head(domain: string): readonly string[];
  srv(record: SrvWanted, zone: string): string;
  address(name: string, address: string, zone: string): string;
}

const family = (address: string): 'A' | 'AAAA' => (isIPv6(address) ? 'AAAA' : 'A');
/** RFC 1035 §5.1. */
const master = {
  srv: (one: SrvWanted) => `${one.name}. ${TTL} IN SRV ${one.priority} ${one.weight} ${one.port} ${one.target}.`,
  address: (name: string, address: string) => `${name}. ${TTL} IN ${family(address)} ${address}`,
};
const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
/** A name as Windows wants it: without its zone. */
const below = (name: string, zone: string): string => (name === zone ? '@' : name.slice(0, -zone.length - 1));

const FORMATS: Readonly<Record<DnsServer, Format>> = {
  bind: {
    remark: ';',
    head: (domain) => [
      `; BIND: into the zone file of ${domain}. Then raise the serial number of the zone and run “rndc reload”.`,
    ],
    ...master,
  },
  unbound: {
    remark: '#',
    head: (domain) => [
      '# Unbound: into a file in /etc/unbound/unbound.conf.d. Then run “unbound-control reload”.',
      'server:',
      // Whatever else there is below the domain is found as before.
      `  local-zone: "${domain}." typetransparent`,
    ],
    srv: (one) => `  local-data: "${master.srv(one)}"`,
    address: (name, address) => `  local-data: "${master.address(name, address)}"`,
  },
  dnsmasq: {
    remark: '#',
    head: () => ['# dnsmasq: into a file in /etc/dnsmasq.d. Then restart dnsmasq.'],
    srv: (one) => `srv-host=${one.name},${one.target},${one.port},${one.priority},${one.weight}`,
    // And not address=, which would take all names below along.
    address: (name, address) => `host-record=${name},${address}`,
  },
  windows: {
    remark: '#',
    head: () => ['# Windows DNS: into a PowerShell that an administrator has opened on the DNS server.'],
    srv: (one, zone) =>
      `Add-DnsServerResourceRecord -ZoneName ${quoted(zone)} -Srv -Name ${quoted(below(one.name, zone))} ` +
      `-DomainName ${quoted(`${one.target}.`)} -Priority ${one.priority} -Weight ${one.weight} -Port ${one.port}`,
    address: (name, address, zone) =>
      `Add-DnsServerResourceRecord -ZoneName ${quoted(zone)} -${family(address)} -Name ${quoted(below(name, zone))} ` +
      `-IPv${isIPv6(address) ? 6 : 4}Address ${quoted(address)}`,
  },
};

/** What to paste into the configuration of a DNS server so that it has these records. It ends in a line end. */
export function dnsText(server: DnsServer, domain: string, wanted: readonly Wanted[]): string {
  const format = FORMATS[server];
  const remark = (text: string): string => `${format.remark} ${text}`;
  const machines = wanted.filter((one) => one.kind === 'address');
  const srv = wanted.filter((one) => one.kind === 'srv');
  return [
    ...format.head(domain),
    ...machines.flatMap((one) => machineLines(format, remark, domain, one)),
    ...srv.map((one) => format.srv(one, domain)),
    '',
  ].join('\n');
}

function machineLines(
  format: Format,
  remark: (text: string) => string,
  domain: string,
  { name, addresses }: AddressWanted,
): string[] {
  const inside = name === domain || name.endsWith(`.${domain}`);
  const parent = name.slice(name.indexOf('.') + 1);
  const zone = inside ? domain : parent.includes('.') ? parent : name;
  const lines = addresses.map((address) => format.address(name, address, zone));
  if (lines.length === 0)
    return [remark(`Still to be added: the address of this machine, as a record A or AAAA of ${name}.`)];
  const elsewhere = inside
    ? []
    : [remark(`The address of ${name} belongs to the names of ${zone}, wherever those are kept.`)];
  const behind = reachOf(domain) === 'internet' && addresses.every((address) => !isPublic(address));
  const router = behind
    ? [remark('This is right within your network. In the DNS of the internet it is the public address of your router.')]
    : [];
  return [...elsewhere, ...router, ...lines];
}
