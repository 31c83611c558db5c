import type { FastifyRequest } from 'fastify';
import { tokenHash } from '../../commands/admins.ts';
import type { Commands } from '../../commands/index.ts';
import { siteOf } from '../../commands/passkeys.ts';
import { tokenOf } from '../cookie.ts';
import type { AttemptLimits } from '../limits.ts';
import { DONE, dangerous, type RouteEntry, route } from '../route.ts';

/** What is one's own: how one signs in, where one is signed in, and showing again who one is. */
export function ownAccountRoutes({ administrators, signIn }: Commands, limits: AttemptLimits): RouteEntry[] {
  const site = (request: FastifyRequest) => siteOf(request.headers.host);
  const token = (request: FastifyRequest) => tokenOf(request) ?? '';
  const { factor } = signIn;
  return [
    route('GET /api/account', 'self', async ({ by, request }) => {
      const view = await signIn.own(by);
      const sessions = await administrators.sessions(by.name, tokenHash(token(request)));
      return { ...view, host: site(request)?.host ?? null, sessions };
    }),

    dangerous(
      route('POST /api/account/totp', 'self', async ({ by, request }) =>
        factor.begin(by, await administrators.find(by.name), request.hostname),
      ),
    ),

    route('POST /api/account/totp/confirm', 'self', async ({ body, by }) =>
      factor.confirm(by, await administrators.find(by.name), body.code),
    ),

    dangerous(
      route('DELETE /api/account/totp', 'self', async ({ by }) => {
        await factor.remove(by, await administrators.find(by.name));
        return DONE;
      }),
    ),

    dangerous(
      route('POST /api/account/recovery-codes', 'self', async ({ by }) => ({
        recoveryCodes: await factor.recoveryCodes(by, await administrators.find(by.name)),
      })),
    ),

    dangerous(
      route('POST /api/account/passkeys/question', 'self', ({ by, request }) =>
        signIn.newPasskey(by, token(request), site(request)),
      ),
    ),

    route('POST /api/account/passkeys', 'self', ({ body: { name, ...made }, by, request }) =>
      signIn.addPasskey(by, token(request), site(request), made, name),
    ),

    route('PUT /api/account/passkeys/:id', 'self', async ({ params, body, by }) => {
      await signIn.namePasskey(by, Number(params.id), body.name);
      return DONE;
    }),

    dangerous(
      route('DELETE /api/account/passkeys/:id', 'self', async ({ params, by }) => {
        await signIn.removePasskey(by, Number(params.id));
        return DONE;
      }),
    ),

    route('DELETE /api/account/sessions/:session', 'self', async ({ params, by }) => {
      await administrators.endSession(by, by.name, params.session);
      return DONE;
    }),

    route('DELETE /api/account/sessions', 'self', async ({ by, request }) => ({
      ended: await administrators.endSessions(by, by.name, tokenHash(token(request))),
    })),

    route('POST /api/account/proofs', 'self', ({ by, request }) => signIn.proofs(by, token(request), site(request))),

    route('POST /api/account/prove', 'self', async ({ body, by, request }) => {
      await limits.of(request, `admin ${by.name}`, () => signIn.prove(by, token(request), body, site(request)));
      return DONE;
    }),
  ];
}
