import type { Commands } from '../../commands/index.ts';
import { DONE, type RouteEntry, route } from '../route.ts';

export function announcementRoutes({ announcements }: Commands): RouteEntry[] {
  return [
    route('GET /api/announcements', 'look', async ({ query }) => ({
      announcements: await announcements.list(query.domain),
    })),
    route('GET /api/announcements/reach', 'look', ({ query }) => announcements.reach(query)),
    route('POST /api/announcements', 'admin', ({ body, by }) => announcements.announce(by, body)),
    route('GET /api/motd', 'look', async ({ query }) => ({ motds: await announcements.motd(query.domain) })),
    route('PUT /api/motd', 'admin', async ({ body, by }) => ({ motds: await announcements.setMotd(by, body) })),
    route('DELETE /api/motd', 'admin', async ({ query, by }) => {
      await announcements.clearMotd(by, query.domain);
      return DONE;
    }),
  ];
}
