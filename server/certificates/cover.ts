import type { CertificateFacts } from './inspect.ts';
import type { Names } from './names.ts';

/** Whether a certificate is for this name (ASCII, lower case). RFC 9525 §6.3: a wildcard stands for one whole label, the first. */
export function covers({ dns }: Pick<CertificateFacts, 'dns'>, name: string): boolean {
  const parent = name.slice(name.indexOf('.') + 1);
  return dns.some((one) => one === name || (one.startsWith('*.') && one.slice(2) === parent && parent.includes('.')));
}

/** The names that a domain needs and that its certificate does not have. */
export function missingNames(facts: Pick<CertificateFacts, 'dns'>, { dns }: Names): string[] {
  return dns.filter((name) => !covers(facts, name));
}
