import type { Commands } from '../../commands/index.ts';
import { DONE, dangerous, type RouteEntry, route } from '../route.ts';

export function accountRoutes({ accounts, leaving, people, quotas, sessions }: Commands): RouteEntry[] {
  return [
    route('GET /api/domains/:domain/accounts', 'people', ({ params, query }) => accounts.list(params.domain, query)),

    route('POST /api/domains/:domain/accounts', 'admin', ({ params, body, by }) =>
      accounts.create(by, params.domain, body),
    ),

    route('GET /api/domains/:domain/accounts/:local', 'people', async ({ params }) => {
      const { counts, ...found } = await accounts.get(params.domain, params.local);
      const { bytes, own } = await people.fileLimit(found.account.jid);
      return { ...found, graceDays: people.graceDays, counts: { ...counts, fileLimit: bytes, fileLimitOwn: own } };
    }),

    route('POST /api/domains/:domain/accounts/:local/password', 'help', ({ params, body, by }) =>
      accounts.setPassword(by, params.domain, params.local, body),
    ),

    route('POST /api/domains/:domain/accounts/:local/name', 'admin', ({ params, body, by }) =>
      accounts.setName(by, params.domain, params.local, body.name),
    ),

    route('POST /api/domains/:domain/accounts/:local/disable', 'help', ({ params, body, by }) =>
      accounts.disable(by, params.domain, params.local, body.reason),
    ),

    route('POST /api/domains/:domain/accounts/:local/enable', 'help', ({ params, by }) =>
      accounts.enable(by, params.domain, params.local),
    ),

    dangerous(
      route('POST /api/domains/:domain/accounts/:local/chat-admin', 'admin', ({ params, body, by }) =>
        accounts.setChatAdmin(by, params.domain, params.local, body.chatAdmin),
      ),
    ),

    dangerous(
      route('DELETE /api/domains/:domain/accounts/:local', 'admin', async ({ params, query, by }) => {
        const atOnce = query.now === 'yes';
        return { ...DONE, removeAt: await leaving.remove(by, params.domain, params.local, query.confirm, atOnce) };
      }),
    ),

    route('POST /api/domains/:domain/accounts/:local/restore', 'admin', ({ params, by }) =>
      accounts.restore(by, params.domain, params.local),
    ),

    route('POST /api/domains/:domain/accounts/:local/quota', 'admin', async ({ params, body, by }) => {
      await quotas.setFiles(by, params.domain, params.local, body.fileBytes);
      return DONE;
    }),

    route('DELETE /api/domains/:domain/accounts/:local/sessions/:resource', 'admin', async ({ params, by }) => {
      await sessions.end(by, params.domain, params.local, params.resource);
      return DONE;
    }),
  ];
}
