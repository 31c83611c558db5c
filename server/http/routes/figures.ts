import type { FastifyRequest } from 'fastify';
import type { Commands } from '../../commands/index.ts';
import { METRICS_TYPE } from '../../commands/metrics-text.ts';
import { addressGroup } from '../../util/address-group.ts';
import { TokenBuckets } from '../../util/token-bucket.ts';
import { HttpError } from '../errors.ts';
import { DONE, dangerous, type RouteEntry, rawRoute, route } from '../route.ts';

/** The token that a request brings (RFC 6750 §2.1); '' for none. */
function bearer({ headers }: FastifyRequest): string {
  return /^Bearer +([A-Za-z0-9._~+/=-]{1,200})$/i.exec(headers.authorization ?? '')?.[1] ?? '';
}

/** What the house did, for people and for programs that watch it. */
export function figureRoutes({ figures, metrics, health }: Commands): RouteEntry[] {
  // Wrong tokens of one address; a right one is too long to be guessed, and not counted but for how often the figures are asked for at all.
  const guesses = new TokenBuckets({ capacity: 10, perSecond: 1 / 10, keys: 10_000 });
  const scrapes = new TokenBuckets({ capacity: 60, perSecond: 2, keys: 1_000 });
  const take = (buckets: TokenBuckets, key: string): void => {
    const wait = buckets.take(key);
    if (wait === 0) return;
    throw new HttpError(
      429,
      'too-many-attempts',
      `Too many attempts. Try again in ${Math.ceil(wait / 1_000)} seconds.`,
    );
  };
  return [
    route('GET /api/figures', 'look', async ({ query }) => figures.view(query.range ?? 'hour')),
    route('GET /api/metrics', 'look', async () => metrics.state()),
    dangerous(route('POST /api/metrics/token', 'admin', ({ by }) => metrics.makeToken(by))),
    route('DELETE /api/metrics/token', 'admin', async ({ by }) => {
      await metrics.off(by);
      return DONE;
    }),

    rawRoute('GET /metrics', 'public', async ({ by, request, reply }) => {
      if (by.door !== 'cli') {
        if (!metrics.state().on) throw new HttpError(404, 'metrics-off', 'No token has been made for this.');
        const address = addressGroup(request.ip);
        // The right one first: who guesses from an address does not keep out whoever watches from there.
        if (!metrics.allows(bearer(request))) {
          take(guesses, address);
          reply.header('www-authenticate', 'Bearer realm="metrics"');
          throw new HttpError(401, 'wrong-token', 'Bring the token that the panel made for this.');
        }
        take(scrapes, address);
      }
      return reply.type(METRICS_TYPE).send(await metrics.text());
    }),

    rawRoute('GET /health', 'public', async ({ reply }) => {
      const ok = await health.ok();
      return reply
        .code(ok ? 200 : 503)
        .type('application/json')
        .send(ok ? '{"status":"ok"}' : '{"status":"failing"}');
    }),
  ];
}
