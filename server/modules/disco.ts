import { CAPS_NODE, type Host } from '../host/host.ts';
import type { IqRequest } from '../host/iq.ts';
import type { DiscoNode, Module } from '../host/module.ts';
import { capsHash } from '../xmpp/caps.ts';
import { discoInfo } from '../xmpp/disco.ts';
import { type Element, el } from '../xmpp/element.ts';
import { NS } from '../xmpp/ns.ts';
import { StanzaError } from '../xmpp/stanza-error.ts';

/** Service discovery (XEP-0030), with extension forms (XEP-0128) and the nodes of capabilities (XEP-0115). */
export const disco: Module = {
  name: 'disco',
  xep: [30, '2.5.0'],
  also: [[128, '1.0.1']],
  start: (host) => ({
    features: [NS.discoInfo, NS.discoItems, NS.caps],
    accountFeatures: [NS.discoInfo, NS.discoItems],
    identities: [{ category: 'server', type: 'im', name: 'Hallway' }],
    iq: [
      { type: 'get', scope: 'host', xmlns: NS.discoInfo, name: 'query', handle: (request) => hostInfo(host, request) },
      {
        type: 'get',
        scope: 'host',
        xmlns: NS.discoItems,
        name: 'query',
        handle: (request) => hostItems(host, request),
      },
      {
        type: 'get',
        scope: 'account',
        xmlns: NS.discoInfo,
        name: 'query',
        handle: (request) => accountInfo(host, request),
      },
      {
        type: 'get',
        scope: 'account',
        xmlns: NS.discoItems,
        name: 'query',
        handle: (request) => accountItems(host, request),
      },
    ],
  }),
};

function nodeOf(host: Host, node: string): DiscoNode {
  for (const wiring of host.wirings) for (const one of wiring.nodes ?? []) if (one.node === node) return one;
  throw new StanzaError('item-not-found', 'There is no such node.');
}

async function hostInfo(host: Host, request: IqRequest): Promise<Element> {
  const node: string | undefined = request.payload.attrs.node;
  const { capabilities } = host;
  // XEP-0115 §6.2: our own capabilities under the node that we announce them by.
  const own = node === undefined || node === CAPS_NODE || node === `${CAPS_NODE}#${capsHash(capabilities)}`;
  if (own) return el('query', { xmlns: NS.discoInfo, node }, ...discoInfo(capabilities));
  const info = nodeOf(host, node).info;
  if (info === undefined) throw new StanzaError('item-not-found', 'There is no such node.');
  return el('query', { xmlns: NS.discoInfo, node }, ...(await info(request)));
}

async function hostItems(host: Host, request: IqRequest): Promise<Element> {
  const node: string | undefined = request.payload.attrs.node;
  const children = node === undefined ? services(host) : await nodeOf(host, node).items?.(request);
  return el('query', { xmlns: NS.discoItems, node }, ...(children ?? []));
}

/** XEP-0030 §4: the services beside the host, each with a domain of its own. */
function services(host: Host): Element[] {
  return host.house.router.servicesOf(host.domain).map(({ jid, title }) => el('item', { jid, name: title }));
}

/** XEP-0030 §8: what an account is tells whether it exists, so only those may ask who are let see its presence. */
async function permit(host: Host, { account, stanza }: IqRequest): Promise<void> {
  const { from, to } = stanza;
  if (from.bare === to!.bare) return;
  const item = await host.contacts.get(account!, from.bare);
  if (item?.subscription !== 'from' && item?.subscription !== 'both') throw new StanzaError('service-unavailable');
}

/** What the modules know of a node of an account; whoever may not see the account learns nothing by asking for nodes. */
async function accountNode(
  host: Host,
  request: IqRequest,
  what: 'info' | 'items',
  node: string,
): Promise<readonly Element[]> {
  for (const { accountNodes } of host.wirings) {
    const found = await accountNodes?.[what](request, node);
    if (found !== undefined) return found;
  }
  await permit(host, request);
  throw new StanzaError('item-not-found', 'There is no such node.');
}

async function accountInfo(host: Host, request: IqRequest): Promise<Element> {
  const node: string | undefined = request.payload.attrs.node;
  if (node !== undefined) {
    return el('query', { xmlns: NS.discoInfo, node }, ...(await accountNode(host, request, 'info', node)));
  }
  await permit(host, request);
  const all = [...new Set(host.wirings.flatMap((wiring) => wiring.accountFeatures ?? []))].sort();
  const features = host.offered(all);
  const identities = [
    { category: 'account', type: 'registered' },
    ...host.wirings.flatMap((wiring) => wiring.accountIdentities ?? []),
  ];
  return el('query', { xmlns: NS.discoInfo }, ...discoInfo({ identities, features, forms: [] }));
}

async function accountItems(host: Host, request: IqRequest): Promise<Element> {
  const { from, to } = request.stanza;
  const node: string | undefined = request.payload.attrs.node;
  if (node !== undefined) {
    return el('query', { xmlns: NS.discoItems, node }, ...(await accountNode(host, request, 'items', node)));
  }
  await permit(host, request);
  const own = from.bare === to!.bare;
  const sessions = host.sessions.of(to!.bare).filter((session) => own || session.available !== undefined);
  const devices = sessions.map((session) => el('item', { jid: session.jid.full }));
  const others = await Promise.all(host.wirings.map(({ accountNodes }) => accountNodes?.items(request, undefined)));
  return el('query', { xmlns: NS.discoItems }, ...devices, ...others.flatMap((list) => list ?? []));
}
