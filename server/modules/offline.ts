import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises';
import { deliver, recipientsOf } from '../host/delivery.ts';
import type { Arrival } from '../host/flow.ts';
import { isWritten, onlySignals, worthKeeping } from '../host/hints.ts';
import type { Host } from '../host/host.ts';
import type { Module } from '../host/module.ts';
import type { Session } from '../host/session.ts';
import { timeOf } from '../storage/archive-id.ts';
import type { Soon } from '../storage/cached.ts';
import type { Waiting } from '../storage/stores/offline.ts';
import type { RosterItem } from '../storage/stores/rosters.ts';
import { delayedBy, delayXml, removeDelays } from '../xmpp/delay.ts';
import { insertLast } from '../xmpp/element.ts';
import { parseJid } from '../xmpp/jid.ts';
import { Stanza } from '../xmpp/stanza.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';

/** Messages handed over in one go, and characters after which others get their turn. */
const SLICE = 100;
const BREATH = 500_000;
/** Bytes that may wait for one account. */
const ROOM = 8_000_000;
/**
 * Of these, and of what more may wait from when there was no such limit, how much is given at once. With more than may wait to be
 * sent, or to be acknowledged, whoever writes long enough messages would keep others from ever logging in.
 */
const PIECE = 8_000_000;
/** What the client may not have taken yet when it gets the next piece, and how often that is looked at, in ms. */
const TAKEN = 1_000_000;
const LOOK = 250;

/** Offline messages (XEP-0160): kept for who is away, given with the time at which they came (XEP-0203). */
export const offline: Module = {
  name: 'offline',
  xep: [160, '1.0.1'],
  start: (host) => {
    /** Sessions that are being handed what waits. */
    const busy = new WeakSet<Session>();
    return {
      features: ['msgoffline'],
      // SECURITY 42: whatever says that it was kept by us, and comes from elsewhere, was not.
      outbound: { stamp: ({ stanza }) => removeDelays(stanza.element, host.domain) },
      inbound: { fallback: (arrival) => keep(host, arrival) },
      on: {
        // XEP-0386 §3.2: a client that reads the archive finds there what waits here, but for what is not archived.
        bound: ({ session, fromArchive }) => (fromArchive ? forgo(host, session.account.id) : undefined),
        listening: ({ session }) =>
          session.priority >= 0 && !busy.has(session) ? handOver(host, busy, session) : undefined,
      },
    };
  },
};

function keep(host: Host, arrival: Arrival): 'stop' | undefined | Promise<'stop' | undefined> {
  const { stanza } = arrival;
  // RFC 6121 §8.5.3.2.1: of what is for a device that is not there, only chat is for its owner.
  if (stanza.type !== 'chat' && (stanza.type !== 'normal' || stanza.to!.resource !== '')) return undefined;
  if (worthKeeping(stanza, 'until-read')) return keepCounted(host, arrival);
  // What is left of what somebody wrote shall not be kept (XEP-0334 §4.2). If it came back, it would do so only while nobody is there.
  if (stanza.kind !== 'message' || !isWritten(stanza)) return undefined;
  const seen = maySee(host, arrival);
  if (!(seen instanceof Promise)) return seen === true ? undefined : keepCounted(host, arrival);
  return seen.then((may) => lateTaken(host, arrival) ?? (may ? undefined : keepCounted(host, arrival)));
}

/** Whether the sender may know if anybody is there. */
function maySee(host: Host, { stanza, account, bare }: Arrival): Soon<boolean> {
  if (stanza.from.bare === bare) return true;
  const sees = (item: RosterItem | undefined) => item?.subscription === 'from' || item?.subscription === 'both';
  const item = host.contacts.get(account, stanza.from.bare);
  return item instanceof Promise ? item.then(sees) : sees(item);
}

function keepCounted(host: Host, arrival: Arrival): Soon<'stop' | undefined> {
  const waiting = host.house.stores.offline.waiting(arrival.account.id);
  if (!(waiting instanceof Promise)) return keepBehind(host, arrival, waiting);
  return waiting.then((known) => lateTaken(host, arrival) ?? keepBehind(host, arrival, known));
}

/** Somebody may have come while the store was waited for. */
function lateTaken(host: Host, arrival: Arrival): 'stop' | undefined {
  arrival.recipients = recipientsOf(arrival.stanza, host.sessions);
  return deliver(arrival);
}

function keepBehind(host: Host, arrival: Arrival, { count, size }: Waiting): Soon<'stop'> {
  const { stanza, account, extra, ledger } = arrival;
  const text = extra === '' ? stanza.text : insertLast(stanza.text, extra);
  if (count >= host.house.limits.offlineMessagesPerAccount || size + Buffer.byteLength(text) > ROOM) {
    const may = maySee(host, arrival);
    return may instanceof Promise ? may.then((seen) => tooMany(stanza, seen)) : tooMany(stanza, may);
  }
  const { offline: store } = host.house.stores;
  const id = ledger.archiveId === 0 ? host.house.archiveIds.next() : ledger.archiveId;
  ledger.statements.push(store.append(account.id, id, text));
  ledger.failed.push(() => store.forget(account.id));
  return 'stop';
}

/** For who may not see that nobody is there, only what somebody wrote comes back, as from nobody (XEP-0160 §2); it must not get lost. */
function tooMany(stanza: Stanza, seen: boolean): 'stop' {
  if (onlySignals(stanza)) return 'stop';
  if (seen) throw new StanzaError('resource-constraint', 'Too many messages are waiting for this person already.');
  if (isWritten(stanza)) throw new StanzaError('service-unavailable');
  return 'stop';
}

async function forgo(host: Host, account: number): Promise<void> {
  const { offline: store } = host.house.stores;
  if ((await store.count(account)) > 0) await store.removeArchived(account);
}

/** One device takes all that waits, in order (§3), a piece at a time. */
async function handOver(host: Host, busy: WeakSet<Session>, session: Session): Promise<void> {
  const { offline: store } = host.house.stores;
  if ((await store.count(session.account.id)) === 0 || busy.has(session)) return;
  busy.add(session);
  try {
    while (await host.changes.run(session.account.id, () => handPiece(host, session))) {
      while ((session.outlet.backlog ?? 0) > TAKEN) await pause(LOOK, undefined, { ref: false });
    }
  } finally {
    busy.delete(session);
  }
}

/** Hands one piece over; false when nothing more waits, or the session does not take it any more. */
async function handPiece(host: Host, session: Session): Promise<boolean> {
  const { offline: store } = host.house.stores;
  const takes = (): boolean => host.sessions.get(session.jid) === session && session.listens && session.priority >= 0;
  for (let bytes = 0, breath = 0; bytes < PIECE; ) {
    const slice = await store.list(session.account.id, SLICE);
    const given: number[] = [];
    for (const { id, stanza: text } of slice) {
      if (breath > BREATH) {
        breath = 0;
        await turn();
      }
      if (bytes >= PIECE || !takes()) break;
      breath += text.length;
      bytes += Buffer.byteLength(text);
      given.push(id);
      const element = host.house.parse(text);
      const stamped = delayedBy(element, host.domain) ? text : insertLast(text, delayXml(host.domain, timeOf(id)));
      session.deliver(new Stanza(element, parseJid(element.attrs.from), parseJid(element.attrs.to)), stamped);
    }
    await store.remove(session.account.id, given);
    if (slice.length < SLICE && given.length === slice.length) return false;
    if (!takes()) return false;
  }
  return true;
}
