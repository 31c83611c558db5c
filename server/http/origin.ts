import type { FastifyRequest } from 'fastify';
import { HttpError } from './errors.ts';

const SAFE = new Set(['GET', 'HEAD']);

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
