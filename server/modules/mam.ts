import { archiveMetadata, resultXml } from '../archive/answer.ts';
import { keepsAnything, keepsFor } from '../archive/policy.ts';
import { type Meant, readArchive } from '../archive/read.ts';
import { worthKeeping } from '../host/hints.ts';
import type { Host } from '../host/host.ts';
import type { IqRequest } from '../host/iq.ts';
import type { Ledger } from '../host/ledger.ts';
import type { Module, Wiring } from '../host/module.ts';
import type { Account } from '../storage/stores/accounts.ts';
import type { ArchivePreferences } from '../storage/stores/archives.ts';
import type { RosterItem } from '../storage/stores/rosters.ts';
import { archiveForm } from '../xmpp/archive-query.ts';
import { type Element, el, escapeAttribute, insertLast } from '../xmpp/element.ts';
import type { Jid } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';
import { Stanza } from '../xmpp/stanza.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';

/** §7: all fields of the form, flipped pages and metadata; messages of rooms are asked for there, not here. */
const FEATURES = [NS.mam, `${NS.mam}#extended`, `${NS.mam}#groupchat-field`];

/** Message archive management (XEP-0313), by pages (XEP-0059), with hints (XEP-0334). */
export const mam: Module = {
  name: 'mam',
  xep: [313, '1.1.3'],
  start: wiring,
};

function wiring(host: Host): Wiring {
  return {
    features: FEATURES,
    accountFeatures: [...FEATURES, NS.hints, NS.rsm],
    withheld: () => (keepsAnything(host.house, host.domain) ? [] : [...FEATURES, NS.fulltext]),
    iq: [
      {
        type: 'get',
        scope: 'own',
        xmlns: NS.mam,
        name: 'query',
        handle() {
          check(host);
          return el('query', { xmlns: NS.mam }, archiveForm('account'));
        },
      },
      { type: 'set', scope: 'own', xmlns: NS.mam, name: 'query', handle: (request) => query(host, request) },
      {
        type: 'get',
        scope: 'own',
        xmlns: NS.mam,
        name: 'metadata',
        handle({ account }) {
          check(host);
          return archiveMetadata(host.house.stores.archives, account!.id);
        },
      },
    ],
    outbound: {
      archive: ({ stanza, session, ledger }) =>
        worthKeeping(stanza) ? keep(host, session.account, stanza.to!, ledger) : undefined,
    },
    inbound: {
      archive(arrival) {
        const { stanza, account, bare, ledger } = arrival;
        if (!worthKeeping(stanza)) return undefined;
        const show = (): void => {
          if (ledger.entries.some((entry) => entry.owner === account.id)) {
            arrival.extra += `<stanza-id xmlns='${NS.sid}' by='${escapeAttribute(bare)}' id='${ledger.archiveId}'/>`;
          }
        };
        const kept = keep(host, account, stanza.from, ledger);
        if (kept !== undefined) return kept.then(show);
        return show();
      },
    },
  };
}

/** Where nothing is kept there is no archive, whatever it had before (§7). Throws StanzaError. */
function check(host: Host): void {
  if (!keepsAnything(host.house, host.domain))
    throw new StanzaError('service-unavailable', 'This server keeps no messages.');
}

/** Puts a message in an account's archive, if the house keeps any and its preferences do not say no (XEP-0441 §3). */
function keep(host: Host, account: Account, peer: Jid, ledger: Ledger): undefined | Promise<undefined> {
  if (!keepsFor(host.house, account)) return undefined;
  const wish = host.house.stores.archives.preferences(account.id);
  if (wish instanceof Promise) return wish.then((loaded) => decide(loaded));
  return decide(wish);

  function decide(wish: ArchivePreferences): undefined | Promise<undefined> {
    const listed = (list: readonly string[]): boolean => list.includes(peer.bare) || list.includes(peer.full);
    if (listed(wish.never)) return undefined;
    if (wish.default === 'always' || listed(wish.always)) return enter();
    if (wish.default === 'never') return undefined;
    // Who only asked to be let in has an item as well, one that is not in the list.
    const known = (item: RosterItem | undefined): undefined => (item?.listed === true ? enter() : undefined);
    const item = host.contacts.get(account, peer.bare);
    return item instanceof Promise ? item.then(known) : known(item);
  }

  function enter(): undefined {
    if (ledger.archiveId === 0) ledger.archiveId = host.house.archiveIds.next();
    // A message to oneself stands in one's archive once.
    if (!ledger.entries.some((entry) => entry.owner === account.id))
      ledger.entries.push({ owner: account.id, peer: peer.bare });
  }
}

/** XEP-0313 §4.1.1: a full address means that device only, which no index knows. */
function means(address: Jid): Meant {
  const { bare, full, resource } = address;
  return resource === '' ? { with: bare } : { with: bare, address: full };
}

async function query(host: Host, { account, session, payload }: IqRequest): Promise<Element> {
  check(host);
  if (session === undefined) throw new StanzaError('not-allowed');
  const there = () => host.sessions.get(session.jid) === session;
  const reading = { owner: account!.id, means, asker: session.jid.bare, there };
  const { rows, fin, queryId } = await readArchive(host.house, payload, reading);
  const envelope = new Stanza(el('message'), host.bareOf(session), session.jid);
  for (const row of rows) session.deliver(envelope, insertLast(envelope.text, resultXml(host.domain, queryId, row)));
  return fin;
}
