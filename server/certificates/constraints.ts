import { X509Certificate } from 'node:crypto';
import ipaddr from 'ipaddr.js';
import { bytesOf, type Der, decode, extensionsOf, partsOf, sequence, tagged, taggedBytes, tagOf } from './der.ts';
import { within } from './names.ts';

export const NAME_CONSTRAINTS = '2.5.29.30';
const DNS = 2; // the tags of GeneralName, RFC 5280 §4.2.1.6
const IP = 7;
const PERMITTED = 0;

/** Loopback and what no two networks share: 127/8, RFC 1918, RFC 6598, ::1 and RFC 4193. */
const RANGES = ['127.0.0.0/8', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '::1/128', 'fc00::/7'];

/** Address and mask, one after the other. */
function rangeBytes(range: string): Uint8Array {
  const [address, length] = ipaddr.parseCIDR(range);
  const mask =
    address.kind() === 'ipv4'
      ? ipaddr.IPv4.subnetMaskFromPrefixLength(length)
      : ipaddr.IPv6.subnetMaskFromPrefixLength(length);
  return Uint8Array.from([...address.toByteArray(), ...mask.toByteArray()]);
}

/** Names without those that stand below another one of them. */
export function widest(names: readonly string[]): string[] {
  const each = [...new Set(names)];
  return each.filter((name) => !each.some((other) => other !== name && within(name, other)));
}

/** RFC 5280 §4.2.1.10: the DNS names (each with all below it) and the IP ranges that an authority may vouch for. */
export function nameConstraints(dns: readonly string[]): Der {
  const trees = [
    ...widest(dns).map((name) => taggedBytes(DNS, name)),
    ...RANGES.map((range) => taggedBytes(IP, rangeBytes(range))),
  ];
  return sequence(tagged(PERMITTED, ...trees.map((tree) => sequence(tree))));
}

/** The DNS names that an authority's certificate permits; none when it has no constraints. Throws Error if it is not DER. */
export function permittedNames(pem: string): string[] {
  const [found] = extensionsOf(new X509Certificate(pem).raw, NAME_CONSTRAINTS);
  if (found === undefined) return [];
  const trees = partsOf(decode(found)).filter((one) => tagOf(one) === PERMITTED);
  return trees
    .flatMap((tree) => partsOf(tree))
    .map((subtree) => partsOf(subtree)[0])
    .filter((base) => tagOf(base) === DNS)
    .map((base) => bytesOf(base).toString('latin1'));
}
