import { networkInterfaces } from 'node:os';
import ipaddr from 'ipaddr.js';
import { type HostAndPort, hostAndPort, written } from '../../util/host-and-port.ts';

/** What is known when somebody asks where to connect. */
export interface Asked {
  /** What an administrator wrote, the best first. */
  readonly addresses: readonly string[];
  readonly listening: readonly { readonly host: string; readonly port: number }[];
  /** Where the requester is, and by which of our addresses it has reached us; '' when that is not known. */
  readonly theirs: string;
  readonly ours: string;
  /** This machine's own name. */
  readonly hostname: string;
}

export type StreamHost = HostAndPort & { readonly port: number };

/**
 * Where the requester and its target are to connect (docs/decisions/0021-where-files-pass.md): what an administrator wrote; else
 * one address that both are likely to reach. None when nothing listens.
 */
export function streamHosts(asked: Asked): StreamHost[] {
  const { addresses, listening } = asked;
  const [first] = listening;
  if (first === undefined) return [];
  const chosen = new Map<string, StreamHost>();
  for (const text of addresses) {
    const { host, port = first.port } = hostAndPort(text)!;
    chosen.set(`${host} ${port}`, { host, port }); // §9.1: each another host or port
  }
  return chosen.size > 0 ? [...chosen.values()] : [likeliest(asked, first)];
}

function likeliest({ listening, theirs, ours, hostname }: Asked, first: { host: string; port: number }): StreamHost {
  const fixed = listening.filter(({ host }) => !isEverywhere(host));
  const everywhere = listening.find(({ host }) => isEverywhere(host));
  const reached = ipaddr.isValid(ours) ? written(ours) : '';
  const exact = fixed.find(({ host }) => written(host) === reached);
  if (exact !== undefined) return { host: reached, port: exact.port };
  // It listens at certain addresses only: that one is it, whatever the requester came by.
  if (everywhere === undefined) return { host: written(first.host), port: first.port };
  const { port } = everywhere;
  // From the internet to a private address: a router stands between, and only a name can be right on both of its sides.
  if (isPrivate(ours) && isPublic(theirs)) return { host: hostname, port };
  if (isUseful(ours)) return { host: reached, port };
  // From this very machine, or through another program on it: what it came by leads nobody else here.
  return { host: machineAddress() ?? (reached === '' ? '127.0.0.1' : reached), port };
}

function isEverywhere(host: string): boolean {
  return written(host) === '0.0.0.0' || written(host) === '::';
}

const rangeOf = (address: string): string => (ipaddr.isValid(address) ? ipaddr.process(address).range() : '');
const isPublic = (address: string): boolean => rangeOf(address) === 'unicast';
const isUseful = (address: string): boolean => !['', 'loopback', 'linkLocal', 'unspecified'].includes(rangeOf(address));
const isPrivate = (address: string): boolean => isUseful(address) && !isPublic(address);

/** An address of this machine that others may reach, IPv4 before IPv6; undefined when it has none. */
function machineAddress(): string | undefined {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const useful = all.filter(({ address, internal }) => !internal && isUseful(address));
  const best = useful.find(({ family }) => family === 'IPv4') ?? useful[0];
  return best === undefined ? undefined : written(best.address);
}
