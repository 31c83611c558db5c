import { authorityFacts } from '../../commands/federation-authority.ts';
import type { Commands } from '../../commands/index.ts';
import { dangerous, type RouteEntry, route } from '../route.ts';

export function federationRoutes({ federation: { policy, domains, inbox } }: Commands): RouteEntry[] {
  return [
    route('GET /api/federation/policy', 'look', async () => policy.get()),
    dangerous(
      route('PUT /api/federation/policy', 'admin', async ({ body: { version, ...wish }, by }) =>
        policy.set(by, wish, version),
      ),
    ),
    route('PUT /api/federation/rules/:pattern', 'admin', async ({ params, body, by }) =>
      policy.put(by, params.pattern, body),
    ),
    route('DELETE /api/federation/rules/:pattern', 'admin', async ({ params, by }) =>
      policy.remove(by, params.pattern),
    ),
    route('POST /api/federation/authority', 'admin', async ({ body }) => ({
      certificates: authorityFacts(body.authority).map((one) => ({
        ...one,
        dns: [...one.dns],
        srv: [...one.srv],
        xmpp: [...one.xmpp],
        usage: [...one.usage],
      })),
    })),
    route('GET /api/federation/people', 'look', async ({ query }) => policy.people(query)),
    route('POST /api/federation/people', 'admin', async ({ body, by }) => policy.choose(by, body)),
    route('POST /api/federation/departments', 'admin', async ({ body, by }) => policy.chooseDepartments(by, body)),
    route('GET /api/federation/domains', 'look', async ({ query: { strangers, ...wish } }) =>
      domains.list({ ...wish, strangers: strangers === 'yes' }),
    ),
    route('GET /api/federation/domains/:domain', 'look', async ({ params, query }) =>
      domains.why(params.domain, query.limit),
    ),
    route('POST /api/federation/domains/:domain/try', 'admin', async ({ params, body, by }) =>
      domains.tryNow(by, params.domain, body.from),
    ),
    route('POST /api/federation/domains/:domain/close', 'admin', async ({ params, by }) =>
      domains.closeNow(by, params.domain),
    ),
    route('GET /api/federation/inbox', 'look', async () => inbox.list()),
    route('GET /api/federation/inbox/:domain', 'look', async ({ params }) => inbox.of(params.domain)),
  ];
}
