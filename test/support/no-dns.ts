import type { DnsOptions } from '../../server/commands/dns-doctor.ts';
import { NameError } from '../../server/s2s/names.ts';

const nothing = async (name: string): Promise<never> => {
  throw new NameError('no-name', name);
};

/** A DNS that knows no name. */
export const NO_DNS: DnsOptions = {
  names: { srv: nothing, addresses: nothing, published: nothing },
  addresses: () => ['192.0.2.5'],
  federates: () => true,
};
