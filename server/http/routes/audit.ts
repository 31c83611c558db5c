import type { Commands } from '../../commands/index.ts';
import { type RouteEntry, route } from '../route.ts';

export function auditRoutes({ audit }: Commands): RouteEntry[] {
  return [route('GET /api/audit', 'admin', ({ query }) => audit.page(query.before, query.limit))];
}
