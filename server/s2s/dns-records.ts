import { asciiName, literalOf } from './target.ts';

/** A domain as it is served here, to find out what the DNS should say of it. */
export interface Served {
  readonly domain: string;
  /** This machine's own name. */
  readonly hostname: string;
  /** Where it listens; what is left out, it does not. */
  readonly ports: { readonly [Door in 'c2s' | 'c2s_tls' | 's2s' | 's2s_tls']?: number };
  /** Of this machine, as others reach it. */
  readonly addresses: readonly string[];
  /** The first parts of the names of its services that other servers may ask for: `conference`, `pubsub`. */
  readonly services: readonly string[];
  /** It talks with other servers. */
  readonly federates: boolean;
}

/** Whom a record is for. */
export type Purpose = 'machine' | 'client' | 'client-tls' | 'server' | 'server-tls' | 'service';

interface About {
  /** Full, in ASCII, without a final dot. */
  readonly name: string;
  readonly purpose: Purpose;
  /** Without it something does not work; otherwise something works better with it. */
  readonly needed: boolean;
}

export interface SrvWanted extends About {
  readonly kind: 'srv';
  readonly target: string;
  readonly port: number;
  readonly priority: number;
  readonly weight: number;
}

export interface AddressWanted extends About {
  readonly kind: 'address';
  readonly addresses: readonly string[];
}

/** There should be none: what it would lead to is not there. */
export interface NoneWanted extends About {
  readonly kind: 'none';
}

export type Wanted = SrvWanted | AddressWanted | NoneWanted;

/** Names that no DNS of the internet has (RFC 6761, RFC 6762, RFC 8375, and .internal, .lan, which are so in fact). */
const INSIDE = ['lan', 'internal', 'home.arpa', 'test', 'home', 'corp', 'intranet', 'private', 'localdomain'];
const NOWHERE = ['localhost', 'invalid', 'example', 'onion'];

/** `neighbours`: asked of all machines around (mDNS). `inside`: known in one's own network only. `nowhere`: known nowhere. */
export type Reach = 'internet' | 'inside' | 'neighbours' | 'nowhere';

export function reachOf(domain: string): Reach {
  const ends = (name: string): boolean => domain === name || domain.endsWith(`.${name}`);
  if (ends('local')) return 'neighbours';
  if (NOWHERE.some(ends)) return 'nowhere';
  return INSIDE.some(ends) || !domain.includes('.') ? 'inside' : 'internet';
}

/**
 * The name of this machine that records can lead to: its own if that is a full one, else one below the domain, which then
 * should become its own.
 */
export function machineName(hostname: string, domain: string): { readonly name: string; readonly own: boolean } {
  const name = asciiName(hostname);
  if (name !== undefined && literalOf(name) === undefined) {
    const full = name.includes('.') && !/\.(?:localdomain|localhost)$/.test(name);
    if (full || name === domain) return { name, own: true };
  }
  return { name: domain.includes('.') ? `xmpp.${domain}` : domain, own: false };
}

/** The client prefers TLS from the first byte: one round trip less, and nothing said in clear (XEP-0368). */
const DIRECT_FIRST = { tls: 5, starttls: 10 } as const;
const WEIGHT = 5;

/** The records that a domain should have. `domain` is in ASCII. */
export function recordsFor(served: Served): Wanted[] {
  const { domain, ports, federates } = served;
  const target = machineName(served.hostname, domain).name;
  const at = (service: string, name = domain): string => `_${service}._tcp.${name}`;
  const srv = (name: string, port: number, tls: boolean, purpose: Purpose, needed: boolean): SrvWanted => {
    return {
      kind: 'srv',
      name,
      target,
      port,
      priority: tls ? DIRECT_FIRST.tls : DIRECT_FIRST.starttls,
      weight: WEIGHT,
      purpose,
      needed,
    };
  };
  const none = (name: string, purpose: Purpose): NoneWanted => ({ kind: 'none', name, purpose, needed: true });
  /** Without any record everybody tries the usual port of the domain's own address, and may be right. */
  const usual = (port: number | undefined, usually: number): boolean => target === domain && port === usually;
  const pair = (
    who: 'client' | 'server',
    plain: number | undefined,
    tls: number | undefined,
    usually: number,
  ): Wanted[] => [
    plain === undefined
      ? none(at(`xmpp-${who}`), who)
      : srv(at(`xmpp-${who}`), plain, false, who, !usual(plain, usually)),
    tls === undefined
      ? none(at(`xmpps-${who}`), `${who}-tls`)
      : srv(at(`xmpps-${who}`), tls, true, `${who}-tls`, plain === undefined),
  ];
  const { s2s, s2s_tls } = ports;
  const serverPort = s2s ?? s2s_tls;
  const service = (name: string): Wanted[] =>
    serverPort === undefined
      ? []
      : [
          srv(
            at(s2s === undefined ? 'xmpps-server' : 'xmpp-server', `${name}.${domain}`),
            serverPort,
            s2s === undefined,
            'service',
            name === 'conference',
          ),
        ];
  return [
    { kind: 'address', name: target, addresses: served.addresses, purpose: 'machine', needed: true },
    ...pair('client', ports.c2s, ports.c2s_tls, 5222),
    ...(federates ? [...pair('server', s2s, s2s_tls, 5269), ...served.services.flatMap(service)] : []),
  ];
}
