import type { Commands } from '../../commands/index.ts';
import { DONE, dangerous, type RouteEntry, route } from '../route.ts';

export function componentRoutes({ components }: Commands): RouteEntry[] {
  return [
    route('GET /api/components', 'look', async () => ({
      components: await components.list(),
      addresses: components.addresses,
    })),
    dangerous(
      route('POST /api/components', 'admin', async ({ body, by }) => ({
        ...(await components.add(by, body.name)),
        addresses: components.addresses,
      })),
    ),
    route('DELETE /api/components/:name', 'admin', async ({ params, by }) => {
      await components.remove(by, params.name);
      return DONE;
    }),
  ];
}
