import type { Commands } from '../../commands/index.ts';
import { type RouteEntry, route } from '../route.ts';

/** For `hallwayctl` alone: whoever may use its socket owns the machine. */
export function provisionRoutes({ provision }: Commands): RouteEntry[] {
  return [
    route('POST /api/provision', 'local', ({ body, by }) => provision.apply(by, body)),
    route('POST /api/provision/hash', 'local', async ({ body }) => ({ hash: await provision.hash(body.password) })),
  ];
}
