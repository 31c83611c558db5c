import { reachOf } from '../s2s/dns-records.ts';
import { asciiName } from '../s2s/target.ts';
import { CommandError } from './command-error.ts';
import { isPublicEnding } from './endings.ts';

/** What an administrator should know of the name of a domain before people get addresses in it. */
export interface DomainAdvice {
  /** Something does not work, or not everywhere; otherwise it only works in one's own network, as may be wished. */
  readonly warns: boolean;
  /** Plain English. */
  readonly text: string;
}

const INSIDE = 'A name like this one is known in your own network only; servers elsewhere cannot reach it.';
const DOTLESS =
  'A name without a dot works in your own network at best, and many apps do not take it for a domain. Better is one that ends in .internal or .home.arpa, or a real one.';
const NEIGHBOURS =
  'A name that ends in .local works in your own network at best: telephones often do not find it, and people type the address of this machine in their app. Better is one that ends in .internal or .home.arpa, or a real one.';
const NOWHERE =
  'A name that ends like this one is kept for examples and the like: no DNS has it, and none ever will. Serve a domain that is yours for real use.';

/**
 * What is to be said of a domain, wherever one is decided: in the set-up, the panel, `hallwayctl` and the provisioning file. An office
 * without internet may well use a name of its own, so nothing is refused by this.
 */
export function adviceFor(domain: string): DomainAdvice | undefined {
  const name = asciiName(domain) ?? domain;
  if (!name.includes('.')) return { warns: true, text: DOTLESS };
  switch (reachOf(name)) {
    case 'inside':
      return { warns: false, text: INSIDE };
    case 'neighbours':
      return { warns: true, text: NEIGHBOURS };
    case 'nowhere':
      return { warns: true, text: NOWHERE };
    default:
      return undefined;
  }
}

/** Refuses what can never work: every machine takes these names for itself (RFC 6761 §6.3). Throws CommandError. */
export function refuseLoopback(domain: string, field: string): void {
  if (!/(?:^|\.)localhost$/.test(domain)) return;
  throw new CommandError(
    'invalid',
    'Every machine takes localhost for itself, so no other one could reach this server. Better is a name that ends in .internal or .home.arpa, or a real one.',
    field,
  );
}

/**
 * Refuses an ending that is not anybody's: nobody could reach it, and what counts as ours below a domain, in certificates say, would be
 * half the world. Throws CommandError.
 */
export function refuseEnding(domain: string, field: string): void {
  if (!isPublicEnding(domain)) return;
  throw new CommandError(
    'invalid',
    `“${domain}” is only the ending of other people’s names. Enter the whole domain, such as “example.com”.`,
    field,
  );
}
