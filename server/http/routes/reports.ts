import type { Commands } from '../../commands/index.ts';
import { DONE, type RouteEntry, route } from '../route.ts';

export function reportRoutes({ reports }: Commands): RouteEntry[] {
  return [
    route('GET /api/reports', 'look', ({ query }) => reports.page(query.before, query.limit)),
    route('DELETE /api/reports/:id', 'admin', async ({ params, by }) => {
      await reports.remove(by, Number(params.id));
      return DONE;
    }),
  ];
}
