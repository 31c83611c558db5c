import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { errorReply } from './errors.ts';

/** What the panel's own pages never have in their path: every way to write a path that means another one. */
const STRANGE = /\/\/|\/\.|[\\;]|%2e|%2f|%5c|%25|%u/i;

/** A file that the builder made. */
const ASSET = /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+$/;

/** A page of the panel (the browser finds out which), as opposed to a file or the API. */
function isPage(request: FastifyRequest): boolean {
  const path = request.url.split('?', 1)[0] ?? '';
  return (
    request.method === 'GET' &&
    !/^\/(?:api|file|upload)(?:\/|$)/i.test(path) &&
    !path.startsWith('/assets/') &&
    !STRANGE.test(path)
  );
}

/** Serves the built panel from a folder, and every page address by its index.html. */
export async function servePanel(app: FastifyInstance, folder: string): Promise<void> {
  // Only `sendFile` is used: the files are the routes below, so that each says who may use it like every other.
  await app.register(fastifyStatic, {
    root: folder,
    serve: false,
    cacheControl: false,
    dotfiles: 'ignore',
    preCompressed: true, // as the builder left it beside each file
  });
  app.get('/assets/:file', { config: { access: 'public' } }, (request, reply) => {
    const { file } = request.params as { file: string };
    // Of one that is not there nobody may remember so: a browser may ask for a new one while the old panel is still there.
    if (!ASSET.test(file) || !existsSync(join(folder, 'assets', file))) return notFound(reply);
    // The builder puts a hash of the content into the name.
    reply.header('cache-control', 'public, max-age=31536000, immutable');
    return reply.sendFile(join('assets', file));
  });
  const page = (reply: FastifyReply): FastifyReply => {
    if (existsSync(join(folder, 'index.html'))) return reply.sendFile('index.html');
    return reply.code(404).type('text/plain').send('The panel has not been built. Run: npm run build\n');
  };
  app.get('/', { config: { access: 'public' } }, (_request, reply) => page(reply));
  // The few files that keep their name: the icon, and the script that chooses light or dark before the page is drawn.
  app.get('/:file(^[a-z]+\\.(?:svg|js)$)', { config: { access: 'public' } }, (request, reply) => {
    reply.header('cache-control', 'no-cache');
    return reply.sendFile((request.params as { file: string }).file);
  });
  app.setNotFoundHandler((request, reply) => (isPage(request) ? page(reply) : notFound(reply)));
}

/** Answers that there is nothing at this address. */
export function notFound(reply: FastifyReply): FastifyReply {
  return reply.code(404).send(errorReply('not-found', 'There is nothing at this address.'));
}
