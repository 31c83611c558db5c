import type { Commands } from '../../commands/index.ts';
import { DONE, type RouteEntry, route } from '../route.ts';

/** Invitations and links to reset a password: made by administrators, used by whoever holds the link. */
export function onboardingRoutes(commands: Commands): RouteEntry[] {
  const { invitations, registration, resetLinks } = commands;
  return [
    route('GET /api/domains/:domain/invitations', 'look', ({ params, query }) =>
      invitations.list(params.domain, query.before),
    ),

    route('POST /api/domains/:domain/invitations', 'admin', ({ params, body, by }) =>
      invitations.create(by, params.domain, body),
    ),

    route('POST /api/domains/:domain/invitations/many', 'admin', ({ params, body, by }) =>
      invitations.createMany(by, params.domain, body),
    ),

    route('POST /api/invitations/:id/link', 'admin', ({ params, by }) => invitations.relink(by, Number(params.id))),

    route('DELETE /api/invitations/:id', 'admin', async ({ params, by }) => {
      await invitations.revoke(by, Number(params.id));
      return DONE;
    }),

    route('POST /api/domains/:domain/accounts/:local/reset-link', 'help', ({ params, by }) =>
      resetLinks.create(by, params.domain, params.local),
    ),

    route('GET /api/domains/:domain/connection', 'people', ({ params }) => commands.connection(params.domain)),

    // The token comes in the body, not in the path: paths are what proxies write down.
    route('POST /api/invite/look', 'public', async ({ body, request }) => {
      const face = await registration.face(body.token, request.ip);
      return { ...face, connection: await commands.connection(face.domain) };
    }),

    route('POST /api/invite/accept', 'public', async ({ body, request }) => {
      const { domain } = await registration.face(body.token, request.ip);
      const ticket = await registration.ticket(domain, body.token, request.ip);
      const { local, password, name = '' } = body;
      const account = await registration.register({
        domain,
        local,
        password,
        name,
        ticket,
        address: request.ip,
        door: 'panel',
      });
      return { jid: `${account.local}@${account.domain}`, connection: await commands.connection(domain) };
    }),

    route('POST /api/reset/look', 'public', ({ body, request }) => resetLinks.face(body.token, request.ip)),

    route('POST /api/reset/use', 'public', ({ body, request }) =>
      resetLinks.use(body.token, body.password, request.ip),
    ),
  ];
}
