import type { ResetCode } from '../../commands/admins.ts';
import type { Commands } from '../../commands/index.ts';
import { DONE, dangerous, type RouteEntry, route } from '../route.ts';

/** Who may run the house: what owners decide. */
export function administratorRoutes({ administrators, admins, panel }: Commands): RouteEntry[] {
  const linkOf = ({ name, code, expiresAt }: ResetCode) => {
    const { url, fingerprint } = panel();
    return { name, code, url: new URL('/reset', url).href, fingerprint, expiresAt };
  };
  return [
    route('GET /api/admins', 'owner', async () => ({ administrators: await administrators.list() })),

    dangerous(
      route('POST /api/admins', 'owner', async ({ body, by }) => {
        const { administrator, reset } = await administrators.invite(by, body.name, body.role);
        return { administrator, link: linkOf(reset) };
      }),
    ),

    dangerous(
      route('POST /api/admins/:name/link', 'owner', async ({ params, by }) => ({
        link: linkOf(await admins.resetCode(by, params.name)),
      })),
    ),

    dangerous(
      route('POST /api/admins/:name/role', 'owner', async ({ params, body, by }) => ({
        administrator: await administrators.setRole(by, params.name, body.role),
      })),
    ),

    dangerous(
      route('POST /api/admins/:name/disable', 'owner', async ({ params, by }) => ({
        administrator: await administrators.setDisabled(by, params.name, true),
      })),
    ),

    dangerous(
      route('POST /api/admins/:name/enable', 'owner', async ({ params, by }) => ({
        administrator: await administrators.setDisabled(by, params.name, false),
      })),
    ),

    dangerous(
      route('DELETE /api/admins/:name', 'owner', async ({ params, by }) => {
        await administrators.remove(by, params.name);
        return DONE;
      }),
    ),

    dangerous(
      route('DELETE /api/admins/:name/second-factor', 'owner', async ({ params, by }) => ({
        administrator: await administrators.removeSecondFactor(by, params.name),
      })),
    ),

    route('GET /api/admins/:name/sessions', 'owner', async ({ params }) => ({
      sessions: await administrators.sessions(params.name),
    })),

    route('DELETE /api/admins/:name/sessions', 'owner', async ({ params, by }) => ({
      ended: await administrators.endSessions(by, params.name),
    })),

    route('DELETE /api/admins/:name/sessions/:session', 'owner', async ({ params, by }) => {
      await administrators.endSession(by, params.name, params.session);
      return DONE;
    }),
  ];
}
