import type { Commands } from '../../commands/index.ts';
import { DONE, dangerous, type RouteEntry, route } from '../route.ts';

export function fileRoutes({ files, transfers }: Commands): RouteEntry[] {
  return [
    route('GET /api/files', 'look', () => files.overview()),

    route('GET /api/files/list', 'look', ({ query }) => files.list(query)),

    route('GET /api/files/people', 'look', ({ query }) => files.people(query)),

    route('GET /api/files/rooms', 'look', ({ query }) => files.rooms(query)),

    route('POST /api/files/find', 'look', async ({ body }) => ({ file: await files.find(body.link) })),

    route('GET /api/files/count', 'look', ({ query }) => files.count(query)),

    dangerous(route('POST /api/files/remove', 'admin', ({ body, by }) => files.remove(by, body.ids))),

    dangerous(
      route('DELETE /api/files', 'admin', ({ query: { confirm, ...lot }, by }) => files.removeAll(by, lot, confirm)),
    ),

    dangerous(
      route('DELETE /api/files/:id', 'admin', async ({ params, by }) => {
        await files.remove(by, [Number(params.id)]);
        return DONE;
      }),
    ),

    route('GET /api/transfers', 'look', async () => transfers.list()),

    route('DELETE /api/transfers/:transfer', 'admin', async ({ params, by }) => {
      await transfers.end(by, params.transfer);
      return DONE;
    }),
  ];
}
