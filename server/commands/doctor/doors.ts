import { once } from 'node:events';
import { connect, isIP, isIPv6 } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { domainToASCII } from 'node:url';
import type { ListenerView } from '../overview.ts';
import { about, type Check, type Finding } from './finding.ts';

const NAMES: Readonly<Record<string, string>> = {
  c2s: 'Chat apps',
  c2s_tls: 'Chat apps (TLS)',
  s2s: 'Other servers',
  s2s_tls: 'Other servers (TLS)',
  https: 'Panel, files and web chat',
  proxy: 'File proxy',
  component: 'Components',
};
const PATIENCE_MS = 4_000;
const MOST = 32;

export interface DoorsNeeds {
  readonly listeners: () => readonly ListenerView[];
  /** The addresses of this machine, as others reach it. */
  readonly addresses: () => readonly string[];
  /** A domain that is served, and the SHA-256 of the certificate of the panel. */
  readonly domain: () => string;
  /** The name by which the panel is opened. */
  readonly hostname: string;
  readonly fingerprint: () => string;
}

interface Place {
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

/** The name for SNI, as the DNS has it; none for what is an address (RFC 6066 §3). */
function servername(name: string): { servername?: string } {
  const ascii = domainToASCII(name);
  return ascii === '' || isIP(ascii) !== 0 ? {} : { servername: ascii };
}

/** Where each door is tried: at what it listens on, and where that is everything, at each address of this machine. */
function places(name: string, address: string, own: readonly string[]): Place[] {
  const [, host = '', port = ''] = /^\[?(.*?)\]?:(\d+)$/.exec(address) ?? [];
  const every =
    host === '::'
      ? ['127.0.0.1', '::1', ...own]
      : host === '0.0.0.0'
        ? ['127.0.0.1', ...own.filter((one) => !isIPv6(one))]
        : [host];
  return every.map((one) => ({ name, host: one, port: Number(port) }));
}

/**
 * Whether each door is reached at each address of this machine, and whether it is ours: another program may listen on one address of
 * a port of which we have all, and gets who comes there.
 */
export function doorCheck(needs: DoorsNeeds): Check {
  const said = about('port', 'Ports');
  return {
    code: 'port',
    title: 'Ports',
    async run(signal) {
      const own = needs.addresses();
      const all = needs.listeners().flatMap(({ name, address }) => places(name, address, own));
      const findings = await Promise.all(all.slice(0, MOST).map((place) => tryDoor(place, signal)));
      const wrong = findings.filter((one) => one !== undefined);
      if (wrong.length > 0) return wrong;
      const names = [...new Set(all.map(({ port }) => port))];
      return [said.good(`All ${names.length} ports are reached at every address of this machine.`)];
    },
  };

  async function tryDoor(place: Place, signal: AbortSignal): Promise<Finding | undefined> {
    const where = `${NAMES[place.name] ?? place.name}: port ${place.port} at ${place.host}`;
    const limit = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
    try {
      if (await isOurs(place, limit)) return undefined;
      return said.bad(
        `${where} is answered by another program.`,
        `Find it (ss -ltnp sport = :${place.port}), and stop it or give it another port.`,
      );
    } catch (error) {
      // This machine may have an address of a kind that it cannot use.
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EADDRNOTAVAIL' || code === 'ENETUNREACH' || code === 'EAFNOSUPPORT') return undefined;
      return said.bad(
        `${where} cannot be reached (${code ?? 'no answer in time'}).`,
        'See whether a firewall of this machine forbids it; start the server anew.',
      );
    }
  }

  function isOurs(place: Place, signal: AbortSignal): Promise<boolean> {
    if (place.name.endsWith('_tls') || place.name === 'https') return speaksTls(place, signal);
    if (place.name === 'c2s' || place.name === 's2s') return speaksXmpp(place, signal);
    return opens(place, signal);
  }

  async function speaksTls({ name, host, port }: Place, signal: AbortSignal): Promise<boolean> {
    const protocols = name === 'https' ? ['http/1.1'] : name === 'c2s_tls' ? ['xmpp-client'] : ['xmpp-server'];
    // Whether it is to be trusted is another question; here it is asked whether it is the one that we show.
    const socket = connectTls({
      host,
      port,
      rejectUnauthorized: false,
      ALPNProtocols: protocols,
      // Which certificate is shown is a matter of the name that is asked for.
      ...servername(name === 'https' ? needs.hostname : needs.domain()),
    });
    try {
      await once(socket, 'secureConnect', { signal });
      return name !== 'https' || socket.getPeerX509Certificate()?.fingerprint256 === needs.fingerprint();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code?.startsWith('ERR_SSL')) return false;
      throw error;
    } finally {
      socket.destroy();
    }
  }

  async function speaksXmpp({ name, host, port }: Place, signal: AbortSignal): Promise<boolean> {
    const socket = connect({ host, port });
    try {
      await once(socket, 'connect', { signal });
      const kind = name === 'c2s' ? 'client' : 'server';
      socket.write(
        `<stream:stream xmlns='jabber:${kind}' xmlns:stream='http://etherx.jabber.org/streams' to='${needs.domain()}' version='1.0'>`,
      );
      const [first] = (await once(socket, 'data', { signal })) as [Buffer];
      return first.includes('http://etherx.jabber.org/streams');
    } finally {
      socket.destroy();
    }
  }

  async function opens({ host, port }: Place, signal: AbortSignal): Promise<boolean> {
    const socket = connect({ host, port });
    try {
      await once(socket, 'connect', { signal });
      return true;
    } finally {
      socket.destroy();
    }
  }
}
