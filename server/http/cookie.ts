import type { FastifyReply, FastifyRequest } from 'fastify';

/** `__Host-`: browsers take it over TLS only, for this very host, and no sub-domain can set it (RFC 6265bis §4.1.3.2). */
export const COOKIE = '__Host-hallway';
/** As long as a session can last at most; the server decides when it ends. */
const SECONDS = 7 * 24 * 60 * 60;

const ATTRIBUTES = { path: '/', httpOnly: true, secure: true, sameSite: 'strict' } as const;

/** The token that the browser brings, if it looks like one of ours. */
export function tokenOf(request: FastifyRequest): string | undefined {
  const token = request.cookies[COOKIE];
  return token !== undefined && /^[A-Za-z0-9_-]{43}$/.test(token) ? token : undefined;
}

export function giveToken(reply: FastifyReply, token: string): void {
  reply.setCookie(COOKIE, token, { ...ATTRIBUTES, maxAge: SECONDS });
}

export function takeToken(reply: FastifyReply): void {
  reply.clearCookie(COOKIE, ATTRIBUTES);
}
