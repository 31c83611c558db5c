import { type ClientAccess, clientsOf, revokeAccess } from '../host/access.ts';
import type { Host } from '../host/host.ts';
import type { IqRequest } from '../host/iq.ts';
import type { Module } from '../host/module.ts';
import { numberOption } from '../host/options.ts';
import { dateTime } from '../xmpp/delay.ts';
import { type Element, el } from '../xmpp/element.ts';
import { NS } from '../xmpp/ns.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';

const DAY = 24 * 60 * 60_000;
/** How often it is looked for devices that nobody uses any more, in ms. */
const SWEEP = 60 * 60_000;

/** XEP-0494 §6: a house decides how long it remembers. */
const keepDays = numberOption({
  key: 'devices.keep-days',
  scope: 'house',
  group: 'Logging in',
  title: 'Remember unused devices for',
  help: 'The list of devices that somebody has logged in with forgets a device that was not used for this long.',
  least: 1,
  most: 3_650,
  unit: 'days',
  default: 180,
});

/** Client access management (XEP-0494): which clients can reach one's account, and taking that from them. */
export const clientAccess: Module = {
  name: 'client-access',
  xep: [494, '0.1.0'],
  options: [keepDays],
  start(host) {
    const expire = async (): Promise<void> => {
      while ((await host.house.stores.devices.expire(Date.now() - host.option(keepDays) * DAY)) > 0);
    };
    const timer = setInterval(() => void expire().catch(() => undefined), SWEEP); // what failed is tried again
    timer.unref();
    return {
      accountFeatures: [NS.cam],
      iq: [
        { type: 'get', scope: 'own', xmlns: NS.cam, name: 'list', handle: (request) => list(host, request) },
        { type: 'set', scope: 'own', xmlns: NS.cam, name: 'revoke', handle: (request) => revoke(host, request) },
      ],
      stop: () => clearInterval(timer),
    };
  },
};

async function list(host: Host, { stanza, account }: IqRequest): Promise<Element> {
  const clients = await clientsOf(host.house.stores.devices, account!.id, () => host.sessions.of(stanza.from.bare));
  return el('clients', { xmlns: NS.cam }, ...clients.map(shown));
}

/** §3.1. */
function shown(client: ClientAccess): Element {
  const { software, name } = client;
  return el(
    'client',
    { connected: String(client.connected), id: client.id, type: 'session' },
    el('first-seen', {}, dateTime(client.firstSeen)),
    el('last-seen', {}, dateTime(client.lastSeen)),
    el('auth', {}, client.password && el('password'), client.token && el('fast')),
    el('permission', { status: 'unrestricted' }),
    el('user-agent', {}, software !== '' && el('software', {}, software), name !== '' && el('device', {}, name)),
  );
}

async function revoke(host: Host, { stanza, payload, account, session }: IqRequest): Promise<undefined> {
  const sessions = () => host.sessions.of(stanza.from.bare);
  const done = await revokeAccess(host.house.stores, account!.id, sessions, payload.attrs.id ?? '', session);
  if (done === undefined) throw new StanzaError('item-not-found', 'There is no such device.');
  if (done === 'password') {
    // §3.2: it is logged out and has no token, but it may come back by the password.
    throw new StanzaError(
      'service-unavailable',
      'It is logged out, but may know the password. Please set another one.',
      {
        detail: el('password-reset-required', { xmlns: NS.cam }),
      },
    );
  }
}
