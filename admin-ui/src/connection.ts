import type { Connection, Overview } from '../../server/http/contract/index.ts';
import { t } from './language.ts';

/** The port of a listener's address such as `[::]:5222`. */
export function portOf(listeners: Overview['listeners'], name: string): string | undefined {
  return listeners.find((listener) => listener.name === name)?.address.match(/:(\d+)$/)?.[1];
}

/** Whether others can find a machine by this name: it is a whole one, neither an IP address nor good on one machine only. */
function isName(host: string): boolean {
  return host.includes('.') && !host.includes(':') && !/^[\d.]+$/.test(host) && !host.endsWith('.localhost');
}

/**
 * The server's name: the one it has itself (`hostname`), else the one by which this page was opened. Where the former is
 * only known by multicast, the latter has proven to be known better.
 */
export function serverName(hostname: string | undefined): string | undefined {
  const names = [hostname ?? '', window.location.hostname].filter(isName);
  return names.find((name) => !name.endsWith('.local')) ?? names[0];
}

/** What to enter as the server in a chat app: the name, else the address that this page was opened by. */
export function serverWords(hostname: string | undefined): string {
  const here = window.location.hostname;
  const onlyHere = here === 'localhost' || here === '[::1]' || here.startsWith('127.');
  return serverName(hostname) ?? (onlyHere ? t('the name or address of this machine') : here.replace(/^\[|\]$/g, ''));
}

/** A link to this server, by its name, or by the address that this page was opened by where the name is not known to others. */
export function linkHere(url: string): string {
  const { hostname, pathname, hash } = new URL(url);
  const here = window.location.hostname;
  const onlyHere = here === 'localhost' || here === '[::1]' || here.startsWith('127.');
  return serverName(hostname) === hostname || onlyHere ? url : `${window.location.origin}${pathname}${hash}`;
}

/** Where this server is for a browser elsewhere, as `https://chat.example.test:5281`. */
export function originHere(hostname: string): string {
  const { port } = window.location;
  return linkHere(`https://${hostname}${port && `:${port}`}/`).replace(/\/$/, '');
}

/** The records that lead clients of a domain here, in the notation of BIND, Unbound and dnsmasq's kin. */
export function serviceRecords(
  domain: string,
  { hostname, listeners }: Pick<Overview, 'hostname' | 'listeners'>,
): string {
  const target = serverName(hostname) ?? 'your-server-name';
  const plain = portOf(listeners, 'c2s');
  const tls = portOf(listeners, 'c2s_tls');
  const zone = new URL(`http://${domain}/`).hostname; // as the DNS writes it: letters of other scripts as xn--…
  const lines: string[] = [];
  if (plain) lines.push(`_xmpp-client._tcp.${zone}. 3600 IN SRV 0 5 ${plain} ${target}.`);
  if (tls) lines.push(`_xmpps-client._tcp.${zone}. 3600 IN SRV 0 5 ${tls} ${target}.`);
  return lines.join('\n');
}

/** What a new person needs to hear, ready to be sent; how the server is reached, once that is known. */
export function welcomeText(
  person: { name: string; jid: string },
  password: string,
  connection: Connection | undefined,
): string {
  const origin = connection && originHere(connection.server);
  return [
    person.name ? t('Hello {name},', { name: person.name }) : t('Hello,'),
    '',
    t('here is your chat account:'),
    '',
    t('Address: {jid}', { jid: person.jid }),
    t('Password: {password}', { password }),
    ...(connection ? serverLines(connection) : []),
    '',
    t('Enter them in any XMPP chat app, for example Gajim, Dino, Conversations or Monal.'),
    ...(connection?.webChat ? [t('Or chat in your browser: {address}', { address: `${origin}/chat` })] : []),
    ...(connection?.ownAuthority
      ? [
          '',
          t('If the app does not trust the server, install its certificate: {address}', {
            address: `${origin}/api/certificate-authority`,
          }),
        ]
      : []),
  ].join('\n');
}

/** The ports that an app may ask for, the plain one first; '' when none is open. */
export function portWords({ port, tlsPort }: Pick<Connection, 'port' | 'tlsPort'>): string {
  const ports = [...(port === null ? [] : [`${port} (STARTTLS)`]), ...(tlsPort === null ? [] : [`${tlsPort} (TLS)`])];
  return ports.join(` ${t('or')} `);
}

function serverLines(connection: Connection): string[] {
  const ports = portWords(connection);
  return [
    t('Server, if your app asks: {server}', { server: serverWords(connection.server) }),
    ...(ports ? [t('Port, if your app asks: {ports}', { ports })] : []),
  ];
}
