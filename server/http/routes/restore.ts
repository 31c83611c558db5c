import type { Commands } from '../../commands/index.ts';
import { takeLargeFile } from '../large-file.ts';
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
        await takeLargeFile(request, (body, length, signal) => restore.receive(params.token, body, length, signal));
        return DONE;
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
