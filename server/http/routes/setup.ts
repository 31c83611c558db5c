import type { Commands } from '../../commands/index.ts';
import { type RouteEntry, route } from '../route.ts';

export function setupRoutes({ setup }: Commands): RouteEntry[] {
  return [
    route('GET /api/setup', 'look', () => setup.get()),
    route('PUT /api/setup', 'admin', ({ body, by }) => setup.choose(by, body.reach)),
    route('PUT /api/setup/:step', 'admin', ({ params, body, by }) => setup.mark(by, params.step, body.done)),
  ];
}
