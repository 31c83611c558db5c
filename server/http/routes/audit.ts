import { Readable } from 'node:stream';
import type { Commands } from '../../commands/index.ts';
import { type RouteEntry, rawRoute, route } from '../route.ts';

export function auditRoutes({ audit }: Commands): RouteEntry[] {
  return [
    route('GET /api/audit', 'look', ({ query }) => audit.find(query)),
    route('GET /api/audit/names', 'look', () => audit.names()),
    route('GET /api/audit/seal', 'look', () => audit.seal()),
    route('POST /api/audit/verify', 'look', ({ body }) => audit.verify(body.seal)),

    rawRoute('GET /api/audit/export', 'look', async ({ query, by, reply }) => {
      const day = new Date().toISOString().slice(0, 10);
      reply.type('text/csv; charset=utf-8');
      reply.header('content-disposition', `attachment; filename="activity-${day}.csv"`);
      return reply.send(Readable.from(audit.csv(by, query)));
    }),
  ];
}
