import { t } from './language.ts';

/** Whether a browser takes it for the name of a host: it knows how names of other scripts are written. */
function isHost(name: string): boolean {
  if (!URL.canParse(`https://${name}/`)) return false;
  const { hostname } = new URL(`https://${name}/`);
  return /^[a-z0-9-]+(?:\.[a-z0-9-]+)*$/.test(hostname) && hostname.length <= 253 && !/^[\d.]+$/.test(hostname);
}

/** What is wrong with a name that is to be a domain, as the server would say it; undefined when nothing can be seen from here. */
export function wrongDomain(input: string): string | undefined {
  const name = input.trim().replace(/\.$/, '');
  const labels = name.split('.');
  if (name === '') return t('Enter a domain.');
  if (/[/?#]|^[^:[]*:[^:]*$/.test(name))
    return t('Only the name, without “https://” before it and without anything behind it.');
  if (/^\[|^[\d.]+$|:/.test(name)) return t('This is the address of a machine; a domain is a name.');
  if (name.includes('@')) return t('This is the address of a person: give only what stands behind the at sign.');
  if (/\s/u.test(name)) return t('A domain has no spaces.');
  if (name.includes('_')) return t('A domain has no underscores; hyphens are fine.');
  if (labels.includes('')) return t('Something must stand before the first dot and between two dots.');
  if (name.length > 253 || labels.some((label) => label.length > 63)) {
    return t('This is too long: a domain has 253 characters at most, and 63 between two dots.');
  }
  if (labels.some((label) => /^-|-$/.test(label))) return t('No part of a domain begins or ends with a hyphen.');
  return isHost(name) ? undefined : t('This is not a domain name. It looks like “example.com”.');
}

/** What is said of a service, with the name that it has in that domain; as it is for '', which is all of them. */
export function withDomain(text: string, domain: string): string {
  return domain === '' ? text : text.replaceAll('.DOMAIN', () => `.${domain}`);
}
