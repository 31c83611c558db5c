import type { Commands } from '../../commands/index.ts';
import { DONE, type RouteEntry, route } from '../route.ts';

export function accountRoutes({ accounts, sessions }: Commands): RouteEntry[] {
  return [
    route('GET /api/domains/:domain/accounts', 'admin', ({ params, query }) => accounts.list(params.domain, query)),

    route('POST /api/domains/:domain/accounts', 'admin', ({ params, body, by }) =>
      accounts.create(by, params.domain, body),
    ),

    route('GET /api/domains/:domain/accounts/:local', 'admin', ({ params }) =>
      accounts.get(params.domain, params.local),
    ),

    route('POST /api/domains/:domain/accounts/:local/password', 'admin', ({ params, body, by }) =>
      accounts.setPassword(by, params.domain, params.local, body),
    ),

    route('POST /api/domains/:domain/accounts/:local/name', 'admin', ({ params, body, by }) =>
      accounts.setName(by, params.domain, params.local, body.name),
    ),

    route('POST /api/domains/:domain/accounts/:local/disable', 'admin', ({ params, body, by }) =>
      accounts.disable(by, params.domain, params.local, body.reason),
    ),

    route('POST /api/domains/:domain/accounts/:local/enable', 'admin', ({ params, by }) =>
      accounts.enable(by, params.domain, params.local),
    ),

    route('POST /api/domains/:domain/accounts/:local/chat-admin', 'admin', ({ params, body, by }) =>
      accounts.setChatAdmin(by, params.domain, params.local, body.chatAdmin),
    ),

    route('DELETE /api/domains/:domain/accounts/:local', 'admin', async ({ params, query, by }) => {
      await accounts.remove(by, params.domain, params.local, query.confirm);
      return DONE;
    }),

    route('DELETE /api/domains/:domain/accounts/:local/sessions/:resource', 'admin', async ({ params, by }) => {
      await sessions.end(by, params.domain, params.local, params.resource);
      return DONE;
    }),
  ];
}
