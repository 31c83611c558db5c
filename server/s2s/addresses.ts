import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** All that is given out to the internet (RFC 4291 §2.4); the rest of IPv6 is special or not yet anything. */
const GLOBAL = ipaddr.parseCIDR('2000::/3');
/** RFC 6052 §2.1: the prefix by which IPv6-only networks reach IPv4. The other, for local use (RFC 8215), stays private. */
const NAT64 = ipaddr.parseCIDR('64:ff9b::/96');

type V4 = InstanceType<typeof ipaddr.IPv4>;
type V6 = InstanceType<typeof ipaddr.IPv6>;

function embedded(address: V6, from: number, flip = 0): V4 {
  return new ipaddr.IPv4(
    address
      .toByteArray()
      .slice(from, from + 4)
      .map((byte) => byte ^ flip),
  );
}

const isPublic4 = (address: V4): boolean => address.range() === 'unicast';

function isPublic6(address: V6): boolean {
  if (address.zoneId) return false;
  if (address.isIPv4MappedAddress()) return isPublic4(address.toIPv4Address());
  if (address.match(NAT64)) return isPublic4(embedded(address, 12));
  const range = address.range();
  // Packets to these leave the tunnel as packets to the IPv4 address within.
  if (range === '6to4') return isPublic4(embedded(address, 2)); // RFC 3056 §2
  if (range === 'teredo') return isPublic4(embedded(address, 4)) && isPublic4(embedded(address, 12, 0xff)); // RFC 4380 §4
  return range === 'unicast' && address.match(GLOBAL);
}

/**
 * Whether this is an address of the public internet: not of this machine, a private network, a provider's inner network, a
 * multicast group, or a range kept for documentation; neither is one that hides such an IPv4 address. What is no IP address is not.
 */
export function isPublic(address: string): boolean {
  // Stricter than ipaddr.js, which reads 0177.0.0.1, too.
  if (isIP(address) === 0) return false;
  // ::8.8.8.8 is not ::ffff:8.8.8.8, for which ipaddr.js takes it; a URL has one way to write each.
  const mixed = address.includes(':') && address.includes('.') && !address.includes('%');
  const parsed = ipaddr.parse(mixed ? new URL(`http://[${address}]/`).hostname.slice(1, -1) : address);
  return parsed.kind() === 'ipv4' ? isPublic4(parsed as V4) : isPublic6(parsed as V6);
}
