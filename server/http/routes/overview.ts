import { may } from '../../commands/actor.ts';
import type { Commands } from '../../commands/index.ts';
import { tokenOf } from '../cookie.ts';
import { HttpError } from '../errors.ts';
import type { EventStreams } from '../events.ts';
import { type RouteEntry, rawRoute, route } from '../route.ts';

/** What the server is doing, now and live, and the certificate by which clients know it. */
export function overviewRoutes(commands: Commands, streams: EventStreams): RouteEntry[] {
  return [
    route('GET /api/overview', 'look', async () => commands.overview.figures()),

    rawRoute('GET /api/events', 'people', async ({ by, request, reply }) => {
      const token = tokenOf(request) ?? '';
      await streams.start(
        request,
        reply,
        by,
        may(by, 'look'),
        async () => by.door === 'cli' || commands.admins.valid(token),
      );
    }),

    rawRoute('GET /api/certificate-authority', 'public', async ({ reply }) => {
      const pem = await commands.authority();
      if (pem === undefined)
        throw new HttpError(404, 'no-authority', 'This server has no certificate authority of its own.');
      return reply
        .type('application/x-pem-file')
        .header('content-disposition', 'attachment; filename="hallway-authority.crt"')
        .send(pem);
    }),
  ];
}
