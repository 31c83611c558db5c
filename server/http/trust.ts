import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import type { Commands } from '../commands/index.ts';
import { notFound } from './panel.ts';
import { type TrustFacts, trustFile } from './trust-files.ts';

const PATHS = ['/trust', '/trust/', '/trust/:file'];

/** Where the page for devices is: over plain HTTP where that is open, as there no browser complains about what it does not know yet. */
export function trustUrl({ panel, acme }: Pick<Commands, 'panel' | 'acme'>): string {
  const url = new URL('/trust', panel().url);
  if (acme.httpPort === undefined) return url.href;
  return `http://${url.hostname}${acme.httpPort === 80 ? '' : `:${acme.httpPort}`}/trust`;
}

/** What the page needs to know of the house's own authority. */
export async function trustFacts(
  commands: Pick<Commands, 'authority' | 'certificates'>,
): Promise<TrustFacts | undefined> {
  const [pem, view] = await Promise.all([commands.authority(), commands.certificates.authority()]);
  return pem === undefined || view === undefined
    ? undefined
    : { pem, fingerprint: view.fingerprint, names: view.names };
}

/** The page by which a device learns to trust the house's own authority, for anybody. */
export function trustPages(commands: Pick<Commands, 'authority' | 'certificates'>): FastifyPluginAsync {
  const answer = async (request: FastifyRequest, reply: FastifyReply) => {
    const path = request.url.split('?', 1)[0]!;
    const found = trustFile(path, await trustFacts(commands), request.headers['accept-language']);
    if (found === undefined) return notFound(reply);
    if (found.saved !== undefined) reply.header('content-disposition', `attachment; filename="${found.saved}"`);
    return reply.code(found.status).type(found.type).send(found.body);
  };
  return async (app) => {
    for (const path of PATHS) app.get(path, { config: { access: 'public' } }, answer);
  };
}
