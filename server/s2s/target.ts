import { isIP, isIPv6 } from 'node:net';
import { domainToASCII } from 'node:url';
import { hostAndPort } from '../util/host-and-port.ts';
import type { Transport } from './attempt.ts';

/** A host and port to connect to. */
export interface Target {
  /** A name in ASCII without a final dot, or an IP address without brackets. */
  readonly host: string;
  readonly port: number;
  readonly transport: Transport;
}

/** RFC 6120 §3.2.2: where servers listen when the DNS does not say. */
export const SERVER_PORT = 5269;

const HOST_NAME =
  /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/;

/**
 * Ports to which nobody's DNS leads us (a rule of an administrator may). XMPP is legal on any port, so this is no list of
 * the right ones. On these live services that take lines, pass over what they do not understand and do what the next
 * line says: whoever chooses the name of a domain chooses part of what we send. Mail, news and file servers, shells,
 * name servers, chats, printers, stores of data. 80 and 443 are not among them: XEP-0368 speaks of servers behind
 * firewalls that let nothing else through, and a web server refuses what begins with no request.
 */
const REFUSED_PORTS: ReadonlySet<number> = new Set([
  1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 43, 53, 69, 79, 110, 111, 113, 119, 135, 137, 138, 139, 143, 161,
  179, 389, 445, 465, 512, 513, 514, 515, 540, 548, 554, 563, 587, 631, 636, 873, 993, 995, 1433, 1521, 2049, 2375,
  3128, 3306, 3389, 4369, 5060, 5061, 5432, 5672, 5900, 6000, 6379, 6665, 6666, 6667, 6668, 6669, 6697, 9100, 9200,
  11211, 27017,
]);

/** Whether a record of somebody else's may lead us to this port. */
export function isPortAllowed(port: number): boolean {
  return Number.isInteger(port) && port > 0 && port < 65_536 && !REFUSED_PORTS.has(port);
}

/** A name as the DNS is asked for it: ASCII, lower case, no final dot; undefined when the DNS can have no such name. */
export function asciiName(name: string): string | undefined {
  const trimmed = (name.endsWith('.') ? name.slice(0, -1) : name).toLowerCase();
  if (HOST_NAME.test(trimmed)) return trimmed;
  if (/[^\p{L}\p{M}\p{N}._-]/u.test(trimmed)) return undefined;
  const ascii = domainToASCII(trimmed);
  return HOST_NAME.test(ascii) ? ascii : undefined;
}

/** The IP address that a domain is (`127.0.0.1`, `[::1]`), without brackets; undefined for names. */
export function literalOf(domain: string): string | undefined {
  const bare = /^\[(.*)\]$/.exec(domain)?.[1];
  if (bare !== undefined) return isIPv6(bare) ? bare : undefined;
  return isIP(domain) === 4 ? domain : undefined;
}

/** Reads where a rule says to connect to, in the place of what the DNS says. Undefined when it says nothing of the kind. */
export function targetOf(text: string): Target | undefined {
  const read = hostAndPort(text);
  return read && { host: read.host.toLowerCase(), port: read.port ?? SERVER_PORT, transport: 'starttls' };
}
