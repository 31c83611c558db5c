import type { FastifyRequest } from 'fastify';
import type { Whence } from '../../commands/admins.ts';
import { CommandError } from '../../commands/command-error.ts';
import type { Commands } from '../../commands/index.ts';
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

  /** One try at a secret, slowed by address and by name; a wrong one is logged without what was typed. */
  const attempt = async <T>(request: FastifyRequest, name: string, run: () => Promise<T>): Promise<T> => {
    try {
      return await limits.attempt(request.ip, name, run);
    } catch (error) {
      if (error instanceof CommandError && error.code.startsWith('wrong-')) {
        request.log.warn({ address: request.ip, route: request.routeOptions.url }, 'a sign-in failed');
      }
      throw error;
    }
  };

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
        const { name } = await attempt(request, 'claim', () => claim.claim(body));
        const { token, admin } = await admins.welcome(name, whence(request));
        giveToken(reply, token);
        return { admin };
      },
      () => !claim.claimed,
    ),

    route('POST /api/sign-in', 'public', async ({ body, request, reply }) => {
      const name = `admin ${body.name.toLowerCase()}`;
      const site = siteOf(request.headers.host);
      const found = await attempt(request, name, () => signIn.signIn(body.name, body.password, whence(request), site));
      if ('ticket' in found) return { second: found };
      giveToken(reply, found.token);
      return { admin: found.admin };
    }),

    route('POST /api/sign-in/second', 'public', async ({ body: { ticket, ...proof }, request, reply }) => {
      const site = siteOf(request.headers.host);
      const { token } = await attempt(request, `second ${request.ip}`, () =>
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
      const { token } = await attempt(request, `passkey ${request.ip}`, () =>
        signIn.signInByPasskey(body, whence(request), site),
      );
      giveToken(reply, token);
      return DONE;
    }),

    route('POST /api/admin/reset/look', 'public', ({ body, request }) =>
      attempt(request, 'reset', () => admins.faceOfReset(body.code)),
    ),

    route('POST /api/sign-out', 'self', async ({ by, request, reply }) => {
      const token = tokenOf(request);
      if (token !== undefined) await admins.signOut(by, token);
      takeToken(reply);
      return DONE;
    }),

    route('POST /api/admin/password', 'self', async ({ body, by, request }) => {
      const name = `admin ${by.name}`;
      await attempt(request, name, () => admins.changePassword(by, tokenOf(request) ?? '', body.old, body.new));
      return DONE;
    }),

    route('POST /api/admin/reset', 'public', async ({ body, request, reply }) => {
      const { token, admin } = await attempt(request, 'reset', () =>
        admins.reset(body.code, body.password, whence(request)),
      );
      giveToken(reply, token);
      return { admin };
    }),
  ];
}
