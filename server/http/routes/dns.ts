import type { Commands } from '../../commands/index.ts';
import { type RouteEntry, route } from '../route.ts';

export function dnsRoutes({ dns }: Commands): RouteEntry[] {
  return [
    route('GET /api/domains/:domain/dns', 'look', ({ params, query }) => dns.examine(params.domain, query.reach)),
  ];
}
