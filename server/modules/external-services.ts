import { createHmac, randomBytes } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import type { Host } from '../host/host.ts';
import type { IqRequest } from '../host/iq.ts';
import type { Module } from '../host/module.ts';
import { choiceOption, numberOption, type Option, textOption } from '../host/options.ts';
import type { Session } from '../host/session.ts';
import { dateTime } from '../xmpp/delay.ts';
import { type Element, el, elements } from '../xmpp/element.ts';
import { NS } from '../xmpp/ns.ts';
import { Stanza } from '../xmpp/stanza.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';

const group = 'Calls';

const relayHost = textOption({
  key: 'calls.host',
  scope: 'house',
  group,
  title: 'Relay for calls',
  help: 'The name or address of a TURN server (coturn), by which calls get through firewalls. Empty: there is none.',
  longest: 253,
  default: '',
  needsProof: (_from, to) => to !== '',
  wrong: (value) => (/^[\w.:-]*$/.test(value) ? undefined : 'It is a host name or an IP address, without a port.'),
});
const relayPort = numberOption({
  key: 'calls.port',
  scope: 'house',
  group,
  title: 'Port of the relay',
  help: 'Where the relay listens without encryption, as “listening-port” in its settings.',
  least: 1,
  most: 65_535,
  default: 3_478,
});
const relayTlsPort = numberOption({
  key: 'calls.tls-port',
  scope: 'house',
  group,
  title: 'Port of the relay with TLS',
  help: 'Where the relay listens with TLS, as “tls-listening-port” in its settings. 0: it does not.',
  least: 0,
  most: 65_535,
  default: 0,
});
const relayTransport = choiceOption({
  key: 'calls.transport',
  scope: 'house',
  group,
  title: 'How the relay is reached',
  help: 'Calls are best over UDP; TCP helps where a firewall lets nothing else through.',
  choices: { both: 'UDP and TCP', udp: 'UDP only', tcp: 'TCP only' },
  default: 'both',
});
const relaySecret = textOption({
  key: 'calls.secret',
  scope: 'house',
  group,
  title: 'Secret shared with the relay',
  help: 'The same as “static-auth-secret” in the settings of the relay. People’s apps never see it.',
  longest: 500,
  secret: true,
  // Whoever has a pass can try in peace which secret it was made with.
  wrong: (value) =>
    value === '' || value.length >= 16 ? undefined : 'It needs at least 16 characters, or it is guessed.',
  default: '',
});
const relayMinutes = numberOption({
  key: 'calls.minutes',
  scope: 'house',
  group,
  title: 'How long a pass to the relay is good',
  help: 'Apps ask for a new one when it has run out. A call that is under way goes on.',
  least: 5,
  most: 1_440,
  unit: 'minutes',
  default: 720,
});
const OPTIONS: readonly Option[] = [relayHost, relayPort, relayTlsPort, relayTransport, relaySecret, relayMinutes];

interface Service {
  readonly type: 'stun' | 'turn' | 'turns';
  readonly host: string;
  readonly port: string;
  readonly transport: 'udp' | 'tcp';
}

/**
 * External services (XEP-0215): where the relay for calls is, and a pass to it that runs out. The pass is made of the secret
 * that the server and the relay share (the TURN REST API that coturn understands), so the two need not talk to each other.
 */
export const externalServices: Module = {
  name: 'external-services',
  xep: [215, '1.0.0'],
  options: OPTIONS,
  start(host) {
    /** Who asked, and for which type; they are told of changes (§3.2). */
    const interested = new WeakMap<Session, string>();
    let before = servicesOf(host);
    return {
      features: [NS.externalServices],
      iq: [
        {
          type: 'get',
          scope: 'host',
          xmlns: NS.externalServices,
          name: 'services',
          handle: (request) => services(host, interested, request),
        },
        {
          type: 'get',
          scope: 'host',
          xmlns: NS.externalServices,
          name: 'credentials',
          handle: (request) => credentials(host, request),
        },
      ],
      keeps: {
        of: (session) => interested.get(session),
        back: (session, type) => void interested.set(session, type as string),
      },
      on: {
        decided({ option }) {
          if (!OPTIONS.includes(option) || option === relayMinutes) return;
          const old = before;
          before = servicesOf(host);
          return push(host, interested, old, before, option === relaySecret);
        },
      },
    };
  },
};

