import type { Host } from '../host/host.ts';
import type { IqRequest } from '../host/iq.ts';
import type { Module } from '../host/module.ts';
import { type Element, el } from '../xmpp/element.ts';
import { NS } from '../xmpp/ns.ts';
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

/** §4: only for those who may see the account's presence. */
async function lastOf(host: Host, { account, stanza }: IqRequest): Promise<Element> {
  const { from, to } = stanza;
  const { rosters, lastActivity } = host.house.stores;
  if (from.bare !== to!.bare) {
    const item = await rosters.get(account!.id, from.bare);
    if (item?.subscription !== 'from' && item?.subscription !== 'both') throw new StanzaError('forbidden');
  }
  if (host.sessions.of(to!.bare).some((session) => session.available !== undefined)) return answer(Date.now(), '');
  const activity = await lastActivity.get(account!.id);
  if (activity === undefined) throw new StanzaError('item-not-found', 'This account was never here.');
  return answer(activity.time, activity.status);
}
