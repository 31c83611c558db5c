import { open } from 'node:fs/promises';
import type { Commands } from '../../commands/index.ts';
import { sendFile } from '../../util/send-file.ts';
import { DONE, dangerous, type RouteEntry, rawRoute, route } from '../route.ts';

export function archiveRoutes({ archive: { rules, search, exports } }: Commands): RouteEntry[] {
  return [
    route('GET /api/archive/rules', 'look', ({ query }) => rules.list(query.domain)),
    route('GET /api/archive/applies', 'look', ({ query: { domain, ...who } }) => rules.applies(domain, who)),
    route('POST /api/archive/rules/effect', 'look', ({ body }) => rules.effect(body)),
    route('GET /api/archive/exports', 'audit', ({ query }) => exports.list(query.domain)),
    dangerous(route('POST /api/archive/exports', 'audit', ({ body, by }) => exports.start(by, body))),
    route('DELETE /api/archive/exports/:id', 'audit', async ({ params, by }) => {
      await exports.remove(by, Number(params.id));
      return DONE;
    }),
    rawRoute('GET /api/archive/exports/:id/file', 'audit', async ({ params, by, reply }) => {
      const { path, name } = await exports.fetch(by, Number(params.id));
      await using file = await open(path, 'r');
      const { size } = await file.stat();
      reply.hijack();
      const { raw } = reply;
      for (const [header, value] of Object.entries(reply.getHeaders()))
        if (value !== undefined) raw.setHeader(header, value);
      raw.writeHead(200, {
        'content-type': 'application/x-tar',
        'content-length': size,
        'content-disposition': `attachment; filename="${name}"`,
      });
      await sendFile(file, 0, size - 1, raw);
    }),
    route('POST /api/archive/search', 'audit', ({ body, by }) => search.search(by, body)),
    route('POST /api/archive/context', 'audit', ({ body, by }) => search.context(by, body)),
    dangerous(route('PUT /api/archive/rules', 'admin', ({ body, by }) => rules.set(by, body))),
  ];
}
