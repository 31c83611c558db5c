import type { Commands } from '../../commands/index.ts';
import { DONE, dangerous, type RouteEntry, route } from '../route.ts';
import { trustUrl } from '../trust.ts';

export function certificateRoutes(commands: Commands): RouteEntry[] {
  const { certificates, acme } = commands;
  return [
    route('GET /api/certificates', 'look', async () => {
      const [list, machine, authority, settings] = await Promise.all([
        certificates.list(),
        certificates.machine(),
        certificates.authority(),
        acme.settings(),
      ]);
      return {
        certificates: list,
        machine,
        authority: authority ?? null,
        acme: settings,
        http: acme.httpPort !== undefined,
        hooks: acme.hooks,
        trust: trustUrl(commands),
      };
    }),
    route('GET /api/certificates/findings', 'look', async () => ({ findings: await certificates.findings() })),
    route('GET /api/certificates/:domain', 'look', async ({ params }) => ({
      certificate: await certificates.get(params.domain),
      pem: await certificates.pem(params.domain),
    })),
    route('POST /api/certificates/:domain/check', 'admin', async ({ params, body }) =>
      certificates.check(params.domain, body),
    ),
    dangerous(
      route('PUT /api/certificates/:domain', 'admin', async ({ params, body, by }) =>
        certificates.upload(by, params.domain, body),
      ),
    ),
    // What was brought goes, with its key, and nobody trusts the other one yet.
    dangerous(
      route('POST /api/certificates/:domain/internal', 'admin', async ({ params, by }) => ({
        certificate: await certificates.internal(by, params.domain),
      })),
    ),
    route('POST /api/certificates/:domain/request', 'admin', async ({ params, body, by }) => ({
      request: await certificates.request(by, params.domain, body.key),
    })),
    route('DELETE /api/certificates/:domain/request', 'admin', async ({ params, by }) => {
      await certificates.dropRequest(by, params.domain);
      return DONE;
    }),

    // The server runs the script that is named in it.
    dangerous(route('PUT /api/acme', 'admin', async ({ body, by }) => ({ acme: await acme.set(by, body) }))),
    // It goes wherever it is sent.
    dangerous(
      route('POST /api/acme/terms', 'admin', async ({ body }) => ({
        terms: (await acme.terms(body.directory, body.authority)) ?? null,
      })),
    ),
    route('PUT /api/certificates/:domain/acme', 'admin', async ({ params, body, by }) => {
      await acme.use(by, params.domain, body.names);
      return DONE;
    }),
    route('POST /api/certificates/:domain/acme/run', 'admin', async ({ params, by }) => {
      await acme.run(by, params.domain);
      return DONE;
    }),
    route('DELETE /api/certificates/:domain/acme', 'admin', async ({ params, by }) => {
      await acme.stop(by, params.domain);
      return DONE;
    }),
  ];
}
