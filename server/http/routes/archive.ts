import type { Commands } from '../../commands/index.ts';
import { download } from '../download.ts';
import { HttpError } from '../errors.ts';
import { DONE, dangerous, type RouteEntry, rawRoute, route } from '../route.ts';

/**
 * How long messages are kept, and what auditors do with them. Whoever carries messages out proves first who they are, both to have
 * them put together and to have the file: it is out of the house then. Reading does not ask for that: each look is written down.
 */
export function archiveRoutes({ archive: { rules, search, exports } }: Commands): RouteEntry[] {
  return [
    route('GET /api/archive/rules', 'look', ({ query }) => rules.list(query.domain)),
    route('GET /api/archive/applies', 'people', ({ query: { domain, ...who } }) => rules.applies(domain, who)),
    route('POST /api/archive/rules/effect', 'look', ({ body }) => rules.effect(body)),
    dangerous(route('PUT /api/archive/rules', 'admin', ({ body, by }) => rules.set(by, body))),

    route('POST /api/archive/search', 'audit', ({ body, by }) => search.search(by, body)),
    route('POST /api/archive/context', 'audit', ({ body, by }) => search.context(by, body)),

    route('GET /api/archive/exports', 'audit', ({ query }) => exports.list(query.domain)),
    dangerous(route('POST /api/archive/exports', 'audit', ({ body, by }) => exports.start(by, body))),
    dangerous(
      route('DELETE /api/archive/exports/:id', 'audit', async ({ params, by }) => {
        await exports.remove(by, Number(params.id));
        return DONE;
      }),
    ),
    dangerous(
      route('POST /api/archive/exports/:id/link', 'audit', async ({ params, by }) => ({
        token: await exports.link(by, Number(params.id)),
      })),
    ),
    rawRoute('GET /api/archive/export-files/:token', 'audit', async ({ params, reply }) => {
      const { path, name } = exports.follow(params.token);
      const gone = new HttpError(404, 'export-not-found', 'This export is gone.');
      await download(reply, { path, name, type: 'application/x-tar', gone });
    }),
  ];
}
