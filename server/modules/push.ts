import type { HostEvents } from '../host/events.ts';
import type { Arrival } from '../host/flow.ts';
import type { Host } from '../host/host.ts';
import type { IqRequest } from '../host/iq.ts';
import type { Module } from '../host/module.ts';
import { choiceOption } from '../host/options.ts';
import { Pusher } from '../host/pusher.ts';
import type { Sent, Session } from '../host/session.ts';
import { wakes } from '../host/waking.ts';
import type { PushRegistration } from '../storage/stores/push.ts';
import { child, type Element, serialize } from '../xmpp/element.ts';
import { type Jid, makeJid, tryParseJid } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';
import { publishOptions, type Summary, withdrawnNode } from '../xmpp/push.ts';
import { Stanza } from '../xmpp/stanza.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';

/** Registrations of one account; the oldest leaves for the next. */
const MOST = 10;
const NODE_CHARACTERS = 1_024;

export const pushReveals = choiceOption({
  key: 'push.reveals',
  scope: 'domain',
  group: 'Push notifications',
  title: 'What a push notification says',
  help: 'A phone that sleeps is woken through servers of the app’s maker and of Apple or Google. They can read what the notification says; the message itself the phone then fetches from here.',
  default: 'count',
  choices: {
    nothing: 'Only that there is something (some apps on iPhones show nothing then)',
    count: 'How many messages there are',
    sender: 'How many, and whom the last one is from',
    message: 'How many, whom the last one is from, and what it says',
  },
  needsProof: (from, to) => to === 'message' || (to === 'sender' && from !== 'message'),
});

/** Push notifications (XEP-0357): a device that is away is woken by the server of its app. */
export const push: Module = {
  name: 'push',
  xep: [357, '0.4.1'],
  options: [pushReveals],
  start: (host) => {
    const pusher = new Pusher(host, (device) => reveal(host.option(pushReveals), device));
    return {
      accountFeatures: [NS.push], // §4.1: asked for at the account
      iq: [
        {
          type: 'set',
          scope: 'own',
          xmlns: NS.push,
          name: 'enable',
          handle: (request) => enable(host, pusher, request),
        },
        {
          type: 'set',
          scope: 'own',
          xmlns: NS.push,
          name: 'disable',
          handle: (request) => disable(host, pusher, request),
        },
      ],
      inbound: { copy: (arrival) => watch(host, pusher, arrival) },
      on: {
        bound: ({ session }) => pusher.there(session.account.id, session.jid.resource),
        reached: ({ session }) => pusher.there(session.account.id, session.jid.resource),
        adrift: ({ session, unacked }) => adrift(host, pusher, session, unacked),
        mentioned: (event) => mentioned(host, pusher, event),
        removed: ({ account }) => pusher.forgetAll(account.id),
      },
      stop: () => pusher.stop(),
    };
  },
};

/** The summary, as far as the administrator lets it tell. */
function reveal(choice: string, { count, sender, body }: Required<Summary>): Summary {
  if (choice === 'nothing') return {};
  if (choice === 'count') return { count };
  return choice === 'message' && body !== '' ? { count, sender, body } : { count, sender };
}

/** Reads the app server's address (§5: it must be there). Throws StanzaError. */
function serviceOf(payload: Element): Jid {
  const address: string | undefined = payload.attrs.jid;
  if (address === undefined) throw new StanzaError('bad-request', 'The address of the app server is missing.');
  const jid = tryParseJid(address);
  if (jid === undefined) throw new StanzaError('jid-malformed', 'The address of the app server is none.');
  return jid;
}

async function enable(host: Host, pusher: Pusher, { payload, account, session }: IqRequest): Promise<undefined> {
  const { full: jid } = serviceOf(payload);
  const node: string = payload.attrs.node ?? '';
  if (node.length > NODE_CHARACTERS) throw new StanzaError('not-acceptable', 'The name of the node is too long.');
  if (session === undefined) throw new StanzaError('not-allowed');
  if (!pusher.mayPushTo(jid)) {
    throw new StanzaError('not-allowed', 'Notifications go to the server of an app, not to somebody of this server.');
  }
  const options = publishOptions(payload);
  const optionsXml = options === undefined ? '' : serialize(options);
  const { id } = account!;
  const { push: store } = host.house.stores;
  await host.changes.run(id, async () => {
    const others = (await store.of(id)).filter((one) => one.jid !== jid || one.node !== node);
    const oldest = others.toSorted((one, other) => one.createdAt - other.createdAt);
    for (const one of oldest.slice(0, Math.max(0, others.length - MOST + 1))) {
      pusher.forget(id, one.jid, one.node);
      await store.remove(id, one.jid, one.node);
    }
    // Its access may have been taken meanwhile: then nothing must wake it after that.
    if (host.sessions.get(session.jid) !== session) throw new StanzaError('not-allowed');
    // §5: of the same address and node the last request holds.
    pusher.forget(id, jid, node);
    const { device = '' } = session.client;
    await store.put(id, { jid, node, optionsXml, resource: session.jid.resource, device, createdAt: Date.now() });
  });
  return undefined;
}

