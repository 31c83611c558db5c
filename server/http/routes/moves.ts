import type { Commands } from '../../commands/index.ts';
import { takeLargeFile } from '../large-file.ts';
import { DONE, type RouteEntry, route, streamed } from '../route.ts';

/** People of another server, with all that it kept of them. */
export function moveRoutes({ moves }: Commands): RouteEntry[] {
  return [
    route('POST /api/people/moves', 'admin', ({ body }) => moves.begin(body.name)),

    streamed(
      route('PUT /api/people/moves/:id/file', 'admin', async ({ params, query, request }) => {
        await takeLargeFile(request, (body, length, signal) =>
          moves.receive(params.id, query.name, body, length, signal),
        );
        return DONE;
      }),
    ),

    route('POST /api/people/moves/:id/check', 'admin', async ({ params, body }) => {
      moves.check(params.id, body.domains);
      return DONE;
    }),

    route('GET /api/people/moves/:id', 'admin', async ({ params }) => moves.state(params.id)),

    route('GET /api/people/moves/:id/people', 'admin', async ({ params, query }) =>
      moves.people(params.id, query.offset ?? 0),
    ),

    route('POST /api/people/moves/:id/start', 'admin', ({ params, body, by }) =>
      moves.start(by, params.id, body.digest),
    ),

    route('DELETE /api/people/moves/:id', 'admin', async ({ params }) => {
      await moves.stop(params.id);
      return DONE;
    }),

    route('GET /api/people/imports/:id/moved', 'look', ({ params, query }) =>
      moves.moved(Number(params.id), query.after ?? 0),
    ),
  ];
}