function servicesOf(here: Host): Service[] {
  const host = here.option(relayHost);
  if (host === '') return [];
  const port = String(here.option(relayPort));
  const transport = here.option(relayTransport);
  const transports = (['udp', 'tcp'] as const).filter((one) => transport === 'both' || transport === one);
  const found: Service[] = transports.map((one) => ({ type: 'stun', host, port, transport: one }));
  if (here.option(relaySecret) === '') return found; // a relay for everybody would be everybody's relay
  found.push(...transports.map((one): Service => ({ type: 'turn', host, port, transport: one })));
  const tlsPort = here.option(relayTlsPort);
  if (tlsPort !== 0) found.push({ type: 'turns', host, port: String(tlsPort), transport: 'tcp' });
  return found;
}

/** Only people of this domain who are logged in. Throws StanzaError. */
function sessionOf({ session }: IqRequest): Session {
  if (session === undefined) throw new StanzaError('forbidden', 'Ask your own server.');
  return session;
}

/**
 * A pass to the relay: until when, and for whom. Whoever watches the wire reads it, so it does not name the person; it is the
 * same for all devices of one, so that the relay can count.
 */
function passFor(host: Host, { account }: Session) {
  const secret = host.option(relaySecret);
  const until = Math.floor(Date.now() / 1_000) + host.option(relayMinutes) * 60;
  const whom = createHmac('sha256', secret).update(`account ${account.id}`).digest('base64url').slice(0, 16);
  const username = `${until}:${whom}`;
  const password = createHmac('sha1', secret).update(username).digest('base64');
  return { username, password, expires: dateTime(until * 1_000), restricted: 'true' };
}

function serviceElement(host: Host, session: Session, service: Service, action?: string): Element {
  const pass = service.type === 'stun' || action === 'delete' ? {} : passFor(host, session);
  return el('service', { action, ...service, ...pass });
}

/** §3.1, §3.2. */
function services(host: Host, interested: WeakMap<Session, string>, request: IqRequest): Element {
  const session = sessionOf(request);
  const type: string = request.payload.attrs.type ?? '';
  interested.set(session, type);
  const found = servicesOf(host).filter((one) => type === '' || one.type === type);
  return el(
    'services',
    { xmlns: NS.externalServices, type: type === '' ? undefined : type },
    ...found.map((one) => serviceElement(host, session, one)),
  );
}

/** §3.3: for one service that is known already. */
function credentials(host: Host, request: IqRequest): Element {
  const session = sessionOf(request);
  const [asked, ...more] = elements(request.payload);
  if (asked === undefined || asked.name !== 'service' || more.length > 0) throw new StanzaError('bad-request');
  const { host: name, type, port, transport } = asked.attrs;
  if (name === undefined || type === undefined) throw new StanzaError('bad-request', 'Which service?');
  const found = servicesOf(host).filter(
    (one) =>
      one.type !== 'stun' &&
      one.host === name &&
      one.type === type &&
      (port === undefined || one.port === port) &&
      (transport === undefined || one.transport === transport),
  );
  if (found.length === 0) throw new StanzaError('item-not-found', 'There is no such service.');
  return el('credentials', { xmlns: NS.externalServices }, ...found.map((one) => serviceElement(host, session, one)));
}

const nameOf = ({ type, host, port, transport }: Service): string => [type, host, port, transport].join(' ');

/** §3.2: those who asked, and are here, are told what came, went, or needs a new pass. */
async function push(
  host: Host,
  interested: WeakMap<Session, string>,
  before: readonly Service[],
  now: readonly Service[],
  renewed: boolean,
): Promise<void> {
  const [old, fresh] = [new Set(before.map(nameOf)), new Set(now.map(nameOf))];
  const changes: [Service, string][] = [
    ...before.filter((one) => !fresh.has(nameOf(one))).map((one): [Service, string] => [one, 'delete']),
    ...now.filter((one) => !old.has(nameOf(one))).map((one): [Service, string] => [one, 'add']),
    ...now
      .filter((one) => renewed && one.type !== 'stun' && old.has(nameOf(one)))
      .map((one): [Service, string] => [one, 'modify']),
  ];
  if (changes.length === 0) return;
  let told = 0;
  for (const session of [...host.sessions.all()]) {
    const type = interested.get(session);
    if (type === undefined || host.sessions.get(session.jid) !== session) continue;
    const concerned = changes.filter(([one]) => type === '' || one.type === type);
    if (concerned.length === 0) continue;
    const list = concerned.map(([one, action]) => serviceElement(host, session, one, action));
    const payload = el('services', { xmlns: NS.externalServices, type: type === '' ? undefined : type }, ...list);
    const iq = el('iq', { type: 'set', id: randomBytes(9).toString('base64url') }, payload);
    session.deliver(new Stanza(iq, host.jid, session.jid));
    if (++told % 100 === 0) await turn();
  }
}
