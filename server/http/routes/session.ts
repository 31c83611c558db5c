import type { FastifyRequest } from 'fastify';
import type { Whence } from '../../commands/admins.ts';
import { CommandError } from '../../commands/command-error.ts';
import type { Commands } from '../../commands/index.ts';
import { giveToken, takeToken, tokenOf } from '../cookie.ts';
import type { AttemptLimits } from '../limits.ts';
import { DONE, type RouteEntry, route } from '../route.ts';

function whence(request: FastifyRequest): Whence {
  return { address: request.ip, agent: request.headers['user-agent'] ?? '' };
}

/** Claiming the house, signing in and out. */
export function sessionRoutes(commands: Commands, limits: AttemptLimits): RouteEntry[] {
  const { admins, claim, domains } = commands;

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
      const admin = by.door === 'panel' && token !== undefined ? await admins.session(token) : undefined;
      return {
        claimed: claim.claimed,
        ...(admin !== undefined && { admin }),
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
      const { token, admin } = await attempt(request, name, () =>
        admins.signIn(body.name, body.password, whence(request)),
      );
      giveToken(reply, token);
      return { admin };
    }),

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
