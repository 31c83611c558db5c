import type { Commands } from '../../commands/index.ts';
import { type RouteEntry, route } from '../route.ts';

export function deviceRoutes({ devices }: Commands): RouteEntry[] {
  return [
    route('GET /api/domains/:domain/accounts/:local/devices', 'people', ({ params }) =>
      devices.list(params.domain, params.local),
    ),

    route('DELETE /api/domains/:domain/accounts/:local/devices/:device', 'admin', ({ params, by }) =>
      devices.revoke(by, params.domain, params.local, params.device),
    ),

    route('DELETE /api/domains/:domain/accounts/:local/devices', 'admin', ({ params, by }) =>
      devices.revokeAll(by, params.domain, params.local),
    ),
  ];
}
