import type { Jid } from '../xmpp/jid.ts';
import type { Router } from './router.ts';

type BlockList = ReadonlySet<string>;

/** XEP-0191 §2: an entry stands for an address, all its resources, a domain's resource, or a whole domain. */
export function covers(list: BlockList, { full, bare, domain, resource }: Jid): boolean {
  if (list.size === 0) return false;
  return list.has(full) || list.has(bare) || (resource !== '' && list.has(`${domain}/${resource}`)) || list.has(domain);
}

/** For each list whose devices it has entries of: a list is another object when it has changed. */
const owners = new WeakMap<BlockList, BlockList>();

/** Whether there are entries for single devices that somebody may have. */
function coversDevices(list: BlockList, { bare, domain }: Jid): boolean {
  if (list.size === 0) return false;
  let known = owners.get(list);
  if (known === undefined) {
    known = new Set(
      [...list].filter((entry) => entry.includes('/')).map((entry) => entry.slice(0, entry.indexOf('/'))),
    );
    owners.set(list, known);
  }
  return known.size > 0 && (known.has(bare) || known.has(domain));
}

/**
 * The addresses that presence, or an event, for a contact goes to: the contact's, or those of the devices that are not blocked
 * when some are. Of devices elsewhere only their own server knows.
 */
export function* reached(router: Router, list: BlockList, contact: Jid): Generator<Jid> {
  if (covers(list, contact)) return;
  const sessions = coversDevices(list, contact) ? router.find(contact.domain)?.sessions : undefined;
  if (sessions === undefined) yield contact;
  else for (const { jid } of sessions.of(contact.bare)) if (!covers(list, jid)) yield jid;
}

/** The addresses for a contact that `wide` reaches and `narrow`, which blocks all that `wide` does and more, does not. */
export function* cutOff(router: Router, wide: BlockList, narrow: BlockList, contact: Jid): Generator<Jid> {
  const all = covers(narrow, contact);
  if (!all && !coversDevices(narrow, contact)) return;
  for (const jid of reached(router, wide, contact)) {
    if (all || jid.resource !== '') {
      if (covers(narrow, jid)) yield jid;
      continue;
    }
    for (const session of router.find(contact.domain)?.sessions?.of(contact.bare) ?? []) {
      if (covers(narrow, session.jid)) yield session.jid;
    }
  }
}
