import { randomBytes } from 'node:crypto';
import { covers, cutOff } from '../host/blocklist.ts';
import { noSuchAccount } from '../host/delivery.ts';
import type { Arrival, Departure } from '../host/flow.ts';
import type { Host } from '../host/host.ts';
import type { IqRequest } from '../host/iq.ts';
import type { Module } from '../host/module.ts';
import type { Session } from '../host/session.ts';
import { type Element, el, elements } from '../xmpp/element.ts';
import { type Jid, tryParseJid } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';
import { Stanza } from '../xmpp/stanza.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';

const LIST_LIMIT = 5_000;

/** Blocking (XEP-0191): neither side hears of the other. */
export const blocking: Module = {
  name: 'blocking',
  xep: [191, '1.3'],
  start(host) {
    /** Sessions that asked for the list, so want its pushes (§3.3). */
    const interested = new WeakSet<Session>();
    return {
      features: [NS.blocking],
      accountFeatures: [NS.blocking],
      iq: [
        {
          type: 'get',
          scope: 'own',
          xmlns: NS.blocking,
          name: 'blocklist',
          handle: (request) => list(host, interested, request),
        },
        {
          type: 'set',
          scope: 'own',
          xmlns: NS.blocking,
          name: 'block',
          handle: (request) => block(host, interested, request),
        },
        {
          type: 'set',
          scope: 'own',
          xmlns: NS.blocking,
          name: 'unblock',
          handle: (request) => unblock(host, interested, request),
        },
      ],
      keeps: {
        of: (session) => (interested.has(session) ? true : undefined),
        back: (session) => void interested.add(session),
      },
      outbound: { guard: (departure) => guardOut(host, departure) },
      inbound: { guard: (arrival) => guardIn(host, arrival) },
    };
  },
};

/** Who blocks all of their own domain means its people: the server itself still serves them, and they can still ask it. */
function isOurs({ domain }: Host, jid: Jid): boolean {
  return jid.local === '' && jid.domain === domain;
}

function guardOut(host: Host, { stanza, session }: Departure): undefined | Promise<undefined> {
  const { to } = stanza;
  if (to === undefined || to.bare === session.jid.bare) return undefined;
  const check = (blocked: ReadonlySet<string>): undefined => {
    if (covers(blocked, to) && !isOurs(host, to)) {
      const detail = el('blocked', { xmlns: NS.blockingErrors });
      throw new StanzaError('not-acceptable', 'You have blocked this contact.', { type: 'cancel', detail }); // §3.5
    }
  };
  const blocked = host.house.stores.blocking.list(session.account.id);
  return blocked instanceof Promise ? blocked.then(check) : check(blocked);
}

function guardIn(host: Host, arrival: Arrival): 'stop' | undefined | Promise<'stop' | undefined> {
  const { stanza, account, bare } = arrival;
  if (stanza.from.bare === bare) return undefined;
  const check = (blocked: ReadonlySet<string>): 'stop' | undefined => {
    if (!covers(blocked, stanza.from) || isOurs(host, stanza.from)) return undefined;
    noSuchAccount(stanza); // §3.5: as if nobody was there
    return 'stop';
  };
  const blocked = host.house.stores.blocking.list(account.id);
  return blocked instanceof Promise ? blocked.then(check) : check(blocked);
}

async function list(host: Host, interested: WeakSet<Session>, { account, session }: IqRequest): Promise<Element> {
  if (session !== undefined) interested.add(session);
  const blocked = await host.house.stores.blocking.list(account!.id);
  return el('blocklist', { xmlns: NS.blocking }, ...[...blocked].map((jid) => el('item', { jid })));
}

function readItems(payload: Element): Jid[] {
  return elements(payload).map((item) => {
    const jid = item.name === 'item' ? tryParseJid(item.attrs.jid ?? '') : undefined;
    if (jid === undefined) throw new StanzaError('jid-malformed');
    return jid;
  });
}

async function block(host: Host, interested: WeakSet<Session>, request: IqRequest): Promise<undefined> {
  const jids = readItems(request.payload);
  if (jids.length === 0) throw new StanzaError('bad-request', 'Whom shall be blocked?'); // §3.3
  const { stores } = host.house;
  const account = request.account!;
  await host.changes.run(account.id, async () => {
    const before = await stores.blocking.list(account.id);
    if (before.size + jids.length > LIST_LIMIT) throw new StanzaError('resource-constraint', 'The block list is full.');
    await stores.blocking.add(
      account.id,
      jids.map((jid) => jid.full),
    );
    await tellContacts(host, request, before, before.union(new Set(jids.map((jid) => jid.full))), 'unavailable');
  });
  push(host, interested, request, 'block', jids);
  // The push has their addresses only: why somebody is blocked is not for other devices (XEP-0377 §6).
  const reported = elements(request.payload).filter((item) => item.children.length > 0);
  if (reported.length > 0) host.events.emit('blocked', { account, reported });
}

async function unblock(host: Host, interested: WeakSet<Session>, request: IqRequest): Promise<undefined> {
  const jids = readItems(request.payload);
  const { stores } = host.house;
  const account = request.account!;
  await host.changes.run(account.id, async () => {
    const before = await stores.blocking.list(account.id);
    if (jids.length === 0)
      await stores.blocking.clear(account.id); // §3.4
    else
      await stores.blocking.remove(
        account.id,
        jids.map((jid) => jid.full),
      );
    const after = await stores.blocking.list(account.id);
    await tellContacts(host, request, after, before, '');
  });
  push(host, interested, request, 'unblock', jids);
}

/** §3.3, §3.4: contacts who see our presence see it go, or come back: those whom the list `wide` reaches and `narrow` does not. */
async function tellContacts(
  host: Host,
  { account, stanza }: IqRequest,
  wide: ReadonlySet<string>,
  narrow: ReadonlySet<string>,
  type: string,
): Promise<void> {
  for (const item of await host.contacts.all(account!)) {
    if (item.subscription !== 'from' && item.subscription !== 'both') continue;
    const contact = tryParseJid(item.jid);
    if (contact === undefined) continue;
    for (const to of cutOff(host.house.router, wide, narrow, contact)) {
      for (const { available, jid } of host.sessions.of(stanza.from.bare)) {
        if (available === undefined) continue;
        host.send(type === '' ? available.for(to) : new Stanza(el('presence', { type }), jid, to));
      }
    }
  }
}

function push(
  host: Host,
  interested: WeakSet<Session>,
  { stanza }: IqRequest,
  name: 'block' | 'unblock',
  jids: readonly Jid[],
): void {
  const items = jids.map((jid) => el('item', { jid: jid.full }));
  const iq = el(
    'iq',
    { type: 'set', id: randomBytes(9).toString('base64url') },
    el(name, { xmlns: NS.blocking }, ...items),
  );
  for (const session of host.sessions.of(stanza.from.bare)) {
    if (interested.has(session)) session.deliver(new Stanza(iq, host.bareOf(session), session.jid));
  }
}