async function disable(host: Host, pusher: Pusher, { payload, account }: IqRequest): Promise<undefined> {
  const { full: jid } = serviceOf(payload);
  const node: string | undefined = payload.attrs.node;
  const { id } = account!;
  await host.changes.run(id, async () => {
    pusher.forget(id, jid, node);
    await host.house.stores.push.remove(id, jid, node);
  });
  return undefined;
}

/** A message is on its way to an account: once it has arrived, its devices that are away are woken. */
function watch(host: Host, pusher: Pusher, arrival: Arrival): void {
  const { stanza, account, ledger } = arrival;
  if (stanza.kind !== 'message') return;
  const found = host.house.stores.push.of(account.id);
  // Most accounts have no such device, and it ends here.
  if (!(found instanceof Promise) && found.length === 0) return;
  ledger.after.push(() => {
    if (!(found instanceof Promise)) arrived(host, pusher, arrival, found);
    else
      void found.then(
        (list) => arrived(host, pusher, arrival, list),
        (error: unknown) => host.house.log.error({ err: error }, 'nobody could be woken'),
      );
  });
}

function arrived(host: Host, pusher: Pusher, arrival: Arrival, list: readonly PushRegistration[]): void {
  const { stanza, account, bare } = arrival;
  if (list.length === 0 || account.status !== 'active' || stanza.from.bare === bare) return;
  const node = withdrawnNode(stanza.element);
  if (node !== undefined) withdraw(host, pusher, arrival, list, node);
  const wake = wakes(stanza);
  if (wake === undefined) return;
  for (const one of list) {
    // What a room says to one device is not news for the others: those it wakes when it speaks of their owner.
    if (stanza.type === 'groupchat' && one.resource !== stanza.to!.resource) continue;
    if (pusher.isThere(bare, one)) pusher.there(account.id, one.resource);
    else pusher.missed(account, one, stanza, wake);
  }
}

/** Somebody who may not be in the room is spoken of there; what it says may be a text that we cannot read. */
async function mentioned(
  host: Host,
  pusher: Pusher,
  { account, stanza, inside }: HostEvents['mentioned'],
): Promise<void> {
  const list = await host.house.stores.push.of(account.id);
  const bare = makeJid(account.local, account.domain).bare;
  for (const one of list) {
    if (inside.has(one.resource) || pusher.isThere(bare, one)) continue;
    pusher.missed(account, one, stanza, wakes(stanza) ?? { what: 'message', body: '' });
  }
}

/** §8: an app server says that it takes no more. Only its own word counts. */
function withdraw(
  host: Host,
  pusher: Pusher,
  { stanza, account }: Arrival,
  list: readonly PushRegistration[],
  node: string,
): void {
  const { full } = stanza.from;
  if (!list.some((one) => one.jid === full && one.node === node)) return;
  pusher.forget(account.id, full, node);
  host.house.stores.push.remove(account.id, full, node).catch((error: unknown) => {
    host.house.log.error({ err: error }, 'a registration for push notifications could not be removed');
  });
}

/** A device is gone without a word: what it was sent, and did not acknowledge, it may not have got. */
async function adrift(host: Host, pusher: Pusher, session: Session, unacked: readonly Sent[]): Promise<void> {
  const { account, jid } = session;
  const missed = unacked.flatMap((sent) => {
    const stanza = messageIn(host, session, sent);
    const wake = stanza && wakes(stanza);
    return wake === undefined || stanza!.from.bare === jid.bare ? [] : [{ stanza: stanza!, wake }];
  });
  if (missed.length === 0) return;
  const own = (await host.house.stores.push.of(account.id)).filter(({ resource }) => resource === jid.resource);
  for (const registration of own) {
    if (pusher.isThere(jid.bare, registration)) continue;
    for (const { stanza, wake } of missed) pusher.missed(account, registration, stanza, wake);
  }
}

/** What was sent, or for a carbon of what came in the message in it; one's own are nothing new (XEP-0280 §7). */
function messageIn(host: Host, { jid }: Session, { stanza, text }: Sent): Stanza | undefined {
  if (stanza.kind !== 'message' || stanza.from.full !== jid.bare || stanza.element.children.length > 0) return stanza;
  if (!text.includes(`<received xmlns='${NS.carbons}'>`)) return undefined;
  const received = child(host.house.parse(text), 'received', NS.carbons);
  const forwarded = received && child(received, 'forwarded', NS.forward);
  const message = forwarded && child(forwarded, 'message', NS.client);
  const from = message === undefined ? undefined : tryParseJid(message.attrs.from ?? '');
  return from === undefined ? undefined : new Stanza(message!, from, jid);
}
