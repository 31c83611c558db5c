import type { FastifyRequest } from 'fastify';
import type { Whence } from '../../commands/admins.ts';
import type { Commands } from '../../commands/index.ts';
import { adminName } from '../../commands/names.ts';
import { siteOf } from '../../commands/passkeys.ts';
import { giveToken, takeToken, tokenOf } from '../cookie.ts';
import type { AttemptLimits } from '../limits.ts';
import { DONE, type RouteEntry, route } from '../route.ts';

function whence(request: FastifyRequest): Whence {
  return { address: request.ip, agent: request.headers['user-agent'] ?? '' };
}

/** Claiming the house, signing in and out. */
export function sessionRoutes(commands: Commands, limits: AttemptLimits): RouteEntry[] {
  const { admins, claim, domains, signIn } = commands;

  return [
    route('GET /api/session', 'public', async ({ request, by }) => {
      const token = tokenOf(request);
      const open = by.door === 'panel' && token !== undefined ? await admins.session(token) : undefined;
      return {
        claimed: claim.claimed,
        ...(open !== undefined && { admin: open.admin }),
        domain: (await domains.first()) ?? '',
        version: commands.version,
      };
    }),

    route(
      'POST /api/claim',
      'public',
      async ({ body, request, reply }) => {
        const { name } = await limits.of(request, 'claim', () => claim.claim(body));
        const { token, admin } = await admins.welcome(name, whence(request));
        giveToken(reply, token);
        return { admin };
      },
      () => !claim.claimed,
    ),

    route('POST /api/sign-in', 'public', async ({ body, request, reply }) => {
      const name = `admin ${adminName(body.name)}`;
      const site = siteOf(request.headers.host);
      const found = await limits.of(request, name, () =>
        signIn.signIn(body.name, body.password, whence(request), site),
      );
      if ('ticket' in found) return { second: found };
      giveToken(reply, found.token);
      return { admin: found.admin };
    }),

    route('POST /api/sign-in/second', 'public', async ({ body: { ticket, ...proof }, request, reply }) => {
      const site = siteOf(request.headers.host);
      const { token } = await limits.of(request, `second ${request.ip}`, () =>
        signIn.second(ticket, proof, whence(request), site),
      );
      giveToken(reply, token);
      return DONE;
    }),

    route('POST /api/sign-in/passkey/question', 'public', ({ request }) =>
      signIn.passkeyQuestion(siteOf(request.headers.host)),
    ),

    route('POST /api/sign-in/passkey', 'public', async ({ body, request, reply }) => {
      const site = siteOf(request.headers.host);
      const { token } = await limits.of(request, `passkey ${request.ip}`, () =>
        signIn.signInByPasskey(body, whence(request), site),
      );
      giveToken(reply, token);
      return DONE;
    }),

    route('POST /api/admin/reset/look', 'public', ({ body, request }) =>
      limits.of(request, 'reset', () => admins.faceOfReset(body.code)),
    ),

    route('POST /api/sign-out', 'self', async ({ by, request, reply }) => {
      const token = tokenOf(request);
      if (token !== undefined) await admins.signOut(by, token);
      takeToken(reply);
      return DONE;
    }),

    route('POST /api/admin/password', 'self', async ({ body, by, request }) => {
      const name = `admin ${by.name}`;
      await signIn.mustProveBySecond(by); // before the limits: it is no guess
      await limits.of(request, name, () => admins.changePassword(by, tokenOf(request) ?? '', body.old, body.new));
      return DONE;
    }),

    route('POST /api/admin/reset', 'public', async ({ body, request, reply }) => {
      const { token, admin } = await limits.of(request, 'reset', () =>
        admins.reset(body.code, body.password, whence(request)),
      );
      giveToken(reply, token);
      return { admin };
    }),
  ];
}
