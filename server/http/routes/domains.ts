import type { Commands } from '../../commands/index.ts';
import { DONE, type RouteEntry, route } from '../route.ts';

export function domainRoutes({ domains }: Commands): RouteEntry[] {
  return [
    route('GET /api/domains', 'admin', async () => ({ domains: await domains.list() })),
    route('POST /api/domains', 'admin', async ({ body, by }) => ({ domain: await domains.add(by, body.name) })),
    route('DELETE /api/domains/:domain', 'admin', async ({ params, by }) => {
      await domains.remove(by, params.domain);
      return DONE;
    }),
  ];
}
