import type { Commands } from '../../commands/index.ts';
import { dangerous, type RouteEntry, route } from '../route.ts';

export function domainRoutes({ domains, contacts }: Commands): RouteEntry[] {
  return [
    route('GET /api/domains', 'people', async () => ({ domains: await domains.list() })),
    dangerous(
      route('POST /api/domains', 'admin', async ({ body, by }) => ({ domain: await domains.add(by, body.name) })),
    ),
    dangerous(
      route('DELETE /api/domains/:domain', 'admin', async ({ params, query, by }) => ({
        done: await domains.remove(by, params.domain, query.confirm),
      })),
    ),
    route('GET /api/domains/:domain/losses', 'look', async ({ params }) => domains.losses(params.domain)),
    route('GET /api/domains/:domain/contacts', 'look', async ({ params }) => ({
      contacts: contacts.get(params.domain),
    })),
    route('PUT /api/domains/:domain/contacts', 'admin', async ({ params, body, by }) => ({
      contacts: await contacts.set(by, params.domain, body),
    })),
  ];
}
