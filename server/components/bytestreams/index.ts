import { createHash } from 'node:crypto';
import type { Component } from '../../host/component.ts';
import type { Host } from '../../host/host.ts';
import type { IqRequest } from '../../host/iq.ts';
import type { Session } from '../../host/session.ts';
import { TokenBuckets } from '../../util/token-bucket.ts';
import { child, type Element, el, textOf } from '../../xmpp/element.ts';
import { type Jid, makeJid, tryParseJid } from '../../xmpp/jid.ts';
import { NS } from '../../xmpp/ns.ts';
import type { Stanza } from '../../xmpp/stanza.ts';
import { StanzaError } from '../../xmpp/stanza-error.ts';
import { Service } from '../service.ts';
import { streamHosts } from './addresses.ts';
import type { Activation, ProxyDoor } from './door.ts';
import { proxyAddresses, proxyOn, proxyOptions } from './options.ts';

export interface BytestreamNeeds {
  readonly proxy: () => ProxyDoor;
  /** This machine's own name. */
  readonly hostname: string;
}

/** SOCKS5 Bytestreams (XEP-0065): whoever has an account asks here for files to be passed on, and says when to begin. */
export function bytestreams(needs: BytestreamNeeds): Component {
  return {
    name: 'bytestreams',
    prefix: 'proxy',
    xep: [65, '1.8.2'],
    options: proxyOptions,
    start(host, domain) {
      const buckets = new TokenBuckets({ capacity: 60, perSecond: 2, keys: 10_000 });
      // Whoever is kept out is kept out here, too, be it as the one who sends or as the one who gets.
      const keepOut = ({ account: { local } }: { account: { readonly local: string } }): void => {
        const { bare } = makeJid(local, host.domain);
        needs.proxy().endThose(({ requester, target }) => requester.bare === bare || target.bare === bare);
      };
      host.events.add({ disabled: keepOut, removed: keepOut });
      return new Service(host, {
        title: 'File proxy',
        identities: [{ category: 'proxy', type: 'bytestreams', name: 'SOCKS5 Bytestreams' }],
        features: [NS.bytestreams],
        listed: () => host.option(proxyOn) && needs.proxy().listening.length > 0,
        // §4: a proxy that is unable to act as one
        unlisted: 'not-allowed',
        iq: [
          {
            type: 'get',
            xmlns: NS.bytestreams,
            name: 'query',
            handle: ({ stanza }) => address(host, needs, stanza, domain),
          },
          {
            type: 'set',
            xmlns: NS.bytestreams,
            name: 'query',
            handle: (request) => activate(host, needs.proxy(), buckets, request),
          },
        ],
        stop: () => needs.proxy().endThose(({ requester }) => requester.domain === host.domain),
      });
    },
  };
}

/** §4: `forbidden` to all but people of this host, who are connected and logged in, or they could not ask. */
function requesterOf(host: Host, { from }: Stanza): Session {
  const session = from.domain === host.domain ? host.sessions.get(from) : undefined;
  if (session === undefined) throw new StanzaError('forbidden', 'Files are passed on for people of this server only.');
  return session;
}

/** §4 */
function address(host: Host, { proxy, hostname }: BytestreamNeeds, stanza: Stanza, domain: string): Element {
  const { client } = requesterOf(host, stanza);
  const found = streamHosts({
    addresses: host.option(proxyAddresses),
    listening: proxy().listening,
    theirs: client.address,
    ours: client.ours ?? '',
    hostname,
  });
  return el(
    'query',
    { xmlns: NS.bytestreams },
    ...found.map((one) => el('streamhost', { host: one.host, jid: domain, port: String(one.port) })),
  );
}

const REFUSALS: Readonly<Record<Exclude<Activation, 'begun'>, () => StanzaError>> = {
  // §6.3.5: not the requester of that stream, or another target, or another stream: all these are one hash that nobody named.
  nobody: () => new StanzaError('item-not-found', 'Nobody is connected for this file.'),
  alone: () => new StanzaError('not-allowed', 'Only one side is connected.'),
  'under-way': () => new StanzaError('not-allowed', 'This file is under way already.'),
  'too-many-of-one': () => new StanzaError('resource-constraint', 'You are passing too many files at the same time.'),
  'too-many': () => new StanzaError('resource-constraint', 'Too many files are passed on at the same time.'),
};

/** §6.3.5 */
function activate(host: Host, proxy: ProxyDoor, buckets: TokenBuckets, { stanza, payload }: IqRequest): undefined {
  const { jid: requester, client } = requesterOf(host, stanza);
  const { sid = '' } = payload.attrs as { sid?: string };
  const text = textOf(child(payload, 'activate')).trim();
  if (sid === '' || text === '') throw new StanzaError('bad-request', 'Which stream, and to whom?');
  const target = tryParseJid(text);
  if (target === undefined) throw new StanzaError('jid-malformed', 'This is the address of nobody.');
  if (buckets.take(requester.bare) > 0) throw new StanzaError('resource-constraint', 'Not so many at once, please.');
  const hash = hashOf(sid, requester, target);
  const done = proxy.activate({ hash, requester, target, address: client.address });
  if (done !== 'begun') throw REFUSALS[done]();
}

/**
 * §5.3.2: what both sides have named. As it holds the requester's address, which nobody else can send from, nobody but the
 * requester can begin the transfer. The target may be known by its place in a room only (§7).
 */
function hashOf(sid: string, requester: Jid, target: Jid): string {
  return createHash('sha1').update(`${sid}${requester.full}${target.full}`).digest('hex');
}
