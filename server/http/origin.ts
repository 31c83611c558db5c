import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { domainToUnicode } from 'node:url';
import type { FastifyRequest } from 'fastify';
import type { Commands } from '../commands/index.ts';
import { readHost } from '../util/host-header.ts';
import { HttpError } from './errors.ts';

const SAFE = new Set(['GET', 'HEAD']);

/** Zones that nobody can have in the public DNS (RFC 6761, 6762, 8375), so that no name of theirs is made to point here from outside. */
const INSIDE = /\.(?:local|lan|internal|home\.arpa|localhost)$/;

/** Whether a request names its host twice: a proxy before us may go by another one than we do (RFC 9112 §3.2). */
export function hasTwoHosts({ rawHeaders }: Pick<IncomingMessage, 'rawHeaders'>): boolean {
  let hosts = 0;
  for (let n = 0; n < rawHeaders.length; n += 2) {
    if (rawHeaders[n]!.length === 4 && rawHeaders[n]!.toLowerCase() === 'host') hosts += 1;
  }
  return hosts > 1;
}

/** Throws HttpError 400. */
export function checkOneHost(request: IncomingMessage): void {
  if (hasTwoHosts(request)) throw new HttpError(400, 'bad-request', 'The request names its host more than once.');
}

/**
 * Refuses a request by a name that is none of ours: a page of somebody else's whose name was made to point here is, to its browser, a
 * page of ours, and could use whatever needs no cookie (DNS rebinding). An address by number is ours for sure, as is a name that only
 * this network can have. Throws HttpError 421.
 */
export function checkHost({ headers }: FastifyRequest, { isOwnName }: Pick<Commands, 'isOwnName'>): void {
  const written = readHost(headers.host)?.name.replace(/\.$/, '') ?? '';
  if (isIP(written) !== 0) return;
  const asked = domainToUnicode(written);
  if ((asked !== '' && !asked.includes('.')) || INSIDE.test(asked)) return;
  if (asked !== '' && isOwnName(asked)) return;
  throw new HttpError(
    421,
    'unknown-host',
    'This server does not go by the name under which this page was opened. Open it by its own name or its IP address; on the page Settings further names can be allowed.',
  );
}

/**
 * Refuses a change that a page of somebody else's makes a browser send. Browsers name the page's Origin with every
 * request that is not GET or HEAD; it must be this very host. Whoever sends none is no browser of today: that will do to
 * sign in, not to use a cookie. Throws HttpError 403.
 */
export function checkOrigin(request: FastifyRequest, withCookie: boolean): void {
  if (SAFE.has(request.method)) return;
  const foreign = new HttpError(403, 'foreign-origin', 'This request came from a page of another site.');
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin') throw foreign;
  const { origin, host } = request.headers;
  if (origin === undefined) {
    if (withCookie) throw foreign;
    return;
  }
  if (host === undefined || origin.toLowerCase() !== `https://${host.toLowerCase()}`) throw foreign;
}
