import type { Commands } from '../../commands/index.ts';
import { type RouteEntry, route } from '../route.ts';

/** For `hallwayctl` alone. */
export function localRoutes(commands: Commands): RouteEntry[] {
  const { admins, claim, sessions } = commands;
  return [
    route('GET /api/sessions', 'local', async ({ query }) => sessions.list(query.jid)),

    route('POST /api/claim-code', 'local', async ({ by }) => {
      const { code, expiresAt } = await claim.freshCode(by);
      const { url, fingerprint } = commands.panel();
      return { code, url, fingerprint, expiresAt };
    }),

    route('POST /api/admin/reset-code', 'local', async ({ body, by }) => {
      const { name, code, expiresAt } = await admins.resetCode(by, body.name);
      const { url, fingerprint } = commands.panel();
      return { name, code, url: new URL('/reset', url).href, fingerprint, expiresAt };
    }),
  ];
}
