import type { Overview } from '../../server/http/contract/index.ts';

/** The port of a listener's address such as `[::]:5222`. */
export function portOf(listeners: Overview['listeners'], name: string): string | undefined {
  return listeners.find((listener) => listener.name === name)?.address.match(/:(\d+)$/)?.[1];
}

/** Whether a host name is a bare IP address, which DNS records cannot point to. */
function isAddress(host: string): boolean {
  return host.includes(':') || /^[\d.]+$/.test(host);
}

/** The name under which this page was opened, when it is one that others can use too. */
export function serverName(): string | undefined {
  const { hostname } = window.location;
  return hostname === 'localhost' || isAddress(hostname) ? undefined : hostname;
}

/** What to enter as the server in a chat app: the name, else the address that this page was opened by. */
export function serverWords(): string {
  const { hostname } = window.location;
  const onlyHere = hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
  return onlyHere ? 'the name or address of this machine' : hostname.replace(/^\[|\]$/g, '');
}

/** The records that lead clients of a domain here, in the notation of BIND, Unbound and dnsmasq's kin. */
export function serviceRecords(domain: string, listeners: Overview['listeners']): string {
  const target = serverName() ?? 'your-server-name';
  const plain = portOf(listeners, 'c2s');
  const tls = portOf(listeners, 'c2s_tls');
  const lines: string[] = [];
  if (plain) lines.push(`_xmpp-client._tcp.${domain}. 3600 IN SRV 0 5 ${plain} ${target}.`);
  if (tls) lines.push(`_xmpps-client._tcp.${domain}. 3600 IN SRV 0 5 ${tls} ${target}.`);
  return lines.join('\n');
}

/** Whether a domain can only ever be known inside the office's own network. */
export function staysInside(domain: string): boolean {
  return /(^|\.)(local|lan|internal|home\.arpa|test|localhost|invalid)$/.test(domain);
}

/** What a new person needs to hear, ready to be sent. */
export function welcomeText(person: { name: string; jid: string }, password: string): string {
  const server = serverName();
  return [
    person.name ? `Hello ${person.name},` : 'Hello,',
    '',
    'here is your chat account:',
    '',
    `Address: ${person.jid}`,
    `Password: ${password}`,
    ...(server ? [`Server, if your app asks: ${server}`] : []),
    '',
    'Enter them in any XMPP chat app, for example Gajim, Dino, Conversations or Monal.',
  ].join('\n');
}
