import type { TestCertificate } from './authority.ts';
import type { Dns, Zone } from './dns.ts';

/** Ports of the server's own address. */
export interface PeerPorts {
  readonly c2s: number;
  readonly s2s: number;
  /** XEP-0368; absent where it does not listen for that. */
  readonly s2s_tls?: number;
  readonly https: number;
}

export interface PeerOptions {
  readonly domain: string;
  /** Who signs its certificates. */
  readonly authority: TestCertificate;
  /** PEM certificates of those whom it trusts to speak for other servers; default: its own authority. None: dialback only. */
  readonly trusts?: readonly string[];
  /** Whom it asks for names. */
  readonly dns: Dns;
  /** Others need not show a certificate that it trusts; default false. */
  readonly dialback?: boolean;
  /** TLS at once (XEP-0368); default true. */
  readonly directTls?: boolean;
  /** Extended key usage of its certificate; default: server and client. */
  readonly eku?: readonly string[];
  readonly people: Readonly<Record<string, string>>;
}

/** Another server of this protocol, of the kind that people run. */
export interface PeerServer extends AsyncDisposable {
  readonly domain: string;
  /** Its own loopback address. */
  readonly address: string;
  readonly ports: PeerPorts;
  readonly people: Readonly<Record<string, string>>;
  /** Where the certificate of the authority is that its clients trust. */
  readonly authorityFile: string;
  readonly rooms: string;
  readonly uploads: string;
  /** Where all of it is. */
  readonly folder: string;
  readonly log: string;
  /** Starts it, or starts it again on the same data. */
  start(): Promise<void>;
  /** Stops it: gently by default, at once by SIGKILL. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** What the DNS says of these servers: where they are, of their rooms and files as well, and that TLS at once is rather liked. */
export function zoneOf(
  ...peers: readonly Pick<PeerServer, 'domain' | 'address' | 'ports' | 'rooms' | 'uploads'>[]
): Zone {
  const srv = peers.flatMap(({ domain, rooms, uploads, ports }) =>
    [domain, rooms, uploads].flatMap((name) => [
      { name: `_xmpp-server._tcp.${name}`, target: `xmpp.${domain}`, port: ports.s2s, priority: 10 },
      ...(ports.s2s_tls === undefined
        ? []
        : [{ name: `_xmpps-server._tcp.${name}`, target: `xmpp.${domain}`, port: ports.s2s_tls }]),
    ]),
  );
  const hosts = Object.fromEntries(
    peers.flatMap(({ domain, address, uploads }) => [
      [`xmpp.${domain}`, [address]],
      [uploads, [address]],
    ]),
  );
  return { srv, hosts };
}
