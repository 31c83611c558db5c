import type { Jid } from '../xmpp/jid.ts';

/** XEP-0191 §2: an entry stands for an address, all its resources, a domain's resource, or a whole domain. */
export function covers(list: ReadonlySet<string>, { full, bare, domain, resource }: Jid): boolean {
  if (list.size === 0) return false;
  return list.has(full) || list.has(bare) || (resource !== '' && list.has(`${domain}/${resource}`)) || list.has(domain);
}
