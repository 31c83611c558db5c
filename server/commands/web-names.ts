import { domainToASCII, domainToUnicode } from 'node:url';
import { hasMore, listOption } from '../host/options.ts';
import { machineName } from '../s2s/dns-records.ts';
import { asciiName } from '../s2s/target.ts';
import type { House } from './house.ts';

const NAME = /^(?!-)[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+$/;

/** Names by which browsers may reach this server, beside those that it knows of. */
export const webNames = listOption({
  key: 'web.names',
  scope: 'house',
  group: 'Web',
  title: 'Other names of this server',
  help: 'Names such as chat.intranet.example.com by which people open these pages, when they are neither the name of this machine nor one of your domains. Each is itself only, without names below it. Opened by an IP address it always answers.',
  longest: 253,
  most: 50,
  default: [],
  needsProof: hasMore,
  wrong: (names) => {
    const wrong = names.find((name) => !NAME.test(domainToASCII(name)));
    return wrong === undefined ? undefined : `${wrong} is not a name such as chat.intranet.example.com.`;
  },
});

/** By which a server is known. */
export interface OwnNames {
  readonly hostname: string;
  /** Address of the panel. */
  readonly panel: string;
  /** What an administrator allows. */
  readonly allowed: readonly string[];
  readonly house: Pick<House, 'domains' | 'taken'>;
}

/**
 * Whether the server goes by a name, in lower case and as people write it: that of the machine, a domain, a service of one, or what the
 * DNS of a domain should lead here. Not all below a domain: who has written one that is another's (`net`) would make half the world ours.
 */
export function goesBy(name: string, { hostname, panel, allowed, house }: OwnNames): boolean {
  if (name === hostname || allowed.includes(name)) return true;
  if (name === domainToUnicode(URL.parse(panel)?.hostname ?? '')) return true;
  return house.domains().some((domain) => {
    if (name === domain) return true;
    if (!name.endsWith(`.${domain}`)) return false;
    return house.taken(name) || name === domainToUnicode(machineName(hostname, asciiName(domain) ?? domain).name);
  });
}
