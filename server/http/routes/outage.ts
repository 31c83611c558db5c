import type { Commands } from '../../commands/index.ts';
import { type RouteEntry, route } from '../route.ts';

export function outageRoutes({ outage }: Commands): RouteEntry[] {
  return [route('GET /api/outage/:domain', 'public', async ({ params }) => outage.status(params.domain))];
}
