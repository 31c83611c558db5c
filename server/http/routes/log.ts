import type { Commands } from '../../commands/index.ts';
import { tokenOf } from '../cookie.ts';
import type { EventStreams } from '../events.ts';
import { type RouteEntry, rawRoute, route } from '../route.ts';

/** The newest entries of the log, now and live. */
export function logRoutes({ log, admins }: Commands, streams: EventStreams): RouteEntry[] {
  return [
    route('GET /api/log', 'look', async ({ query: { limit, ...wish } }) => {
      const { entries, level } = log.read(wish, limit);
      return { entries, logged: level };
    }),

    rawRoute('GET /api/log/events', 'look', async ({ query, by, request, reply }) => {
      const token = tokenOf(request) ?? '';
      const allowed = async () => by.door === 'cli' || admins.valid(token);
      streams.log(reply, by, allowed, (send) => log.follow(query, (burst) => send('log', burst)));
    }),

    rawRoute('GET /api/log/text', 'look', async ({ query, reply }) => {
      const moment = new Date().toISOString().slice(0, 19).replaceAll(':', '-');
      reply.header('content-disposition', `attachment; filename="hallway-${moment}.log"`);
      return reply.type('text/plain; charset=utf-8').send(log.text(query));
    }),
  ];
}
