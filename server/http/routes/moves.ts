import type { Commands } from '../../commands/index.ts';
import { PACE, paced } from '../../util/pace.ts';
import { HttpError } from '../errors.ts';
import { DONE, type RouteEntry, route, streamed } from '../route.ts';

/** People of another server, with all that it kept of them. */
export function moveRoutes({ moves }: Commands): RouteEntry[] {
  return [
    route('POST /api/people/moves', 'admin', ({ body }) => moves.begin(body.name)),

    streamed(
      route('PUT /api/people/moves/:id/file', 'admin', async ({ params, query, request }) => {
        const { raw } = request;
        const { signal, done } = paced(raw, PACE, new Error('too slow'));
        // Who sends slowly is seen to by `paced`; a slow disk is no reason to hang up.
        raw.socket.setTimeout(0);
        try {
          const length = Number(request.headers['content-length'] ?? Number.NaN);
          if (!Number.isSafeInteger(length)) throw new HttpError(411, 'no-length', 'Say how long the file is.', 'file');
          await moves.receive(params.id, query.name, raw, length, signal);
          return DONE;
        } finally {
          done();
        }
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
