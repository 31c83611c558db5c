import type { Commands } from '../../commands/index.ts';
import { DONE, dangerous, type RouteEntry, route } from '../route.ts';

export function roomRoutes({ rooms }: Commands): RouteEntry[] {
  return [
    route('GET /api/domains/:domain/rooms', 'look', ({ params, query }) => rooms.list(params.domain, query)),

    route('POST /api/domains/:domain/rooms', 'admin', ({ params, body, by }) => rooms.create(by, params.domain, body)),

    route('GET /api/domains/:domain/rooms/:room', 'look', ({ params }) => rooms.get(params.domain, params.room)),

    route('POST /api/domains/:domain/rooms/:room/config', 'admin', ({ params, body, by }) =>
      rooms.configure(by, params.domain, params.room, body),
    ),

    route('GET /api/domains/:domain/rooms/:room/members', 'look', ({ params, query }) =>
      rooms.members(params.domain, params.room, query),
    ),

    route('PUT /api/domains/:domain/rooms/:room/members/:who', 'admin', async ({ params, body, by }) => {
      await rooms.affiliate(by, params.domain, params.room, params.who, body);
      return DONE;
    }),

    route('POST /api/domains/:domain/rooms/:room/kick', 'admin', async ({ params, body, by }) => {
      await rooms.kick(by, params.domain, params.room, body.nick, body.reason);
      return DONE;
    }),

    route('POST /api/domains/:domain/rooms/:room/archive', 'audit', ({ params, body, by }) =>
      rooms.archive(by, params.domain, params.room, body),
    ),

    route('POST /api/domains/:domain/rooms/:room/moderate', 'admin', async ({ params, body, by }) => ({
      ids: await rooms.moderate(by, params.domain, params.room, body.id, body.reason),
    })),

    dangerous(
      route('DELETE /api/domains/:domain/rooms/:room', 'admin', async ({ params, query, by }) => {
        await rooms.destroy(by, params.domain, params.room, query);
        return DONE;
      }),
    ),

    route('GET /api/domains/:domain/retired-rooms', 'look', ({ params, query }) =>
      rooms.retired(params.domain, query.after),
    ),

    route('DELETE /api/domains/:domain/retired-rooms/:room', 'admin', async ({ params, by }) => {
      await rooms.free(by, params.domain, params.room);
      return DONE;
    }),
  ];
}
