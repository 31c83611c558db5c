import { isIPv6 } from 'node:net';
import type { Address, Listen } from './settings.ts';

/** One address in one of the listeners' lists. */
export interface Listener {
  readonly key: string;
  readonly address: Address;
}

/** Whether the system would let only one of the two listen. `::` takes IPv4 too. */
function clash(a: Address, b: Address): boolean {
  if (a.port !== b.port || a.port === 0) return false;
  const covers = (one: Address, other: Address) =>
    one.host === other.host || one.host === '::' || (one.host === '0.0.0.0' && !isIPv6(other.host));
  return covers(a, b) || covers(b, a);
}

/** The first two listeners that want the same port, in the order of the file; undefined when all can be opened. */
export function findClash(listen: Listen): readonly [Listener, Listener] | undefined {
  const seen: Listener[] = [];
  for (const [key, addresses] of Object.entries(listen) as [string, readonly Address[]][]) {
    for (const address of addresses) {
      const other = seen.find((one) => clash(one.address, address));
      if (other !== undefined) return [other, { key, address }];
      seen.push({ key, address });
    }
  }
  return undefined;
}
