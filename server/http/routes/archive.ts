import type { Commands } from '../../commands/index.ts';
import { dangerous, type RouteEntry, route } from '../route.ts';

export function archiveRoutes({ archive: { rules } }: Commands): RouteEntry[] {
  return [
    route('GET /api/archive/rules', 'look', ({ query }) => rules.list(query.domain)),
    route('GET /api/archive/applies', 'look', ({ query: { domain, ...who } }) => rules.applies(domain, who)),
    route('POST /api/archive/rules/effect', 'look', ({ body }) => rules.effect(body)),
    dangerous(route('PUT /api/archive/rules', 'admin', ({ body, by }) => rules.set(by, body))),
  ];
}
