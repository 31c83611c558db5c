import { setImmediate as turn } from 'node:timers/promises';
import { deliver, recipientsOf } from '../host/delivery.ts';
import type { Arrival } from '../host/flow.ts';
import { worthKeeping } from '../host/hints.ts';
import type { Host } from '../host/host.ts';
import type { Module } from '../host/module.ts';
import type { Session } from '../host/session.ts';
import { timeOf } from '../storage/archive-id.ts';
import type { Waiting } from '../storage/stores/offline.ts';
import { delayedBy, delayXml, removeDelays } from '../xmpp/delay.ts';
import { insertLast } from '../xmpp/element.ts';
import { parseJid } from '../xmpp/jid.ts';
import { Stanza } from '../xmpp/stanza.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';

/** Messages handed over in one go, and characters after which others get their turn. */
const SLICE = 100;
const BREATH = 500_000;
/**
 * Bytes that may wait for one account. Who comes gets all of them at once: with more than may wait to be sent, or to be
 * acknowledged, whoever writes long enough messages would keep them from ever logging in.
 */
const ROOM = 8_000_000;

/** Offline messages (XEP-0160): kept for who is away, given with the time at which they came (XEP-0203). */
export const offline: Module = {
  name: 'offline',
  xep: [160, '1.0.1'],
  start: (host) => ({
    features: ['msgoffline'],
    // SECURITY 42: whatever says that it was kept by us, and comes from elsewhere, was not.
    outbound: { stamp: ({ stanza }) => removeDelays(stanza.element, host.domain) },
    inbound: { fallback: (arrival) => keep(host, arrival) },
    on: {
      // XEP-0386 §3.2: a client that reads the archive finds there what waits here, but for what is not archived.
      bound: ({ session, fromArchive }) => (fromArchive ? forgo(host, session.account.id) : undefined),
      listening: ({ session }) => (session.priority >= 0 ? handOver(host, session) : undefined),
    },
  }),
};

function keep(host: Host, arrival: Arrival): 'stop' | undefined | Promise<'stop' | undefined> {
  const { stanza } = arrival;
  if (!worthKeeping(stanza, 'until-read')) return undefined;
  // RFC 6121 §8.5.3.2.1: of what is for a device that is not there, only chat is for its owner.
  if (stanza.type !== 'chat' && stanza.to!.resource !== '') return undefined;
  const waiting = host.house.stores.offline.waiting(arrival.account.id);
  if (!(waiting instanceof Promise)) return keepBehind(host, arrival, waiting);
  return waiting.then((known) => {
    arrival.recipients = recipientsOf(stanza, host.sessions); // somebody may have come while it was counted
    return deliver(arrival) ?? keepBehind(host, arrival, known);
  });
}

function keepBehind(host: Host, { stanza, account, extra, ledger }: Arrival, { count, size }: Waiting): 'stop' {
  const text = extra === '' ? stanza.text : insertLast(stanza.text, extra);
  if (count >= host.house.limits.offlineMessagesPerAccount || size + Buffer.byteLength(text) > ROOM) {
    throw new StanzaError('resource-constraint', 'Too many messages are waiting for this person already.');
  }
  const { offline: store } = host.house.stores;
  const id = ledger.archiveId === 0 ? host.house.archiveIds.next() : ledger.archiveId;
  ledger.statements.push(store.append(account.id, id, text));
  ledger.failed.push(() => store.forget(account.id));
  return 'stop';
}

async function forgo(host: Host, account: number): Promise<void> {
  const { offline: store } = host.house.stores;
  if ((await store.count(account)) > 0) await store.removeArchived(account);
}

/** One device takes all that waits, in order (§3). */
async function handOver(host: Host, session: Session): Promise<void> {
  const { offline: store } = host.house.stores;
  if ((await store.count(session.account.id)) === 0) return;
  await host.changes.run(session.account.id, async () => {
    for (;;) {
      const slice = await store.list(session.account.id, SLICE);
      if (host.sessions.get(session.jid) !== session) return;
      const given: number[] = [];
      let characters = 0;
      for (const { id, stanza: text } of slice) {
        if (characters > BREATH) {
          characters = 0;
          await turn();
          if (host.sessions.get(session.jid) !== session) break;
        }
        characters += text.length;
        given.push(id);
        const element = host.house.parse(text);
        const stamped = delayedBy(element, host.domain) ? text : insertLast(text, delayXml(host.domain, timeOf(id)));
        session.deliver(new Stanza(element, parseJid(element.attrs.from), parseJid(element.attrs.to)), stamped);
      }
      await store.remove(session.account.id, given);
      if (given.length < SLICE) return;
    }
  });
}
