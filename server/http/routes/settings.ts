import type { Commands } from '../../commands/index.ts';
import { type RouteEntry, route } from '../route.ts';

export function settingRoutes({ options }: Commands): RouteEntry[] {
  return [
    route('GET /api/settings', 'look', async ({ query }) => {
      const { domain, options: settings } = options.list(query.domain);
      return { domain, settings };
    }),
    route('PUT /api/settings/:key', 'admin', async ({ params, body, by }) => {
      return { setting: await options.set(by, params.key, body.value, body.domain) };
    }),
    route('DELETE /api/settings/:key', 'admin', async ({ params, query, by }) => {
      return { setting: await options.set(by, params.key, undefined, query.domain) };
    }),
    route('GET /api/setting-changes', 'look', ({ query }) => options.history(query)),
    route('POST /api/setting-changes/:id/undo', 'admin', async ({ params, by }) => {
      return { setting: await options.undo(by, Number(params.id)) };
    }),
  ];
}
