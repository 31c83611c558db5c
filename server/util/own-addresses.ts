import { networkInterfaces } from 'node:os';
import ipaddr from 'ipaddr.js';

/** Networks that a program has made within this machine: nobody else is in them. */
const INNER = /^(?:docker|br-|veth|virbr|lxc|lxd|podman|cni|flannel|cali|vmnet|vboxnet)/;
const USELESS = new Set(['loopback', 'linkLocal', 'unspecified']);
const MAX_ADDRESSES = 8;

/** The addresses at which other machines may find this one, IPv4 first, as far as it can tell; 8 at most. */
export function ownAddresses(): string[] {
  let interfaces: ReturnType<typeof networkInterfaces> = {};
  try {
    interfaces = networkInterfaces();
  } catch {
    // A sandbox without AF_NETLINK: it cannot tell.
  }
  const found = new Set<string>();
  for (const [name, list = []] of Object.entries(interfaces)) {
    if (INNER.test(name)) continue;
    for (const { address, internal } of list) {
      const parsed = ipaddr.process(address.split('%')[0] ?? '');
      if (!internal && !USELESS.has(parsed.range())) found.add(parsed.toString());
    }
  }
  return [...found].sort((a, b) => Number(a.includes(':')) - Number(b.includes(':'))).slice(0, MAX_ADDRESSES);
}
