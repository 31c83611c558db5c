import type { Arrival } from '../host/flow.ts';
import type { Host } from '../host/host.ts';
import type { Module } from '../host/module.ts';
import type { Registrar } from '../host/registrar.ts';
import { newContact, pushRoster } from '../host/rosters.ts';
import { child, el } from '../xmpp/element.ts';
import { makeJid } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';
import { Stanza } from '../xmpp/stanza.ts';

/**
 * Pre-authenticated roster subscription (XEP-0379), done by the server, so that it works while the inviter's devices are
 * off: who asks with a token that the account gave away becomes its contact, and the account theirs.
 */
export function preauth(registrar: Registrar): Module {
  return {
    name: 'preauth',
    xep: [379, '0.3.3'],
    start: (host) => ({
      inbound: {
        deliver: (arrival) => (arrival.stanza.type === 'subscribe' ? welcome(host, registrar, arrival) : undefined),
      },
    }),
  };
}

/** §4.1: a token that is no good is as if there were none. */
function welcome(host: Host, registrar: Registrar, arrival: Arrival): undefined | Promise<'stop' | undefined> {
  const { stanza } = arrival;
  if (stanza.kind !== 'presence') return undefined;
  const token: string | undefined = child(stanza.element, 'preauth', NS.pars)?.attrs.token;
  return token === undefined ? undefined : letIn(host, registrar, arrival, token);
}

async function letIn(
  host: Host,
  registrar: Registrar,
  { stanza, account }: Arrival,
  token: string,
): Promise<'stop' | undefined> {
  const { accounts } = host.house.stores;
  const contact = makeJid(stanza.from.local, stanza.from.domain);
  const local = host.house.router.has(contact.domain) ? await accounts.at(contact.bare) : undefined;
  if (!(await registrar.welcome(token, account, contact.bare, local))) return undefined;
  if (local !== undefined) {
    await registrar.befriend(account, local); // XEP-0401 §5.4
    return 'stop';
  }
  // §3.5: approved in advance, so that `subscriptions` answers at once, and asked for in return.
  const self = makeJid(account.local, host.domain);
  const asks = await host.changes.run(account.id, async () => {
    const { rosters } = host.house.stores;
    const all = await rosters.all(account.id);
    const before = all.items.get(contact.bare);
    if (before === undefined && all.items.size >= host.house.limits.rosterItemsPerAccount) return false;
    const known = before ?? newContact(contact.bare, true);
    const sees = known.subscription === 'to' || known.subscription === 'both';
    const item = { ...known, approved: true, ask: !sees, listed: true };
    const version = await rosters.put(account.id, item);
    pushRoster(host, account, version, contact.bare, item);
    return !sees;
  });
  if (asks) host.send(new Stanza(el('presence', { type: 'subscribe' }), self, contact));
  return undefined;
}
