import type { FastifyReply } from 'fastify';

/**
 * What every answer carries. There is no HSTS: an office reaches the panel by name or by IP, with a certificate of the
 * internal authority that its browsers may not know yet, and HSTS would take the way past the warning away, for all
 * other services of that name besides.
 */
const HEADERS = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "font-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    'trusted-types vue',
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'cache-control': 'no-store',
};

export function setHeaders(reply: FastifyReply): void {
  reply.headers(HEADERS);
}
