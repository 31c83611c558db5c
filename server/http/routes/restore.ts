import type { Commands } from '../../commands/index.ts';
import { PACE, paced } from '../../util/pace.ts';
import { HttpError } from '../errors.ts';
import type { AttemptLimits } from '../limits.ts';
import { DONE, type RouteEntry, route, streamed } from '../route.ts';

/** Restoring a backup in the place of a house that nobody has claimed, for whoever has the claim code. */
export function restoreRoutes({ restore }: Commands, limits: AttemptLimits): RouteEntry[] {
  return [
    route('POST /api/restore', 'public', async ({ body, request }) => ({
      token: await limits.of(request, 'claim', () => restore.begin(body.code)),
    })),

    route('GET /api/restore/:token', 'public', async ({ params }) => restore.state(params.token)),

    streamed(
      route('PUT /api/restore/:token/file', 'public', async ({ params, request }) => {
        const { raw } = request;
        const { signal, done } = paced(raw, PACE, new Error('too slow'));
        // Who sends slowly is seen to by `paced`; a slow disk is no reason to hang up.
        raw.socket.setTimeout(0);
        try {
          const length = Number(request.headers['content-length'] ?? Number.NaN);
          if (!Number.isSafeInteger(length)) throw new HttpError(411, 'no-length', 'Say how long the file is.', 'file');
          await restore.receive(params.token, raw, length, signal);
          return DONE;
        } finally {
          done();
        }
      }),
    ),

    route('POST /api/restore/:token/look', 'public', async ({ params, body }) => {
      restore.look(params.token, body.key);
      return DONE;
    }),

    route('POST /api/restore/:token/go', 'public', async ({ params, body }) => {
      restore.go(params.token, body.hostname);
      return DONE;
    }),
  ];
}
