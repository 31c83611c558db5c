import type { Purpose, Reach, Wanted } from '../s2s/dns-records.ts';
import type { WishedReach } from './setup.ts';

/** What does not work without a record. */
const LOSS: Readonly<Record<Purpose, string>> = {
  machine: 'Without it nobody finds this machine.',
  client: 'Without it chat apps do not find this server by themselves: people must type its name and port.',
  'client-tls': 'Without it chat apps do not learn of the port that is encrypted from the first byte.',
  server: 'Without it other servers look for yours where it is not.',
  'server-tls': 'Without it other servers do not learn of the port that is encrypted from the first byte.',
  service: 'Without it people of other servers do not reach this service.',
};

export function missing(wanted: Wanted): string {
  const { purpose, needed } = wanted;
  if (needed || purpose.endsWith('-tls') || purpose === 'service') return `It is missing. ${LOSS[purpose]}`;
  return 'It is missing. All works without it as long as nothing moves to another machine or port.';
}

export const RIGHT = 'It leads to this server.';
export const NO_SERVICE = 'It says that there is no such service, but there is.';
export const TIMEOUT = 'The DNS did not answer in time. Try again later.';
export const FAILED = 'The DNS failed to answer. Whoever runs the DNS server should look at it.';

export function elsewhere(places: readonly string[], wanted: string): string {
  return `It leads to ${list(places)}, and not to ${wanted}.`;
}

export function alsoElsewhere(places: readonly string[]): string {
  return `It leads to this server, but also to ${list(places)}. If that is not here any more, some will knock there in vain.`;
}

export function nothingListens(places: readonly string[]): string {
  return `It leads to ${list(places)}, but this server does not listen for that. Take the record away.`;
}

export function alsoOtherAddresses(addresses: readonly string[]): string {
  return `It leads to this machine, but also to ${list(addresses)}, which this machine does not know as its own.`;
}

export function otherAddresses(found: readonly string[], own: readonly string[]): string {
  return `It leads to ${list(found)}. This machine has ${list(own)}.`;
}

export function routerAddress(found: readonly string[], ports: readonly number[]): string {
  const which = ports.length === 0 ? '' : ` ${ports.join(', ')}`;
  return `It leads to ${list(found)}. If that is your router, it must pass the ports${which} on to this machine; nobody can tell that from here.`;
}

export function unknownOwn(found: readonly string[]): string {
  return `It leads to ${list(found)}. This machine could not find out whether that is its own address.`;
}

const REACH: Readonly<Record<Reach, readonly string[]>> = {
  internet: [],
  inside: [
    'This name is no name of the internet: only the DNS server of your own network can know it, often that of the router. Put the records there; servers of others cannot find you by it, unless they are told your address.',
  ],
  neighbours: [
    'Names that end in .local are not asked of a DNS server: machines ask their neighbours instead, and telephones often not even that. Records do not help, and even do harm. People type the address of this machine in their app; better is a domain that ends in .home.arpa or .internal, or a real one.',
  ],
  nowhere: [
    'This name ends in one that is kept for examples and the like: no DNS has it, and none ever will. Serve a domain that is yours for real use.',
  ],
};

export interface Facts {
  readonly domain: string;
  readonly reach: Reach;
  /** From where it is to be reached, where somebody has decided that. */
  readonly from: WishedReach | undefined;
  readonly hostname: string;
  /** The name that the records use, where this machine's own is not a full one. */
  readonly better: string | undefined;
  readonly federates: boolean;
  /** All addresses of this machine are of private networks. */
  readonly behind: boolean;
  readonly own: readonly string[];
  readonly ports: readonly number[];
  readonly https: number | undefined;
}

/** What an administrator should know beside the records. */
export function remarks(facts: Facts): string[] {
  const { reach, from, hostname, better, behind, ports } = facts;
  const said = [...REACH[reach]];
  if (better !== undefined) {
    said.push(
      `This machine is called “${hostname}”, which is no full name. The records use ${better}: write hostname = "${better}" into hallway.toml, as links to files carry it, too.`,
    );
  }
  if (reach === 'internet' && from !== 'office' && behind && facts.own.length > 0) {
    said.push(
      `This machine only has addresses of your own network (${list(facts.own)}). To be reached from the internet, the router must pass on the ports ${ports.join(', ')}, and the DNS of the internet must have the address of the router.`,
    );
  }
  return said;
}

/** What only some administrators want to know, beside the records and the remarks. */
export function details({ domain, reach, from, federates, https }: Facts): string[] {
  if (from === 'office') return [];
  const said: string[] = [];
  if (!federates) {
    said.push(
      'This server talks with no other servers, so the records by which those would find it are not looked at.',
    );
  }
  if (reach === 'internet') {
    const where =
      https === undefined || https === 443 ? 'this server has them' : `this server has them at port ${https}`;
    said.push(
      `Chats in web pages of others do not ask the DNS: they read https://${domain}/.well-known/host-meta and host-meta.json. Have the web server of ${domain} pass these two on; ${where}. A TXT record _xmppconnect, as old instructions have it, is of no use.`,
    );
  }
  return said;
}

/** At most five, as there may be very many. */
function list(items: readonly string[]): string {
  const shown = items.slice(0, 5);
  const rest = items.length - shown.length;
  if (rest > 0) return `${shown.join(', ')} and ${rest} more`;
  return shown.length < 2 ? (shown[0] ?? 'nothing') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`;
}
