import type { Commands } from '../../commands/index.ts';
import { dangerous, type RouteEntry, route } from '../route.ts';

export function archiveRoutes({ archive: { rules, search } }: Commands): RouteEntry[] {
  return [
    route('GET /api/archive/rules', 'look', ({ query }) => rules.list(query.domain)),
    route('GET /api/archive/applies', 'look', ({ query: { domain, ...who } }) => rules.applies(domain, who)),
    route('POST /api/archive/rules/effect', 'look', ({ body }) => rules.effect(body)),
    route('POST /api/archive/search', 'audit', ({ body, by }) => search.search(by, body)),
    route('POST /api/archive/context', 'audit', ({ body, by }) => search.context(by, body)),
    dangerous(route('PUT /api/archive/rules', 'admin', ({ body, by }) => rules.set(by, body))),
  ];
}
