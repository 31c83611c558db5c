// XEP-0156 1.4.0, XEP-0487 0.1.0
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import ipaddr from 'ipaddr.js';
import { readHost } from '../util/host-header.ts';
import { el, serialize } from '../xmpp/element.ts';
import { BOSH_PATH } from './bosh/plugin.ts';
import type { OriginRules } from './origins.ts';
import { WEBSOCKET_PATH } from './websocket.ts';

/** Where one kind of door is: `[::]:5223`, under the name it has in the boot file. */
export interface Listening {
  readonly name: string;
  readonly address: string;
}

interface Link {
  readonly rel: string;
  readonly [key: string]: unknown;
}

const REL = 'urn:xmpp:alt-connections:';
/** Seconds for which a client may rely on it. */
const TTL = 3_600;

export interface HostMetaOptions {
  readonly rules: OriginRules;
  readonly listening: () => readonly Listening[];
  /** Whether a name is a domain of XMPP served here. */
  readonly serves: (name: string) => boolean;
}

/**
 * Tells clients how to reach us (XEP-0156, XEP-0487), at the name they asked for, which has shown that it leads here; other
 * names are answered as if there was nothing. Anybody's page may read it: it says nothing that is not public.
 */
export function hostMeta({ rules, listening, serves }: HostMetaOptions): FastifyPluginAsync {
  const asked = (request: FastifyRequest, reply: FastifyReply) => {
    reply.header('access-control-allow-origin', '*'); // XEP-0156 §5
    reply.header('cross-origin-resource-policy', 'cross-origin');
    const host = readHost(request.headers.host);
    const ours = host !== undefined && (rules.names().includes(host.name) || ipaddr.isValid(host.name));
    if (ours || host?.name === 'localhost') return host;
    reply.code(404);
    return undefined;
  };
  return async (app) => {
    const config = { access: 'web' } as const;
    app.get('/.well-known/host-meta', { config }, async (request, reply) => {
      if (asked(request, reply) === undefined) return reply.send();
      const links = webLinks(request.headers.host!).map(({ rel, href }) => el('Link', { rel, href: String(href) }));
      reply.type('application/xrd+xml; charset=utf-8');
      const xrd = el('XRD', { xmlns: 'http://docs.oasis-open.org/ns/xri/xrd-1.0' }, ...links);
      return `<?xml version='1.0' encoding='utf-8'?>${serialize(xrd)}`;
    });
    app.get('/.well-known/host-meta.json', { config }, async (request, reply) => {
      const host = asked(request, reply);
      if (host === undefined) return reply.send();
      reply.type('application/jrd+json; charset=utf-8');
      const web = webLinks(request.headers.host!);
      const address = serves(host.name) ? reachable(request) : undefined;
      const native = address === undefined ? [] : nativeLinks(listening(), address, host.name);
      if (native.length === 0) return JSON.stringify({ links: web });
      const more = { ips: [address], priority: 20, weight: 0, sni: host.name };
      const links = [...native, ...web.map((link) => ({ ...link, ...more }))];
      return JSON.stringify({ xmpp: { ttl: TTL }, links });
    });
  };
}

function webLinks(host: string): Link[] {
  return [
    { rel: `${REL}websocket`, href: `wss://${host}${WEBSOCKET_PATH}` },
    { rel: `${REL}xbosh`, href: `https://${host}${BOSH_PATH}` },
  ];
}

/**
 * Our address as this client sees it; undefined when it is not sure to: behind a router that passes connections on, the
 * address we have is not the one that was asked for.
 */
function reachable({ raw: { socket } }: FastifyRequest): string | undefined {
  const { localAddress = '', remoteAddress = '' } = socket;
  if (!ipaddr.isValid(localAddress) || !ipaddr.isValid(remoteAddress)) return undefined;
  const ours = ipaddr.process(localAddress);
  const everywhere = (address: ipaddr.IPv4 | ipaddr.IPv6) => address.range() === 'unicast';
  if (!everywhere(ours) && everywhere(ipaddr.process(remoteAddress))) return undefined;
  return ours.toString();
}

/**
 * Doors with TLS from the first byte, as XEP-0487 has no word for STARTTLS. Whoever finds these looks for no others, so there
 * are none unless all is said: clients, and other servers if any can come at all.
 */
function nativeLinks(listening: readonly Listening[], address: string, sni: string): Link[] {
  const links = (name: string, rel: string): Link[] =>
    listening
      .filter((one) => one.name === name && listensAt(one.address, address))
      .map((one) => ({ rel: REL + rel, port: portOf(one.address), ips: [address], priority: 10, weight: 0, sni }));
  const clients = links('c2s_tls', 'tls');
  const servers = links('s2s_tls', 's2s-tls');
  const said = clients.length > 0 && (servers.length > 0 || !listening.some(({ name }) => name.startsWith('s2s')));
  return said ? [...clients, ...servers] : [];
}

function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(':') + 1));
}

function listensAt(listener: string, address: string): boolean {
  const host = listener.slice(0, listener.lastIndexOf(':')).replace(/^\[|\]$/g, '');
  if (host === '::') return true;
  if (host === '0.0.0.0') return ipaddr.IPv4.isValid(address);
  return ipaddr.isValid(host) && ipaddr.process(host).toString() === address;
}
