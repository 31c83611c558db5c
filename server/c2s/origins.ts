import { isIP } from 'node:net';
import { hasMore, listOption } from '../host/options.ts';
import { readHost } from '../util/host-header.ts';

/** Whose pages may talk to this server with their own script. */
export const webOrigins = listOption({
  key: 'web.origins',
  scope: 'house',
  group: 'Web',
  title: 'Websites with a chat of their own',
  help: 'Addresses of websites, such as https://intranet.example.com, whose pages may connect people to this server. The web chat of this server itself needs no entry.',
  longest: 300,
  most: 100,
  default: [],
  needsProof: hasMore,
  wrong: (origins) => origins.map(wrongOrigin).find((wrong) => wrong !== undefined),
});

function wrongOrigin(text: string): string | undefined {
  const url = URL.parse(text);
  const right = url !== null && /^https?:$/.test(url.protocol) && url.origin === text.toLowerCase();
  if (right) return undefined;
  // What one copies from a browser has a path, a slash at least.
  const meant = url !== null && /^https?:$/.test(url.protocol) ? url.origin : 'https://intranet.example.com';
  return `${text} is not the address of a website alone: write it like ${meant}`;
}

/** What a request says of where it comes from and where it goes. */
export interface Headers {
  readonly origin?: string | undefined;
  readonly host?: string | undefined;
}

/** Who may reach the doors for web clients. */
export interface OriginRules {
  /** Names that this server goes by: its own and those of its domains. */
  names(): readonly string[];
  /** Origins that an administrator has let in. */
  allowed(): readonly string[];
}

/**
 * Whether a page of that origin may use the connection (SECURITY 77). A program that is no browser sends no origin and needs
 * none. Pages of our own: the origin is where the request goes to, and that goes by a name of ours; an address by number is
 * ours for sure, while a name of somebody else's that was made to point at us is not. Pages of a served domain may, too: it
 * is the same office.
 */
export function mayUse({ origin, host }: Headers, { names, allowed }: OriginRules): boolean {
  if (origin === undefined) return true;
  const asked = origin.toLowerCase();
  if (allowed().some((one) => one.toLowerCase() === asked)) return true;
  const from = asked.startsWith('https://') ? readHost(asked.slice('https://'.length)) : undefined;
  const to = readHost(host);
  if (from === undefined || to === undefined || (from.port !== to.port && from.port !== 443)) return false;
  if (isIP(from.name) !== 0 || from.name === 'localhost') return from.name === to.name && from.port === to.port;
  return names().includes(from.name);
}
