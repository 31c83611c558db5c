import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyPluginAsync, FastifyReply } from 'fastify';
import { type GetOptions, giver } from './get.ts';
import { type PutOptions, taker } from './put.ts';

export interface UploadHttpOptions extends PutOptions, GetOptions {
  /** Whether a page of the origin that a request names may upload. */
  readonly mayUse: (headers: IncomingHttpHeaders) => boolean;
}

const config = { access: 'web' } as const;
const UPLOAD = '/upload/:put/:name';
const FILE = '/file/:token/:name';
/** Seconds for which a browser may remember whom we let in. */
const REMEMBER = '3600';

/** Where files are put and had (XEP-0363 §6): routes for the HTTPS door. The secrets in the paths are all that lets somebody in. */
export function uploadHttp(options: UploadHttpOptions): FastifyPluginAsync {
  return async (app) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', (_request, _body, done) => done(null)); // read by `put` itself, as it comes
    app.addHook('onRequest', async (request, reply) => {
      apart(reply);
      // Whoever has the link may have the file, other people's web clients too; uploading is for those of our own.
      if (request.routeOptions.url === FILE) reply.header('access-control-allow-origin', '*');
      else if (!options.mayUse(request.headers))
        return reply.code(403).type('text/plain').send('Not from that site.\n');
      else {
        reply.header('vary', 'origin');
        const { origin } = request.headers;
        if (origin !== undefined) reply.header('access-control-allow-origin', origin);
      }
    });
    for (const [path, methods] of [
      [UPLOAD, 'PUT'],
      [FILE, 'GET, HEAD'],
    ] as const) {
      app.options(path, { config }, async (_request, reply) => {
        reply.code(204);
        reply.header('access-control-allow-methods', methods);
        reply.header('access-control-allow-headers', methods === 'PUT' ? 'content-type' : 'range');
        reply.header('access-control-max-age', REMEMBER);
      });
    }
    app.put(UPLOAD, { config: { ...config, patient: true } }, taker(options));
    app.route({ method: ['GET', 'HEAD'], url: FILE, config, handler: giver(options) });
  };
}

/** Nothing that people upload may act as a part of our own pages (XEP-0363 §11). */
function apart(reply: FastifyReply): void {
  reply.headers({
    'content-security-policy': "default-src 'none'; img-src 'self'; media-src 'self'; frame-ancestors 'none'; sandbox",
    'cross-origin-resource-policy': 'cross-origin',
  });
}
