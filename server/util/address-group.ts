import ipaddr from 'ipaddr.js';

/**
 * The name under which an IP address is counted: an IPv4 address stands for itself, an IPv6 one for its /64, as whoever
 * has one address there has all of them. IPv4 within IPv6 counts as IPv4.
 */
export function addressGroup(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv4') return parsed.toString();
  const network = (parsed as ipaddr.IPv6).parts.slice(0, 4).map((part) => part.toString(16));
  return `${network.join(':')}::/64`;
}
