import type { Arrival } from '../host/flow.ts';
import type { Host } from '../host/host.ts';
import type { IqRequest } from '../host/iq.ts';
import type { Module } from '../host/module.ts';
import type { Account } from '../storage/stores/accounts.ts';
import { child, type Element, el } from '../xmpp/element.ts';
import { NS } from '../xmpp/ns.ts';
import type { Stanza } from '../xmpp/stanza.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';

/** Last activity (XEP-0012): the server's uptime, and when a contact was last here. */
export const last: Module = {
  name: 'last',
  xep: [12, '2.0'],
  start(host) {
    const startedAt = Date.now();
    return {
      features: [NS.last],
      accountFeatures: [NS.last],
      iq: [
        {
          type: 'get',
          scope: 'host',
          xmlns: NS.last,
          name: 'query',
          handle: () => answer(startedAt, ''),
        },
        { type: 'get', scope: 'account', xmlns: NS.last, name: 'query', handle: (request) => lastOf(host, request) },
      ],
      inbound: { guard: (arrival) => guardDevice(host, arrival) },
      on: {
        unavailable({ session, status }) {
          const others = host.sessions
            .of(session.jid.bare)
            .some((other) => other !== session && other.available !== undefined);
          if (!others) host.house.stores.lastActivity.set(session.account.id, Date.now(), status);
        },
      },
    };
  },
};

function answer(since: number, status: string): Element {
  const seconds = String(Math.max(0, Math.floor((Date.now() - since) / 1_000)));
  return el('query', { xmlns: NS.last, seconds }, status);
}

/**
 * §4, §5: only for those who may see the account's presence. Strangers get the answer that an address without an account
 * gives (RFC 6121 §8.5.1), and not `forbidden`, which would tell them that there is somebody (SECURITY 21, 49).
 */
async function permit(host: Host, account: Account, { from, to }: Stanza): Promise<void> {
  if (from.bare === to!.bare) return;
  const item = await host.contacts.get(account, from.bare);
  if (item?.subscription !== 'from' && item?.subscription !== 'both') throw new StanzaError('service-unavailable');
}

/** §5: a device is asked only by those who may know. */
function guardDevice(host: Host, { stanza, account }: Arrival): undefined | Promise<undefined> {
  if (stanza.kind !== 'iq' || stanza.type !== 'get' || stanza.to!.resource === '') return undefined;
  if (child(stanza.element, 'query', NS.last) === undefined) return undefined;
  return permit(host, account, stanza).then(() => undefined);
}

async function lastOf(host: Host, { account, stanza }: IqRequest): Promise<Element> {
  const { to } = stanza;
  const { lastActivity } = host.house.stores;
  await permit(host, account!, stanza);
  if (host.sessions.of(to!.bare).some((session) => session.available !== undefined)) return answer(Date.now(), '');
  const activity = await lastActivity.get(account!.id);
  if (activity === undefined) throw new StanzaError('item-not-found', 'This account was never here.');
  return answer(activity.time, activity.status);
}
