import { findRetracted, LOOKING, occupantIdOf, tombstone } from '../archive/retraction.ts';
import type { Arrival, Departure } from '../host/flow.ts';
import type { Ledger } from '../host/ledger.ts';
import type { Module } from '../host/module.ts';
import { TokenBuckets } from '../util/token-bucket.ts';
import { dateTime } from '../xmpp/delay.ts';
import { child, type Element, escapeAttribute, serialize } from '../xmpp/element.ts';
import { type Jid, tryParseJid } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';
import type { Stanza } from '../xmpp/stanza.ts';

/**
 * Message retraction (XEP-0424): the message is replaced by a tombstone in both archives, and not delivered late. A
 * retraction is a message like any other beside that: it is archived and delivered whatever it says, and clients judge it.
 */
export const retraction: Module = {
  name: 'retraction',
  xep: [424, '0.4.2'],
  start(host) {
    const searches = new TokenBuckets(LOOKING);
    /** What the sender's side has found: the archives have a message under the same id. */
    const found = new WeakMap<Ledger, readonly number[]>();
    const features = [NS.retract, `${NS.retract}#tombstone`];
    return {
      features,
      accountFeatures: features,
      outbound: {
        archive(departure) {
          const id = retracts(departure.stanza);
          return id === undefined ? undefined : leave(departure, id);
        },
      },
      inbound: {
        archive(arrival) {
          const id = retracts(arrival.stanza);
          return id === undefined ? undefined : arrive(arrival, id);
        },
      },
    };

    async function leave({ stanza, session, ledger }: Departure, id: string): Promise<undefined> {
      found.set(ledger, await bury(stanza, id, session.account.id, stanza.to!, ledger));
    }

    async function arrive({ stanza, account, ledger }: Arrival, id: string): Promise<undefined> {
      let ids = found.get(ledger) ?? [];
      if (ids.length === 0) ids = await bury(stanza, id, account.id, stanza.from, ledger);
      const { offline } = host.house.stores;
      // §6: it is not distributed any more. What waits has the id that the archives gave it.
      for (const one of ids) ledger.statements.push(offline.removal(account.id, one));
      if (ids.length > 0) ledger.failed.push(() => offline.forget(account.id));
    }

    /** Puts tombstones in the place of what is retracted, in the same write as the retraction. Gives their ids. */
    async function bury(stanza: Stanza, id: string, owner: number, peer: Jid, ledger: Ledger): Promise<number[]> {
      // §5: the retraction must be in the archive, so that devices learn of it.
      if (!ledger.entries.some((entry) => entry.owner === owner)) return [];
      if (searches.take(stanza.from.bare) > 0) return [];
      const { archiveSearch } = host.house.stores;
      const mentions = await archiveSearch.mentions(owner, peer.bare, ` id='${escapeAttribute(id)}'`);
      const meant = findRetracted(mentions, id, host.house.parse, (element) => {
        const from = tryParseJid(element.attrs.from ?? '');
        // §6: both are from the same bare address. We have put it there, or its server vouches for it.
        if (from?.bare !== stanza.from.bare) return false;
        return from.bare !== peer.bare || isSameOccupant(stanza, element, from);
      });
      const stamp = dateTime(Date.now());
      for (const { row, element } of meant) {
        const left = tombstone(element.attrs, { by: stanza.id, stamp });
        ledger.statements.push(...archiveSearch.replace(row.id, serialize(left)));
      }
      return meant.map(({ row }) => row.id);
    }
  },
};

/**
 * All in a room write private messages from one bare address (XEP-0045 §7.5). The room says whose they are (XEP-0421); where
 * it does not, a nickname is all there is.
 */
function isSameOccupant(stanza: Stanza, element: Element, from: Jid): boolean {
  const id = occupantIdOf(stanza.element);
  if (id !== occupantIdOf(element)) return false;
  const inRoom = child(stanza.element, 'x', NS.mucUser) ?? child(element, 'x', NS.mucUser);
  return inRoom === undefined || id !== undefined || from.full === stanza.from.full;
}

/** The id of the message that a message retracts, if it may (§4). */
function retracts(stanza: Stanza): string | undefined {
  if (stanza.kind !== 'message' || (stanza.type !== 'chat' && stanza.type !== 'normal')) return undefined;
  const id = child(stanza.element, 'retract', NS.retract)?.attrs.id;
  // §5: a tombstone names the retraction, which must have an id for that. Nothing retracts itself.
  return id === undefined || id === '' || stanza.id === '' || stanza.id === id ? undefined : id;
}
